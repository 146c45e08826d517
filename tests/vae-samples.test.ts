// The vae-samples program: the Fréchet distance, and a run on a few synthetic images.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Matrix } from 'ml-matrix';
import { frechetDistance, statisticsOf } from '../reproduce/vae-samples/frechet.js';
import { seeded } from './support/random-numbers.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));

const close = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * (1 + Math.abs(b));

test('the Fréchet distance of two Gaussians', (t) => {
  const [a, b] = [
    new Matrix([
      [4, 1],
      [1, 2],
    ]),
    new Matrix([
      [1, -0.5],
      [-0.5, 3],
    ]),
  ];
  const gaussian = (covariance: Matrix, ...mean: number[]) => ({ mean: Float64Array.from(mean), covariance });
  // Of a 2×2 matrix, tr √M = √(tr M + 2 √det M).
  const product = a.mmul(b);
  const determinant = product.get(0, 0) * product.get(1, 1) - product.get(0, 1) * product.get(1, 0);
  const root = Math.sqrt(product.trace() + 2 * Math.sqrt(determinant));
  const expected = 9 + 1 + a.trace() + b.trace() - 2 * root;
  t.true(close(frechetDistance(gaussian(a, 1, 2), gaussian(b, 4, 1)), expected));
  t.true(close(frechetDistance(gaussian(b, 4, 1), gaussian(a, 1, 2)), expected));
  t.true(close(frechetDistance(gaussian(a, 1, 2), gaussian(a, 1, 2)), 0));
});

function noise(count: number, seed: number): Float32Array {
  const random = seeded(seed);
  return Float32Array.from({ length: count * 3 * 8 * 16 }, () => random());
}

test('image statistics are those of block means and of patches', (t) => {
  const shape = [3, 8, 16] as const;
  const images = noise(300, 1);
  const statistics = statisticsOf(images, shape);
  t.deepEqual([statistics.blocks.mean.length, statistics.patches.mean.length], [3 * 2 * 4, 3 * 64]);
  const brighter = statisticsOf(
    images.map((value) => value + 0.25),
    shape,
  );
  t.true(Math.abs(frechetDistance(statistics.blocks, brighter.blocks) - 24 / 16) < 1e-5);
  t.true(Math.abs(frechetDistance(statistics.patches, brighter.patches) - 192 / 16) < 1e-5);
  // The block in the second row and third column of the third plane.
  let sum = 0;
  for (let y = 4; y < 8; y++) for (let x = 8; x < 12; x++) sum += images[(2 * 8 + y) * 16 + x]!;
  const one = statisticsOf(images.subarray(0, 2 * 3 * 128), shape);
  const other = (i: number) => images[3 * 128 + i]!;
  for (let y = 4; y < 8; y++) for (let x = 8; x < 12; x++) sum += other((2 * 8 + y) * 16 + x);
  t.true(close(one.blocks.mean[2 * 8 + 4 + 2]!, sum / 32));
  // The top-left pixel of the second plane in both patches of both images.
  const corners = [0, 8].flatMap((x) => [images[128 + x]!, other(128 + x)]);
  t.true(close(one.patches.mean[64]!, corners.reduce((a, b) => a + b) / 4));
});

test('only patches see fine detail', (t) => {
  const shape = [3, 8, 16] as const;
  const images = noise(400, 2);
  // A checkerboard that leaves all block means unchanged.
  const board = images.map((value, i) => value + ((i + Math.floor(i / 16)) % 2 === 0 ? 0.5 : -0.5));
  const [plain, striped] = [statisticsOf(images, shape), statisticsOf(board, shape)];
  t.true(frechetDistance(plain.blocks, striped.blocks) < 1e-6);
  t.true(frechetDistance(plain.patches, striped.patches) > 10);
});

test('the program samples from all three models and writes a plot, distances and a checkpoint', (t) => {
  const [data, out] = [join(dir, 'data'), join(dir, 'out')];
  mkdirSync(data);
  const random = seeded(7);
  const records = (count: number) =>
    Uint8Array.from({ length: count * 3073 }, (_, i) => (i % 3073 === 0 ? 0 : Math.floor(256 * random())));
  writeFileSync(join(data, 'data_batch_1.bin'), records(40));
  writeFileSync(join(data, 'test_batch.bin'), records(30));
  const program = fileURLToPath(new URL('../reproduce/index.js', import.meta.url));
  const options = ['vae-samples', '--data', data, '--out', out, '--updates', '1'];
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...options], { encoding: 'utf8' });
  t.is(stderr, '');
  t.deepEqual(readdirSync(out), ['checkpoint.safetensors', 'result.json', 'samples.png', 'samples.svg']);
  const { measured, settings } = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'));
  t.deepEqual([settings.count, settings.fitted], [30, 40]);
  t.deepEqual(Object.keys(measured.quality), ['memory', 'vq', 'gaussian']);
  const models = ['memory VAE', 'VQ-VAE', 'Gaussian VAE'];
  const made = [...models.map((name) => `${name}, reconstructed`), ...models.map((name) => `${name}, mixture`)];
  t.deepEqual(Object.keys(measured.distances), ['training images', ...made, 'Gaussian VAE, N(0, 1)']);
  for (const { blocks, patches } of Object.values<{ blocks: number; patches: number }>(measured.distances)) {
    t.true(blocks > 0 && patches > 0);
  }
  t.regex(
    stdout,
    /Rows of samples\.png, from top to bottom: test images, memory VAE, VQ-VAE, Gaussian VAE, memory VAE, mixture/,
  );
});
