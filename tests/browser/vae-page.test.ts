// The playground's page of the memory VAE: synthetic and own pictures, reconstructions, checkpoints for Node.
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { load, MemoryVAE, Random, readSafetensors, writeSafetensors } from 'tapehead';
import { choose, drop, idx } from './brought-files.js';
import { openFile, type Playground, playgroundTest, ready, reset, saved, stepTo } from './playground.js';

const test = playgroundTest();
/** Values of the form, and the options of the model that the page creates from them. */
const form = { memorySize: 16, latentSize: 8, narrow: 8, wide: 16 };
const sizes = { ...form, residual: 4 };

/** The page, ready to train a small model. */
async function opened({ browser, isolated }: Playground): Promise<Page> {
  return ready(await browser.newPage(), isolated, 'vae', { ...form, batch: 2 });
}

/** A canvas, of which there are four per picture: its size, and its bytes by color plane. */
async function canvas(page: Page, index: number) {
  const { width, height, rgba } = await page
    .locator('#pictures canvas')
    .nth(index)
    .evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const context = (element as HTMLCanvasElement).getContext('2d') as CanvasRenderingContext2D;
      return { width, height, rgba: [...context.getImageData(0, 0, width, height).data] };
    });
  const count = width * height;
  const planes = Array.from({ length: 3 * count }, (_, i) => rgba[4 * (i % count) + Math.floor(i / count)] as number);
  return { width, height, planes };
}

async function announced(page: Page, text: string): Promise<void> {
  await page.locator('#images-notice').getByText(text, { exact: true }).waitFor();
}

/** A picture with a red left and a green right half, encoded by the browser. */
async function encoded(page: Page, width: number, height: number, type: string): Promise<Buffer> {
  const text = await page.evaluate(
    ([width, height, type]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      for (const [i, style] of ['#f00', '#0f0'].entries()) {
        context.fillStyle = style;
        context.fillRect((i * width) / 2, 0, width / 2, height);
      }
      return canvas.toDataURL(type).split(',')[1] as string;
    },
    [width, height, type] as const,
  );
  return Buffer.from(text, 'base64');
}

test.serial('the page starts with six synthetic pictures and the use of the memory', async (t) => {
  const page = await opened(t.context);
  await trainsOn(page, '24 pictures');
  t.is(
    await page.getByRole('img', { name: /^Picture \d, from left to right: Original, Memory VAE, VQ-VAE/ }).count(),
    6,
  );
  const [original, map] = [await canvas(page, 0), await canvas(page, 3)];
  t.deepEqual([original.width, original.height, map.width, map.height], [64, 64, 16, 16]);
  await stepTo(page, 2);
  const text = String(await page.textContent('#reads'));
  const [, rows, bits] = text.match(/over about (\d+) of 16 rows \(entropy (\d\.\d) bits/) ?? [];
  t.true(Number(rows) >= 1 && Number(rows) <= 16);
  t.true(Number(bits) >= 0 && Number(bits) <= 4);
  t.is(await page.locator('#errors svg').count(), 1);
  await page.close();
});

test.serial('a checkpoint gives the same reconstructions in Node as in the page', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 3);
  const runtime = await load({ threads: 1 });
  const model = new MemoryVAE(runtime, { ...sizes, random: new Random(runtime, 9) });
  model.parameters.loadStateDict(readSafetensors(await saved(page)).tensors);
  const [original, shown] = [await canvas(page, 0), await canvas(page, 1)];
  runtime.noGrad(() => {
    const pixels = original.planes.map((byte) => byte / 255);
    const images = model.forward(runtime.tensor(pixels, [1, 3, 64, 64])).images.toArray();
    const error = images.reduce(
      (max, value, i) => Math.max(max, Math.abs(255 * value - (shown.planes[i] as number))),
      0,
    );
    // A canvas rounds to 256 shades; builds with fused multiply-adds may round the other way.
    t.true(error < 0.6, `${error} shades`);
  });
  await page.close();
});

test.serial('a checkpoint made in Node sets the form; one of a different network changes nothing', async (t) => {
  const page = await opened(t.context);
  const runtime = await load({ threads: 1 });
  const made = (options: object) => {
    const model = new MemoryVAE(runtime, { ...options, random: new Random(runtime, 1) });
    return writeSafetensors(model.parameters.stateDict());
  };
  const other = { memorySize: 24, latentSize: 6, narrow: 12, wide: 32 };
  await openFile(page, made({ ...other, residual: 8 }));
  await page.getByText('Checkpoint loaded.').waitFor();
  for (const [field, value] of Object.entries(other)) {
    t.is(await page.inputValue(`#settings [name=${field}]`), String(value));
  }
  const wrong = [
    { ...sizes, residualBlocks: 1 },
    { ...sizes, channels: 1 },
    { ...sizes, residual: 5 },
  ];
  for (const options of wrong) {
    await stepTo(page, 1);
    await openFile(page, made(options));
    await page.getByText(/^Cannot load this checkpoint: .+\. Nothing has changed\.$/).waitFor();
    t.is(await page.textContent('#updates'), '1');
  }
  await page.close();
});

test.serial('trains on dropped pictures of any format and aspect ratio, also after a reset', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 1);
  const [wide, high] = [await encoded(page, 300, 200, 'image/png'), await encoded(page, 50, 400, 'image/jpeg')];
  await drop(page, { name: 'wide.png', buffer: wide }, { name: 'high.jpeg', buffer: high });
  await announced(page, 'Training on your 2 pictures.');
  await trainsOn(page, '2 pictures');
  t.is(await page.textContent('#updates'), '1', 'the model keeps its weights');
  const [first, second] = [await canvas(page, 0), await canvas(page, 4)];
  t.deepEqual([first.width, first.height, second.width, second.height], [96, 64, 64, 128]);
  const count = 96 * 64;
  t.deepEqual(
    [0, count, 95, count + 95].map((at) => first.planes[at]),
    [255, 0, 0, 255],
  );
  await reset(page);
  await stepTo(page, 1);
  t.true(Number(await page.textContent('#loss')) > 0);
  await trainsOn(page, '2 pictures');
  await page.click('#synthetic');
  await trainsOn(page, '24 pictures');
  t.true(await page.isDisabled('#synthetic'));
  await page.close();
});

test.serial('a batch of CIFAR-10 and a gzipped IDX file are shown unchanged', async (t) => {
  const page = await opened(t.context);
  const records = Buffer.from(Array.from({ length: 2 * 3073 }, (_, i) => (i * i) % 251));
  await choose(page, { name: 'data_batch_1.bin', buffer: records });
  await announced(page, 'Training on your 2 pictures.');
  await trainsOn(page, '2 pictures');
  t.deepEqual((await canvas(page, 4)).planes, [...records.subarray(3074)]);
  const packed = gzipSync(idx([3, 28, 28], (i) => (i * i) % 251));
  await choose(page, { name: 'train-images-idx3-ubyte.gz', buffer: packed });
  await announced(page, 'Training on your 3 pictures.');
  await trainsOn(page, '3 pictures');
  const { width, planes } = await canvas(page, 0);
  t.deepEqual([width, planes.length], [32, 3 * 32 * 32]);
  // The second pixel of the second row, in red and in blue, and the black padding.
  const pixel = 3 * 32 + 3;
  t.deepEqual([planes[pixel], planes[2 * 32 * 32 + pixel], planes[0]], [(29 * 29) % 251, (29 * 29) % 251, 0]);
  await page.close();
});

test.serial('unusable files are refused with one sentence, and nothing is lost', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 2);
  const before = readSafetensors(await saved(page)).tensors;
  const wrong: [string, string, Buffer][] = [
    [
      'note.txt is neither an image that this browser can decode nor an IDX file nor a CIFAR-10 batch',
      'note.txt',
      Buffer.from('a note'),
    ],
    ['half.bin must hold CIFAR-10 records of 3073 bytes, got 4000 bytes', 'half.bin', Buffer.alloc(4000)],
    ['an IDX file must hold images of at most 32×32, got shape [60]', 'labels', idx([60], (i) => i % 10)],
    ['all pixels have the same color', 'black', idx([3, 28, 28], () => 0)],
    ['torn.gz is not a complete gzip file', 'torn.gz', gzipSync(Buffer.alloc(999)).subarray(0, 20)],
    ['bomb.gz unpacks to more than 16,777,216 bytes', 'bomb.gz', gzipSync(Buffer.alloc(2 ** 25))],
  ];
  for (const [reason, name, buffer] of wrong) {
    await choose(page, { name, buffer });
    await announced(page, `Cannot use these files: ${reason}. Nothing has changed.`);
  }
  t.is(await page.textContent('#updates'), '2');
  t.deepEqual(readSafetensors(await saved(page)).tensors, before);
  await trainsOn(page, '24 pictures');
  await page.close();
});

/** Waits until the page says that it trains on these pictures. */
async function trainsOn(page: Page, pictures: string): Promise<void> {
  await page.getByText(new RegExp(`^Both models train on 32×32 crops of ${pictures};`)).waitFor();
}
