// Invalid arguments of a kernel memory's fit and reads.
import test from 'ava';
import { type FitOptions, KernelMemory, load, Random, type Rows } from '../index.js';
import { numbers, smoothRows } from './support/smooth-rows.js';

const runtime = await load();
const { Q, X } = smoothRows(200);

function fitted(options: Partial<FitOptions> = {}, queries: Rows = Q, targets: Rows = X): Promise<KernelMemory> {
  const defaults = { memorySize: 12, iterations: 40, learningRate: 0.02, random: new Random(runtime, 3) };
  return KernelMemory.fit(runtime, queries, targets, { ...defaults, ...options });
}

const wrong: [string, Partial<FitOptions>, Rows, Rows, RegExp][] = [
  [
    'rows that do not match',
    {},
    Q,
    smoothRows(199).X,
    /^KernelMemory\.fit: X must have as many rows as Q \(200\), got 199$/,
  ],
  [
    'an empty set',
    {},
    { shape: [0, 4], data: new Float32Array() },
    X,
    /^KernelMemory\.fit: Q must have at least one row and one/,
  ],
  [
    'a vector',
    {},
    { shape: [4], data: new Float32Array(4) },
    X,
    /^KernelMemory\.fit: Q must have at least one row and one column/,
  ],
  [
    'too few numbers',
    {},
    { shape: [200, 4], data: new Float32Array(9) },
    X,
    /^KernelMemory\.fit: Q must hold 800 numbers, got 9$/,
  ],
  [
    'more keys than rows',
    { memorySize: 201 },
    Q,
    X,
    /^KernelMemory\.fit: memorySize must be at most the number of rows \(200\), got/,
  ],
  ['no keys', { memorySize: 0 }, Q, X, /^KernelMemory\.fit: memorySize must be an integer ≥ 1, got 0$/],
  ['a negative ridge', { ridge: -1e-9 }, Q, X, /^KernelMemory\.fit: ridge must be a finite number ≥ 0, got -1e-9$/],
  [
    'two rates',
    { learningRate: 0.1, lr: 0.2 },
    Q,
    X,
    /^KernelMemory\.fit: lr must equal learningRate, its other name, got 0.2$/,
  ],
  [
    'a negative rate',
    { learningRate: -1 },
    Q,
    X,
    /^KernelMemory\.fit: learningRate must be a finite number ≥ 0, got -1$/,
  ],
  ['half an iteration', { iterations: 0.5 }, Q, X, /^KernelMemory\.fit: iterations must be an integer ≥ 0, got 0.5$/],
  ['a batch of nothing', { batchSize: 0 }, Q, X, /^KernelMemory\.fit: batchSize must be an integer ≥ 1, got 0$/],
  ['no strength', { strength: 0 }, Q, X, /^KernelMemory\.fit: strength must be a finite number ≥/],
  [
    'too few initial keys',
    { initialKeys: new Float32Array(3) },
    Q,
    X,
    /^KernelMemory\.fit: initialKeys must hold 48 numbers, got 3$/,
  ],
];
for (const [title, options, queries, targets, message] of wrong) {
  test(`fit refuses ${title}`, async (t) => {
    await t.throwsAsync(fitted(options, queries, targets), { instanceOf: RangeError, message });
  });
}

test('fit names the argument and the row that is not finite', async (t) => {
  for (const [bad, row] of [
    [NaN, 17],
    [Infinity, 199],
  ] as const) {
    const data = numbers(X).slice();
    data[3 * row + 1] = bad;
    const message = `KernelMemory.fit: X must hold finite numbers in row ${row}, got ${bad}`;
    await t.throwsAsync(fitted({}, Q, { shape: [200, 3], data }), { instanceOf: RangeError, message });
    await t.throwsAsync(fitted({}, Q, runtime.tensor(data, [200, 3])), { instanceOf: RangeError, message });
  }
});

test('fit and predict name arguments of the wrong kind', async (t) => {
  const array = { shape: [200, 4], data: [1, 2] } as unknown as Rows;
  await t.throwsAsync(fitted({}, array, X), {
    instanceOf: TypeError,
    message: /^KernelMemory\.fit: Q must be a Tensor or/,
  });
  await t.throwsAsync(fitted({ similarity: 'near' as 'dot' }), {
    message: /^KernelMemory\.fit: similarity must be 'dot', 'l2' or/,
  });
  await t.throwsAsync(fitted({ initialKeys: 'all' as 'rows' }), {
    message: /^KernelMemory\.fit: initialKeys must be 'random', 'rows' or/,
  });
  const memory = await fitted();
  t.throws(() => memory.predict({ shape: [1, 3], data: new Float32Array(3) }), {
    message: 'KernelMemory.predict: Q must have 4 columns (keySize), got shape [1, 3]',
  });
});
