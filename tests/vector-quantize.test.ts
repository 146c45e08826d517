// Vector quantization and k-means: codes, ties, numbers far from 0, NaN, the straight-through gradient, losses, wrong
// arguments.
import test from 'ava';
import { load, Random, vectorQuantize } from '../index.js';
import { kMeans } from '../models/vae/clusters.js';
import { nearestReference } from './reference/kernels.js';
import { gaussian, seeded } from './support/random-numbers.js';

const runtime = await load();
const codebook = [0, 0, 1, 1, 4, 0];
const z = [0.9, 0.8, 3, 1, 0.1, -0.2, 0.5, 0.5];

test('every row becomes its nearest code, the first among equals', (t) => {
  runtime.step(() => {
    const found = vectorQuantize(runtime.tensor(z, [4, 2]), runtime.tensor(codebook, [3, 2]));
    t.deepEqual([...found.codes], [1, 2, 0, 0]);
    t.deepEqual([...found.quantized.toArray()], [1, 1, 4, 0, 0, 0, 0, 0]);
    const squares = 0.01 + 0.04 + 1 + 1 + 0.01 + 0.04 + 0.25 + 0.25;
    t.true(Math.abs(found.loss.item() - (1.25 * squares) / 8) < 1e-6);
  });
});

for (const [rows, width, size, mean] of [
  [40, 1, 64, 100],
  [50, 3, 33, -1000],
  [130, 7, 66, 1e4],
  [70, 64, 130, 1000],
] as const) {
  test(`${rows} rows of ${width} numbers around ${mean} become the nearest of ${size} codes`, (t) => {
    const random = seeded(rows);
    const numbers = (count: number) =>
      Float64Array.from({ length: count * width }, () => Math.fround(mean + gaussian(random)));
    const [z, codes] = [numbers(rows), numbers(size)];
    const found = runtime.noGrad(
      () => vectorQuantize(runtime.tensor(z, [rows, width]), runtime.tensor(codes, [size, width])).codes,
    );
    t.deepEqual([...found], nearestReference(z, codes, width));
  });
}

test('every code is its own nearest, however many there are', (t) => {
  const codes = Float32Array.from({ length: 10_000 }, (_, i) => 100 + i / 100);
  const found = runtime.noGrad(() => {
    const column = runtime.tensor(codes, [codes.length, 1]);
    return vectorQuantize(column, column).codes;
  });
  t.deepEqual(
    [...found],
    Array.from(codes, (_, i) => i),
  );
});

test('of equal codes the first is chosen', (t) => {
  for (const size of [2, 5, 9]) {
    const found = runtime.noGrad(
      () =>
        vectorQuantize(runtime.tensor([7, 7, 8], [1, 3]), runtime.tensor(new Array(3 * size).fill(7.5), [size, 3]))
          .codes,
    );
    t.deepEqual([...found], [0]);
  }
});

test('a NaN is passed on and chooses no code; an infinity does not stop the others', (t) => {
  const quantize = (rows: number[], codes: number[]) =>
    runtime.noGrad(() => {
      const found = vectorQuantize(
        runtime.tensor(rows, [rows.length / 2, 2]),
        runtime.tensor(codes, [codes.length / 2, 2]),
      );
      return [[...found.codes], [...found.quantized.toArray()], found.loss.item()];
    });
  const none = 2 ** 32 - 1;
  t.deepEqual(quantize([1, NaN, 1, 1], codebook), [[none, 1], [NaN, NaN, 1, 1], NaN]);
  t.deepEqual(quantize([1, 1], [0, 0, NaN, 1]), [[none], [NaN, NaN], NaN]);
  t.deepEqual(quantize([1, 1, 3, 3], [0.5, 0, Infinity, 1, 2, 2]).slice(0, 2), [
    [0, 2],
    [0.5, 0, 2, 2],
  ]);
  t.deepEqual(quantize([1e20, 0, -1e20, 0], [1e20, 1, -1e20, 1, 0, 0])[0], [0, 1]);
});

test('the gradient of a row without a code goes nowhere', (t) => {
  runtime.step(() => {
    const rows = runtime.tensor([NaN, 1, 1, 1], [2, 2], { requiresGrad: true });
    const codes = runtime.tensor(codebook, [3, 2], { requiresGrad: true });
    vectorQuantize(rows, codes).loss.backward();
    t.deepEqual([...codes.grad!], [0, 0, 0, 0, 0, 0]);
    t.true(Number.isNaN(rows.grad![0]));
  });
});

test('k-means does the same wherever the rows lie', (t) => {
  const random = seeded(3);
  // Multiples of 2^-7, so that the shift is exact.
  const rows = Float32Array.from({ length: 600 }, () => Math.round(128 * gaussian(random)) / 128);
  const means = (shift: number) => {
    const moved = rows.map((x) => x + shift);
    return kMeans(runtime, moved, 2, 7, new Random(runtime, 2));
  };
  const near = means(0);
  for (const [i, center] of means(16_384).entries()) t.true(Math.abs(center - 16_384 - near[i]!) < 1e-3, `${center}`);
});

test('gradients: straight through to the rows, each loss to its own side', (t) => {
  for (const { commitment, codebookLoss } of [
    { commitment: 0.25, codebookLoss: true },
    { commitment: 0.5, codebookLoss: false },
  ]) {
    runtime.step(() => {
      const rows = runtime.tensor(z, [4, 2], { requiresGrad: true });
      const codes = runtime.tensor(codebook, [3, 2], { requiresGrad: true });
      const { quantized, loss } = vectorQuantize(rows, codes, { commitment, codebookLoss });
      const through = [1, 2, 3, 4, 5, 6, 7, 8];
      runtime.backward([quantized, loss], [through, [2]]);
      const nearest = [1, 1, 4, 0, 0, 0, 0, 0];
      const pull = z.map((value, i) => (2 * 2 * (value - nearest[i]!)) / 8);
      const expected = through.map((value, i) => value + commitment * pull[i]!);
      t.true(rows.grad!.every((value, i) => Math.abs(value - expected[i]!) < 1e-5));
      const drawn = [pull[4]! + pull[6]!, pull[5]! + pull[7]!, pull[0]!, pull[1]!, pull[2]!, pull[3]!];
      const given = codes.grad ?? new Float32Array(6);
      t.true(given.every((value, i) => Math.abs(value + (codebookLoss ? drawn[i]! : 0)) < 1e-5));
    });
  }
});

test('wrong arguments say what was wrong', (t) => {
  runtime.step(() => {
    const rows = runtime.zeros([4, 2]);
    t.throws(() => vectorQuantize(rows, runtime.zeros([3, 1])), {
      message: /^vectorQuantize: codebook must have shape/,
    });
    t.throws(() => vectorQuantize(rows, runtime.zeros([0, 2])), {
      message: /^vectorQuantize: codebook must have at least/,
    });
    t.throws(() => vectorQuantize(rows, rows, { commitment: -1 }), { message: /^vectorQuantize: commitment must be/ });
  });
});
