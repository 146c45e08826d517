// The playground's page of the kernel memory: memories of growing size, pixels to choose, images of the visitor's own, checkpoints that Node reads.
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { KernelMemory, load, readSafetensors, writeSafetensors } from 'tapehead';
import { type BroughtFile, choose, drop, idx } from './brought-files.js';
import { openFile, type Playground, playgroundTest, ready, reset, saved, stepTo } from './playground.js';

const test = playgroundTest();
const PIXELS = 784;

/** The page, ready to train memories of 4 and 8 keys, two updates each. */
async function opened({ browser, isolated }: Playground): Promise<Page> {
  return ready(await browser.newPage(), isolated, 'kernel', { smallest: 4, largest: 8, iterations: 2 });
}

async function given(page: Page, pixels: number): Promise<void> {
  await page.getByText(`Given: ${pixels} of 784 pixels.`, { exact: true }).waitFor();
}

/** The first picture of a row of the sheet, 0 black and 1 white. */
async function picture(page: Page, row: number): Promise<number[]> {
  const canvas = page.locator('#fitted canvas').nth(row);
  return canvas.evaluate((element) => {
    const context = (element as HTMLCanvasElement).getContext('2d') as CanvasRenderingContext2D;
    const { data } = context.getImageData(0, 0, 28, 28);
    return Array.from({ length: 784 }, (_, i) => (data[4 * i] as number) / 255);
  });
}

/** So many images, each of one grey of its own. */
function greys(count: number): Buffer {
  return idx([count, 28, 28], (i) => 5 * Math.floor(i / PIXELS));
}

function file(name: string, buffer: Buffer): BroughtFile & { readonly mimeType: string } {
  return { name, mimeType: 'application/octet-stream', buffer };
}

test.serial('memories are fitted one after the other, and what each recalls stays to be seen', async (t) => {
  const page = await opened(t.context);
  const sheet = (rows: string) => page.getByRole('img', { name: `6 images, from top to bottom: ${rows}`, exact: true });
  await page.getByText('Nothing has been stored yet.').waitFor();
  t.is(await sheet('given, original').count(), 2);
  await stepTo(page, 2);
  await page
    .getByText(/^With 4 keys \(memory 1 of 2\) .* 1,600 images fitted, and 0\.\d+ on 400 held out\.$/)
    .waitFor();
  await stepTo(page, 3);
  await page.getByText(/^With 8 keys \(memory 2 of 2\)/).waitFor();
  t.is(await sheet('given, M = 4, M = 8, original').count(), 2);
  t.is(await page.locator('#errors circle').count(), 4);
  t.deepEqual(readSafetensors(await saved(page)).tensors.get('keys')?.shape, [8, 78]);
  await page.close();
});

test.serial('a checkpoint recalls in Node what it recalls in the page', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 2);
  const bytes = await saved(page);
  const pixels = String(readSafetensors(bytes).metadata.pixels).split(',');
  const memory = KernelMemory.load(await load({ threads: 1 }), bytes);
  const [original, shown] = [await picture(page, -1), await picture(page, 1)];
  const read = memory.predict({
    shape: [1, 78],
    data: Float32Array.from(pixels, (at) => original[Number(at)] as number),
  });
  for (const [i, value] of read.entries()) {
    // The page shows 256 greys, and what is given is read off them.
    t.true(Math.abs(Math.min(Math.max(value, 0), 1) - (shown[i] as number)) < 0.02);
  }
  await page.fill('#settings [name=count]', '20');
  await page.click('#reset');
  await given(page, 20);
  await openFile(page, bytes);
  await page.getByText('Checkpoint loaded.').waitFor();
  await given(page, 78);
  t.deepEqual((await page.inputValue('#chosen')).split(','), pixels);
  const { tensors } = readSafetensors(bytes);
  const other = writeSafetensors(tensors, { similarity: 'dot' });
  await openFile(page, other);
  await page.getByText(/nothing has changed: its similarity must be l2, got dot\.$/).waitFor();
  const odd = writeSafetensors(tensors, { similarity: 'l2', pixels: '1,1,9999' });
  await openFile(page, odd);
  await page
    .getByText(/nothing has changed: its pixels must be different numbers from 0 to 783, got 1,1,9999\.$/)
    .waitFor();
  await page.close();
});

test.serial('pixels are drawn, even, or chosen by mouse and keyboard', async (t) => {
  const page = await opened(t.context);
  await page.selectOption('#pattern', 'grid');
  await given(page, 81);
  await page.fill('#count', '1');
  await page.locator('#count').blur();
  await given(page, 1);
  const on = page.locator('#pixels [aria-selected=true]');
  t.is(await on.getAttribute('aria-label'), 'row 15, column 15');
  await page.getByRole('gridcell', { name: 'row 1, column 1', exact: true }).click();
  await given(page, 2);
  t.is(await page.inputValue('#pattern'), 'chosen');
  for (const key of ['ArrowDown', 'ArrowRight', 'Space']) await page.keyboard.press(key);
  await given(page, 3);
  t.is(await page.inputValue('#chosen'), '0,29,406');
  await stepTo(page, 1);
  t.deepEqual(readSafetensors(await saved(page)).tensors.get('keys')?.shape, [4, 3]);
  await page.keyboard.press('Tab');
  await page.getByRole('gridcell', { name: 'row 1, column 1', exact: true }).click();
  t.regex(String(await page.textContent('#settings-hint')), /Press Reset/);
  await stepTo(page, 2);
  t.is(await page.inputValue('#chosen'), '29,406');
  t.deepEqual(readSafetensors(await saved(page)).tensors.get('keys')?.shape, [4, 3]);
  for (const name of ['row 2, column 2', 'row 15, column 15'])
    await page.getByRole('gridcell', { name, exact: true }).click();
  t.is(await on.count(), 1, 'the last pixel stays');
  const cell = (column: number) => page.getByRole('gridcell', { name: `row 9, column ${column}`, exact: true });
  await cell(3).hover();
  await page.mouse.down();
  for (const column of [4, 5]) await cell(column).hover();
  await page.mouse.up();
  await cell(6).hover();
  await given(page, 4);
  await page.close();
});

const idxFiles = {
  'dropped plain': [drop, file('images.idx', greys(50))],
  'chosen packed': [choose, file('images.gz', gzipSync(greys(50)))],
} as const;

for (const [how, [bring, images]] of Object.entries(idxFiles)) {
  test.serial(`an IDX file is used, ${how}`, async (t) => {
    const page = await opened(t.context);
    await bring(page, images);
    await page.getByText('50 images have been read; a fifth of them is held out.').waitFor();
    t.is(await page.inputValue('#source'), 'dropped');
    await stepTo(page, 4);
    await page.getByText(/ on the 40 images fitted, and 0\.\d+ on 10 held out\.$/).waitFor();
    await page.selectOption('#source', 'shapes');
    await reset(page);
    await stepTo(page, 1);
    await page.getByText(/ on the 1,600 images fitted/).waitFor();
    await page.close();
  });
}

test.serial('pictures are used, made small and grey', async (t) => {
  const page = await opened(t.context);
  const data = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 90, height: 60 });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    return Array.from({ length: 30 }, (_, i) => {
      context.fillStyle = `rgb(${8 * i} ${255 - 8 * i} 99)`;
      context.fillRect(0, 0, 90, 60);
      return canvas.toDataURL(i % 2 === 0 ? 'image/png' : 'image/jpeg').split(',')[1] as string;
    });
  });
  await choose(page, ...data.map((text, i) => file(`picture-${i}`, Buffer.from(text, 'base64'))));
  await page.getByText('30 images have been read; a fifth of them is held out.').waitFor();
  await stepTo(page, 2);
  // One grey in the whole picture is easily told from a few pixels.
  await page.getByText(/ on the 24 images fitted, and 0\.0\d+ on 6 held out\.$/).waitFor();
  t.is(await page.getByRole('img', { name: /^6 images/ }).count(), 2);
  await page.close();
});

test.serial('files that cannot be used are told in a sentence, and nothing is lost', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 2);
  const before = readSafetensors(await saved(page)).tensors;
  const wrong: [RegExp, Buffer][] = [
    [/wrong must be a picture that this browser can decode, or an IDX file\.$/, Buffer.from('not a picture')],
    [/an IDX file must hold pictures of 28 by 28, got shape \[60\]\.$/, idx([60], (i) => i % 10)],
    [/there must be at least 30 pictures, got 29\.$/, greys(29)],
    [/readIdx: bytes must be 39216 for shape \[50, 28, 28\], got 1000\.$/, greys(50).subarray(0, 1000)],
    [/wrong must be a whole gzip file, got one that is damaged\.$/, gzipSync(greys(50)).subarray(0, 50)],
  ];
  for (const [sentence, bytes] of wrong) {
    await choose(page, file('wrong', bytes));
    const told = page.getByText(/^These files cannot be used, and nothing has changed: /).and(page.getByText(sentence));
    await told.waitFor();
  }
  t.is(await page.textContent('#updates'), '2');
  t.deepEqual(readSafetensors(await saved(page)).tensors, before);
  t.is(await page.locator('#source option').count(), 1);
  await page.close();
});
