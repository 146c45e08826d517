// Programs of bug reports about numbers, with the right values.
import test from 'ava';
import {
  addBias,
  attentionWeights,
  gumbelRead,
  KernelMemory,
  linear,
  load,
  NTM,
  Random,
  type Rows,
  vectorQuantize,
} from '../index.js';

const runtime = await load();
const isNear = (a: number, b: number, tolerance: number) => Math.abs(a - b) <= tolerance * (1 + Math.abs(b));

test('attention by squared distance far from 0', (t) => {
  const keys = runtime.tensor([2000, 2001, 2002], [3, 1]);
  const query = runtime.tensor([2000.2], [1, 1]);
  const weights = runtime.noGrad(() => attentionWeights(query, keys, { similarity: 'l2', strength: 1 }).toArray());
  const expected = [0.2, 0.8, 1.8].map((distance) => Math.exp(-distance * distance));
  const total = expected.reduce((sum, value) => sum + value);
  for (const [i, value] of expected.entries()) t.true(isNear(weights[i]!, value / total, 2e-4), `${weights}`);
});

test('every code of a codebook far from 0 is its own nearest', (t) => {
  const codebook = runtime.tensor(
    Float32Array.from({ length: 64 }, (_, i) => 100 + i / 100),
    [64, 1],
  );
  const { codes } = runtime.noGrad(() => vectorQuantize(codebook, codebook));
  t.deepEqual(
    [...codes],
    Array.from({ length: 64 }, (_, i) => i),
  );
});

/** Root mean square of the difference between what a memory predicts and X. */
function rmse(memory: KernelMemory, Q: Rows, X: { data: Float32Array }): number {
  const squares = memory.predict(Q).reduce((sum, value, i) => sum + (value - X.data[i]!) ** 2, 0);
  return Math.sqrt(squares / X.data.length);
}

test('a kernel memory with keys like days since 1970', async (t) => {
  const days = Float32Array.from({ length: 301 }, (_, i) => 19000 + i / 10);
  const [Q, X] = [days, days.map((day) => Math.sin((day - 19015) / 3))].map((data) => ({ shape: [301, 1], data })) as [
    { shape: number[]; data: Float32Array },
    { shape: number[]; data: Float32Array },
  ];
  const memory = await KernelMemory.fit(runtime, Q, X, {
    ...{ memorySize: 24, iterations: 200, learningRate: 0.02, similarity: 'l2', initialKeys: 'rows' },
    random: new Random(runtime, 1),
  });
  t.true(rmse(memory, Q, X) < 0.02);
});

test('a kernel memory with targets far from 0 reports the error that predict has', async (t) => {
  const [rows, columns] = [13_200, 20];
  const queries = new Random(runtime, 3).uniform([rows, 2], { low: -1, high: 1 }).toArray();
  const Q = { shape: [rows, 2], data: queries };
  const data = Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    return 1000 + Math.sin(3 * queries[2 * row]! + column) * Math.cos(2 * queries[2 * row + 1]! - column);
  });
  const X = { shape: [rows, columns], data };
  const memory = await KernelMemory.fit(runtime, Q, X, {
    ...{ memorySize: 64, iterations: 0, similarity: 'l2', strength: 4, initialKeys: 'rows' },
    random: new Random(runtime, 1),
  });
  const found = rmse(memory, Q, X);
  // In float64 on the same keys: 0.0036.
  t.true(found < 0.006, `${found}`);
  t.true(isNear(memory.report!.rmse, found, 1e-3), `${memory.report!.rmse} and ${found}`);
});

test('the gradient of a bias over 100,000 rows', (t) => {
  const bias = runtime.tensor([0], [1], { requiresGrad: true });
  runtime.step(() => {
    const y = addBias(runtime.zeros([100_000, 1]), bias);
    runtime.backward([y], [new Float32Array(100_000).fill(0.1)]);
  });
  t.true(isNear(bias.grad![0]!, 10_000, 1e-5), `${bias.grad}`);
});

test('linear of no inputs is the bias', (t) => {
  runtime.tensor(new Float32Array(32).fill(9));
  const bias = runtime.tensor([1, 2]);
  const y = runtime.noGrad(() => linear(runtime.tensor([], [3, 0]), runtime.tensor([], [2, 0]), bias).toArray());
  t.deepEqual([...y], [1, 2, 1, 2, 1, 2]);
});

test('NaN logits do not read row 0 of a Gumbel memory', (t) => {
  const bank = runtime.tensor([10, 20, 30], [3, 1]);
  const read = () =>
    runtime.noGrad(() => gumbelRead(runtime.tensor([Number.NaN, Number.NaN, Number.NaN], [1, 3]), bank).read.item());
  try {
    t.true(Number.isNaN(read()));
  } catch (error) {
    t.regex((error as Error).message, /^gumbelRead: logits /);
  }
});

test('the argument that the caller passed is named, not the weight', (t) => {
  const model = new NTM(runtime, { inputSize: 9, outputSize: 8, random: new Random(runtime, 1) });
  const error = t.throws(() => runtime.step(() => model.forward(runtime.zeros([2, 1, 10]))), { message: /10/ })!;
  t.notRegex(error.message, /weight/);
  t.throws(() => new NTM(runtime, { inputSize: 3, outputSize: 2 } as never), { message: /random/ });
});
