// The playground's page of the kernel memory: memories of increasing size, query pixels, the user's own images,
// checkpoints for Node.
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

async function querySize(page: Page, pixels: number): Promise<void> {
  await page.getByText(`The query has ${pixels} of 784 pixels.`, { exact: true }).waitFor();
}

/** The first picture of a row, 0 black and 1 white. */
async function picture(page: Page, row: number): Promise<number[]> {
  const canvas = page.locator('#fitted canvas').nth(row);
  return canvas.evaluate((element) => {
    const context = (element as HTMLCanvasElement).getContext('2d') as CanvasRenderingContext2D;
    const { data } = context.getImageData(0, 0, 28, 28);
    return Array.from({ length: 784 }, (_, i) => (data[4 * i] as number) / 255);
  });
}

/** Uniform images, each of a different grey. */
function greys(count: number): Buffer {
  return idx([count, 28, 28], (i) => 5 * Math.floor(i / PIXELS));
}

function file(name: string, buffer: Buffer): BroughtFile & { readonly mimeType: string } {
  return { name, mimeType: 'application/octet-stream', buffer };
}

test.serial('memories are fitted one after another, and the page shows the recalls of each', async (t) => {
  const page = await opened(t.context);
  const sheet = (rows: string) => page.getByRole('img', { name: `6 images, from top to bottom: ${rows}`, exact: true });
  await page.getByText('The memory is empty.').waitFor();
  t.is(await sheet('query, original').count(), 2);
  await stepTo(page, 2);
  await page
    .getByText(/^With 4 keys \(memory 1 of 2\), .* 1,600 training images and 0\.\d+ on 400 test images\.$/)
    .waitFor();
  await stepTo(page, 3);
  await page.getByText(/^With 8 keys \(memory 2 of 2\)/).waitFor();
  t.is(await sheet('query, M = 4, M = 8, original').count(), 2);
  t.is(await page.locator('#errors circle').count(), 4);
  t.deepEqual(readSafetensors(await saved(page)).tensors.get('keys')?.shape, [8, 78]);
  await page.close();
});

test.serial('a checkpoint gives the same recall in Node as in the page', async (t) => {
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
    // The page shows 256 greys, from which this test takes the query.
    t.true(Math.abs(Math.min(Math.max(value, 0), 1) - (shown[i] as number)) < 0.02);
  }
  await page.fill('#settings [name=count]', '20');
  await page.click('#reset');
  await querySize(page, 20);
  await openFile(page, bytes);
  await page.getByText('Checkpoint loaded.').waitFor();
  await querySize(page, 78);
  t.deepEqual((await page.inputValue('#chosen')).split(','), pixels);
  const { tensors } = readSafetensors(bytes);
  const other = writeSafetensors(tensors, { similarity: 'dot' });
  await openFile(page, other);
  await page.getByText(/similarity must be l2, got dot\. Nothing has changed\.$/).waitFor();
  const odd = writeSafetensors(tensors, { similarity: 'l2', pixels: '1,1,9999' });
  await openFile(page, odd);
  await page
    .getByText(/pixels must be distinct integers from 0 to 783, got 1,1,9999\. Nothing has changed\.$/)
    .waitFor();
  await page.close();
});

test.serial('query pixels are random, a grid, or chosen by mouse and keyboard', async (t) => {
  const page = await opened(t.context);
  await page.selectOption('#pattern', 'grid');
  await querySize(page, 81);
  await page.fill('#count', '1');
  await page.locator('#count').blur();
  await querySize(page, 1);
  const on = page.locator('#pixels [aria-selected=true]');
  t.is(await on.getAttribute('aria-label'), 'row 15, column 15');
  await page.getByRole('gridcell', { name: 'row 1, column 1', exact: true }).click();
  await querySize(page, 2);
  t.is(await page.inputValue('#pattern'), 'chosen');
  for (const key of ['ArrowDown', 'ArrowRight', 'Space']) await page.keyboard.press(key);
  await querySize(page, 3);
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
  t.is(await on.count(), 1, 'the last pixel stays selected');
  const cell = (column: number) => page.getByRole('gridcell', { name: `row 9, column ${column}`, exact: true });
  await cell(3).hover();
  await page.mouse.down();
  for (const column of [4, 5]) await cell(column).hover();
  await page.mouse.up();
  await cell(6).hover();
  await querySize(page, 4);
  await page.close();
});

const idxFiles = {
  'dropped, plain': [drop, file('images.idx', greys(50))],
  'chosen, gzipped': [choose, file('images.gz', gzipSync(greys(50)))],
} as const;

for (const [how, [bring, images]] of Object.entries(idxFiles)) {
  test.serial(`trains on an IDX file: ${how}`, async (t) => {
    const page = await opened(t.context);
    await bring(page, images);
    await page.getByText('Read 50 images; a fifth of them are test images.').waitFor();
    t.is(await page.inputValue('#source'), 'dropped');
    await stepTo(page, 4);
    await page.getByText(/ on 40 training images and 0\.\d+ on 10 test images\.$/).waitFor();
    await page.selectOption('#source', 'shapes');
    await reset(page);
    await stepTo(page, 1);
    await page.getByText(/ on 1,600 training images/).waitFor();
    await page.close();
  });
}

test.serial('trains on pictures, converted to small grey images', async (t) => {
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
  await page.getByText('Read 30 images; a fifth of them are test images.').waitFor();
  await stepTo(page, 2);
  // A uniform grey is easily recalled from a few pixels.
  await page.getByText(/ on 24 training images and 0\.0\d+ on 6 test images\.$/).waitFor();
  t.is(await page.getByRole('img', { name: /^6 images/ }).count(), 2);
  await page.close();
});

test.serial('unusable files are refused with one sentence, and nothing is lost', async (t) => {
  const page = await opened(t.context);
  await stepTo(page, 2);
  const before = readSafetensors(await saved(page)).tensors;
  const wrong: [RegExp, Buffer][] = [
    [/wrong is neither an image that this browser can decode nor an IDX file/, Buffer.from('not a picture')],
    [/an IDX file must hold 28×28 images, got shape \[60\]/, idx([60], (i) => i % 10)],
    [/at least 30 images are needed, got 29/, greys(29)],
    [/readIdx: .*39216.*1000/, greys(50).subarray(0, 1000)],
    [/wrong is not a complete gzip file/, gzipSync(greys(50)).subarray(0, 50)],
    [/wrong unpacks to more than 16,777,216 bytes/, gzipSync(Buffer.alloc(2 ** 25))],
  ];
  for (const [sentence, bytes] of wrong) {
    await choose(page, file('wrong', bytes));
    await page
      .getByText(/^Cannot use these files: .+\. Nothing has changed\.$/)
      .and(page.getByText(sentence))
      .waitFor();
  }
  t.is(await page.textContent('#updates'), '2');
  t.deepEqual(readSafetensors(await saved(page)).tensors, before);
  t.is(await page.locator('#source option').count(), 1);
  await page.close();
});
