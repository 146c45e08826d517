// Attention by squared distance where queries and keys lie far from 0: weights against float64, gradients against those
// near 0.
import test from 'ava';
import { attention, attentionWeights, load, type Tensor } from '../index.js';
import { attentionWeightsReference } from './reference/attention.js';
import { gaussian, seeded } from './support/random-numbers.js';

const runtime = await load();

/** Largest |x − reference|. */
function worst(x: ArrayLike<number>, reference: ArrayLike<number>): number {
  let error = 0;
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(x[i]! - reference[i]!);
    if (!(difference <= error)) error = difference;
  }
  return error;
}

/** Rows, width and keys: both ways of computing distances, and tails of every length. */
const sizes: readonly [rows: number, width: number, keys: number][] = [
  [1, 1, 3],
  [5, 2, 17],
  [9, 8, 66],
  [9, 9, 67],
  [7, 13, 4],
  [20, 64, 64],
];

/** What is added to column c. */
const offsets: Readonly<Record<string, (column: number) => number>> = {
  'a mean of 1000': () => 1000,
  'a mean of -30,000': () => -30_000,
  'another mean in every column': (column) => (column % 2 === 0 ? 1 : -1) * 10 ** (column % 5),
};

for (const [rows, width, keys] of sizes) {
  for (const [name, offset] of Object.entries(offsets)) {
    const random = seeded(rows + width + keys);
    const numbers = (count: number) =>
      Float64Array.from({ length: count * width }, (_, i) => Math.fround(offset(i % width) + gaussian(random)));
    const [q, k] = [numbers(rows), numbers(keys)];

    test(`weights of ${rows} queries and ${keys} keys of ${width} with ${name}`, (t) => {
      const weights = runtime.noGrad(() => {
        const [queries, rest] = [runtime.tensor(q, [rows, width]), runtime.tensor(k, [keys, width])];
        return attentionWeights(queries, rest, { similarity: 'l2' }).toArray();
      });
      const error = worst(weights, attentionWeightsReference(q, k, 1, width, 'l2'));
      t.true(error < 1e-5, `${error}`);
    });
  }

  test(`a shift of ${rows} queries and ${keys} keys of ${width} changes neither weights nor gradients`, (t) => {
    const random = seeded(rows + width + keys);
    // Multiples of 2^-7 below 4, so that a shift by up to 2^15 is exact.
    const numbers = (count: number) =>
      Float64Array.from({ length: count * width }, () => Math.round(128 * gaussian(random)) / 128);
    const [q, k] = [numbers(rows), numbers(keys)];
    const values = Float64Array.from({ length: keys * 3 }, () => gaussian(random));
    const cotangent = Float64Array.from({ length: rows * 3 }, () => gaussian(random));
    const run = (shift: number) =>
      runtime.step(() => {
        const make = (data: Float64Array, shape: number[]) => runtime.tensor(data, shape, { requiresGrad: true });
        const inputs = [
          make(
            q.map((x) => x + shift),
            [rows, width],
          ),
          make(
            k.map((x) => x + shift),
            [keys, width],
          ),
          make(values, [keys, 3]),
          make(Float64Array.of(0.5), [1]),
        ] as [Tensor, Tensor, Tensor, Tensor];
        const read = attention(inputs[0], inputs[1], inputs[2], { similarity: 'l2', strength: inputs[3] });
        runtime.backward([read], [cotangent]);
        return [read.toArray(), ...inputs.map(({ grad }) => grad!)];
      });
    const [near, far] = [run(0), run(16_384)];
    for (const [i, expected] of near.entries()) {
      const error = worst(far[i]!, expected) / (1 + Math.hypot(...expected));
      t.true(error < 1e-5, `output or gradient ${i}: ${error}`);
    }
  });
}

test('narrow keys may spread as far as they like', (t) => {
  // Fifty years of days; a query looks at the days around it.
  const k = Float64Array.from({ length: 1700 }, (_, i) => Math.fround(1000 + 10.7 * i));
  const q = Float64Array.of(1003, 9999.5, 19_000.25);
  const weights = runtime.noGrad(() =>
    attentionWeights(runtime.tensor(q, [3, 1]), runtime.tensor(k, [1700, 1]), {
      similarity: 'l2',
      strength: 0.02,
    }).toArray(),
  );
  const error = worst(weights, attentionWeightsReference(q, k, Math.fround(0.02), 1, 'l2'));
  t.true(error < 1e-6, `${error}`);
});

test('queries far from all keys look at the nearest', (t) => {
  const [keys, width] = [33, 12];
  const random = seeded(1);
  const k = Float64Array.from({ length: keys * width }, () => Math.fround(gaussian(random)));
  const q = Float64Array.from({ length: 5 * width }, () => Math.fround(1000 + gaussian(random)));
  const weights = runtime.noGrad(() => {
    const [queries, rest] = [runtime.tensor(q, [5, width]), runtime.tensor(k, [keys, width])];
    return attentionWeights(queries, rest, { similarity: 'l2', strength: 0.01 }).toArray();
  });
  const error = worst(weights, attentionWeightsReference(q, k, Math.fround(0.01), width, 'l2'));
  t.true(error < 1e-4, `${error}`);
});
