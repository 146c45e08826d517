// The playground's page of the memory VAE: pictures made up or brought, what is shown of them, checkpoints that Node reads.
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { load, MemoryVAE, Random, readSafetensors, writeSafetensors } from 'tapehead';
import { choose, drop, idx } from './brought-files.js';
import { openFile, type Playground, playgroundTest, ready, reset, saved, stepTo } from './playground.js';

const test = playgroundTest();
/** What the page's form says, and how the page makes a model of it. */
const form = { memorySize: 16, latentSize: 8, narrow: 8, wide: 16 };
const sizes = { ...form, residual: 4 };

/** The page, ready to train a small model. */
async function opened({ browser, isolated }: Playground): Promise<Page> {
  return ready(await browser.newPage(), isolated, 'vae', { ...form, batch: 2 });
}

/** A canvas of the sheet, four a picture: its size, and its bytes color by color. */
async function canvas(page: Page, place: number) {
  const { width, height, rgba } = await page
    .locator('#pictures canvas')
    .nth(place)
    .evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const context = (element as HTMLCanvasElement).getContext('2d') as CanvasRenderingContext2D;
      return { width, height, rgba: [...context.getImageData(0, 0, width, height).data] };
    });
  const count = width * height;
  const planes = Array.from({ length: 3 * count }, (_, i) => rgba[4 * (i % count) + Math.floor(i / count)] as number);
  return { width, height, planes };
}

async function told(page: Page, text: string): Promise<void> {
  await page.locator('#images-notice').getByText(text, { exact: true }).waitFor();
}

/** A picture of two colors, left red and right green, as the browser encodes it. */
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

test.serial('six made-up pictures are shown from the start, and how the memory is read', async (t) => {
  const page = await opened(t.context);
  await page.getByText(/^24 pictures are learned from/).waitFor();
  t.is(
    await page.getByRole('img', { name: /^Picture \d, from left to right: Original, Memory VAE, VQ-VAE/ }).count(),
    6,
  );
  const [original, map] = [await canvas(page, 0), await canvas(page, 3)];
  t.deepEqual([original.width, original.height, map.width, map.height], [64, 64, 16, 16]);
  await stepTo(page, 2);
  const text = String(await page.textContent('#reads'));
  const [, rows, bits] = text.match(/over about (\d+) of 16 rows \((\d\.\d) bits/) ?? [];
  t.true(Number(rows) >= 1 && Number(rows) <= 16);
  t.true(Number(bits) >= 0 && Number(bits) <= 4);
  t.is(await page.locator('#errors svg').count(), 1);
  await page.close();
});

test.serial('a checkpoint rebuilds in Node what it rebuilds in the page', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 3);
  const runtime = await load({ threads: 1 });
  const model = new MemoryVAE(runtime, { ...sizes, random: new Random(runtime, 9) });
  model.parameters.loadStateDict(readSafetensors(await saved(page)).tensors);
  const [original, again] = [await canvas(page, 0), await canvas(page, 1)];
  runtime.noGrad(() => {
    const pixels = original.planes.map((byte) => byte / 255);
    const rebuilt = model.forward(runtime.tensor(pixels, [1, 3, 64, 64])).images.toArray();
    const apart = rebuilt.reduce(
      (most, value, i) => Math.max(most, Math.abs(255 * value - (again.planes[i] as number))),
      0,
    );
    // Half a shade is lost in showing; builds that fuse may round the other way.
    t.true(apart < 0.6, `${apart} shades apart`);
  });
  await page.close();
});

test.serial('a checkpoint made in Node sets the form; one of another network changes nothing', async (t) => {
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
    await page.getByText(/^This file cannot be loaded, and nothing has changed: .+ must .+, got .+\.$/).waitFor();
    t.is(await page.textContent('#updates'), '1');
  }
  await page.close();
});

test.serial('dropped pictures are learned from, whatever their form, and outlive a reset', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 1);
  const [wide, high] = [await encoded(page, 300, 200, 'image/png'), await encoded(page, 50, 400, 'image/jpeg')];
  await drop(page, { name: 'wide.png', buffer: wide }, { name: 'high.jpeg', buffer: high });
  await told(page, '2 pictures of yours are learned from now.');
  await page.getByText(/^2 pictures are learned from/).waitFor();
  t.is(await page.textContent('#updates'), '1', 'what has been learned stays');
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
  await page.getByText(/^2 pictures are learned from/).waitFor();
  await page.click('#made-up');
  await page.getByText(/^24 pictures are learned from/).waitFor();
  t.true(await page.isDisabled('#made-up'));
  await page.close();
});

test.serial('a batch of CIFAR-10 and a packed IDX file show their pictures as they are', async (t) => {
  const page = await opened(t.context);
  const records = Buffer.from(Array.from({ length: 2 * 3073 }, (_, i) => (i * i) % 251));
  await choose(page, { name: 'data_batch_1.bin', buffer: records });
  await told(page, '2 pictures of yours are learned from now.');
  await page.getByText(/^2 pictures are learned from/).waitFor();
  t.deepEqual((await canvas(page, 4)).planes, [...records.subarray(3074)]);
  const packed = gzipSync(idx([3, 28, 28], (i) => (i * i) % 251));
  await choose(page, { name: 'train-images-idx3-ubyte.gz', buffer: packed });
  await told(page, '3 pictures of yours are learned from now.');
  await page.getByText(/^3 pictures are learned from/).waitFor();
  const { width, planes } = await canvas(page, 0);
  t.deepEqual([width, planes.length], [32, 3 * 32 * 32]);
  // The second pixel of the second row, in red and in blue; black around the picture.
  const place = 3 * 32 + 3;
  t.deepEqual([planes[place], planes[2 * 32 * 32 + place], planes[0]], [(29 * 29) % 251, (29 * 29) % 251, 0]);
  await page.close();
});

test.serial('files that cannot be used are told in a sentence, and nothing is lost', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 2);
  const before = readSafetensors(await saved(page)).tensors;
  const wrong: [string, string, Buffer][] = [
    [
      'note.txt must be a picture that this browser can decode, an IDX file or a CIFAR-10 batch',
      'note.txt',
      Buffer.from('a note'),
    ],
    ['half.bin must hold CIFAR-10 records of 3073 bytes, got 4000 bytes', 'half.bin', Buffer.alloc(4000)],
    ['an IDX file must hold pictures of at most 32 by 32, got shape [60]', 'labels', idx([60], (i) => i % 10)],
    ['the pictures must not be of one color, got nothing else', 'black', idx([3, 28, 28], () => 0)],
    [
      'torn.gz must be a whole gzip file, got one that is damaged',
      'torn.gz',
      gzipSync(Buffer.alloc(999)).subarray(0, 20),
    ],
  ];
  for (const [reason, name, buffer] of wrong) {
    await choose(page, { name, buffer });
    await told(page, `These files cannot be used, and nothing has changed: ${reason}.`);
  }
  t.is(await page.textContent('#updates'), '2');
  t.deepEqual(readSafetensors(await saved(page)).tensors, before);
  await page.getByText(/^24 pictures are learned from/).waitFor();
  await page.close();
});
