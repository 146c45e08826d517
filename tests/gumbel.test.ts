// Hard reads: exact rows, the straight-through gradient, noise at its limits, refused arguments.
import test from 'ava';
import { type GumbelReadOptions, gumbelRead, load, Random, type Tensor } from '../index.js';
import { gumbelWeightsReference } from './reference/kernels.js';
import { gaussian, seeded } from './support/random-numbers.js';

const runtime = await load();

/** dh = y ⊙ (dy − yᵀdy) / tau with dy = M dr + dw, row by row. */
function surrogateGradient(
  y: Float64Array,
  memory: Float32Array,
  dRead: Float32Array,
  dWeights: Float32Array,
  rows: number,
  tau: number,
): Float64Array {
  const width = memory.length / rows;
  return y.map((weight, i) => {
    const b = Math.floor(i / rows);
    const slope = (n: number) => {
      let total = dWeights[b * rows + n]!;
      for (let c = 0; c < width; c++) total += dRead[b * width + c]! * memory[n * width + c]!;
      return total;
    };
    let mean = 0;
    for (let n = 0; n < rows; n++) mean += y[b * rows + n]! * slope(n);
    return (weight * (slope(i % rows) - mean)) / tau;
  });
}

for (const [batch, rows, width, tau] of [
  [1, 1, 1, 0.67],
  [6, 5, 3, 0.67],
  [7, 9, 4, 2],
  [3, 17, 33, 0.3],
] as const) {
  test(`a hard read of ${batch} from ${rows}×${width}: exact rows, straight-through gradients`, (t) => {
    const random = seeded(rows);
    const draw = (count: number, sample = gaussian) => Float32Array.from({ length: count }, () => sample(random));
    const [h, m, u] = [draw(batch * rows), draw(rows * width), draw(batch * rows, (next) => next())];
    const [dRead, dWeights] = [draw(batch * width), draw(batch * rows)];
    const y = gumbelWeightsReference(Float64Array.from(h), Float64Array.from(u), tau, rows);
    runtime.step(() => {
      const logits = runtime.tensor(h, [batch, rows], { requiresGrad: true });
      const memory = runtime.tensor(m, [rows, width], { requiresGrad: true });
      const { read, weights, addresses } = gumbelRead(logits, memory, {
        uniform: runtime.tensor(u, [batch, rows]),
        tau,
      });
      runtime.backward([read, weights], [dRead, dWeights]);
      const dMemory = new Float64Array(rows * width);
      for (let b = 0; b < batch; b++) {
        const own = [...y.subarray(b * rows, (b + 1) * rows)];
        const address = addresses[b]!;
        t.is(address, own.indexOf(Math.max(...own)));
        t.deepEqual(read.toArray().slice(b * width, (b + 1) * width), m.slice(address * width, (address + 1) * width));
        for (let c = 0; c < width; c++) dMemory[address * width + c]! += dRead[b * width + c]!;
      }
      agree(memory.grad!, dMemory);
      agree(logits.grad!, surrogateGradient(y, m, dRead, dWeights, rows, tau));
    });

    function agree(found: Float32Array, expected: Float64Array): void {
      const worst = Math.max(...expected.map((value, i) => Math.abs(found[i]! - value) / (1 + Math.abs(value))));
      t.true(worst < 2e-5, `error ${worst}`);
    }
  });
}

test('without noise the row of the largest logit is read, the first of equal ones, for rows of any shape', (t) => {
  runtime.step(() => {
    const logits = runtime.tensor([0, 2, 2, -5, -Infinity, -7, 1e30, 0, 3], [3, 3]);
    const images = runtime.tensor(
      Array.from({ length: 18 }, (_, i) => i),
      [3, 2, 3],
    );
    const { read, addresses } = gumbelRead(logits, images);
    t.deepEqual([...addresses], [1, 0, 0]);
    t.deepEqual(read.shape, [3, 2, 3]);
    t.deepEqual([...read.toArray().slice(0, 6)], [6, 7, 8, 9, 10, 11]);
    const numbers = gumbelRead(logits, runtime.tensor([7, 8, 9])).read;
    t.deepEqual([numbers.shape, [...numbers.toArray()]], [[3], [8, 7, 7]]);
  });
});

test('noise at its limits and the lowest temperature give finite weights and gradients', (t) => {
  runtime.step(() => {
    for (const tau of [0.67, 1e-300, 1e-30, 1e30]) {
      const logits = runtime.tensor([0, 1, 2, 3, 4, 5, 6, 7], [2, 4], { requiresGrad: true });
      const uniform = runtime.tensor([0, 1, 0, 1, 0, 0, 0, 0], [2, 4]);
      const memory = runtime.tensor([1, 2, 3, 4]);
      for (const hard of [true, false]) {
        const { read, weights, addresses } = gumbelRead(logits, memory, { uniform, tau, hard });
        t.deepEqual([...addresses], [3, 3]);
        for (let b = 0; b < 2; b++) {
          const sum = weights
            .toArray()
            .slice(4 * b, 4 * b + 4)
            .reduce((a, c) => a + c, 0);
          t.true(Math.abs(sum - 1) < 1e-6);
        }
        runtime.backward([read], [[0, 0]]);
        t.true(logits.grad!.every(Number.isFinite));
      }
    }
  });
});

test('the frequency of each address is its softmax probability', (t) => {
  const count = 20_000;
  const random = new Random(runtime, 11);
  const frequencies = runtime.step(() => {
    const logits = runtime.tensor(
      Array.from({ length: 3 * count }, (_, i) => [0, 1, -1][i % 3]!),
      [count, 3],
    );
    const memory = runtime.tensor([0, 1, 2]);
    const { addresses } = gumbelRead(logits, memory, { uniform: random.uniform([count, 3]) });
    return [0, 1, 2].map((n) => addresses.filter((address) => address === n).length / count);
  });
  for (const [n, expected] of [0.24473, 0.66524, 0.09003].entries()) {
    t.true(Math.abs(frequencies[n]! - expected) < 0.012, `address ${n}: ${frequencies[n]}`);
  }
});

test('bad arguments are refused by name', (t) => {
  const refused = (message: string, options: GumbelReadOptions = {}, bank?: Tensor) =>
    t.throws(() => gumbelRead(runtime.zeros([2, 3]), bank ?? runtime.zeros([3, 4]), options), {
      instanceOf: RangeError,
      message,
    });
  runtime.step(() => {
    refused('gumbelRead: tau must be above 0, got 0', { tau: 0 });
    refused('gumbelRead: tau must be above 0, got -1', { tau: -1 });
    refused('gumbelRead: tau must be a finite number, got NaN', { tau: Number.NaN });
    refused('gumbelRead: tau must be a finite number, got "1"', { tau: '1' as never });
    refused('gumbelRead: uniform must have shape [2, 3], got [3, 2]', { uniform: runtime.zeros([3, 2]) });
    refused('gumbelRead: memory must have shape [3, 7], got [4, 7]', {}, runtime.zeros([4, 7]));
    refused('gumbelRead: memory must have at least 1 dimension, got []', {}, runtime.zeros([]));
    const mistyped = (message: string, options: object) =>
      t.throws(() => gumbelRead(runtime.zeros([2, 3]), runtime.zeros([3]), options), {
        instanceOf: TypeError,
        message,
      });
    mistyped('gumbelRead: hard must be true or false, got 1', { hard: 1 });
    mistyped('gumbelRead: unknown option "temperature"; options are uniform, tau, hard', { temperature: 1 });
    mistyped('gumbelRead: uniform must be a Tensor, got null', { uniform: null });
    t.throws(() => gumbelRead(runtime.zeros([3]), runtime.zeros([3])), {
      message: 'gumbelRead: logits must have shape [*, *], got [3]',
    });
  });
});
