// The kernel memory: fitting, reading, batches, stopping, saving, wrong arguments.
import test from 'ava';
import { type FitOptions, KernelMemory, load, Random, type Rows, readSafetensors, writeSafetensors } from '../index.js';
import { attentionWeightsReference, ridgeReference } from './reference/attention.js';
import { gaussian, seeded } from './support/random-numbers.js';

const runtime = await load();

/** Rows of a smooth function of four numbers, and their keys. */
function draw(count: number, seed = 1): { Q: Rows; X: Rows } {
  const random = seeded(seed);
  const Q = Float32Array.from({ length: count * 4 }, () => gaussian(random));
  const X = Float32Array.from({ length: count * 3 }, (_, at) => {
    const [row, column] = [Math.floor(at / 3), at % 3];
    return Math.sin(Q[4 * row + column]! + Q[4 * row + 3]!);
  });
  return { Q: { shape: [count, 4], data: Q }, X: { shape: [count, 3], data: X } };
}

const { Q, X } = draw(200);

function fitted(options: Partial<FitOptions> = {}, queries: Rows = Q, targets: Rows = X): Promise<KernelMemory> {
  const defaults = { memorySize: 12, iterations: 40, learningRate: 0.02, random: new Random(runtime, 3) };
  return KernelMemory.fit(runtime, queries, targets, { ...defaults, ...options });
}

function numbers(rows: Rows): Float32Array {
  return 'data' in rows ? rows.data : rows.toArray();
}

function rmse(memory: KernelMemory, queries: Rows, targets: Rows): number {
  const [read, expected] = [memory.predict(queries), numbers(targets)];
  return Math.sqrt(read.reduce((sum, value, i) => sum + (value - expected[i]!) ** 2, 0) / read.length);
}

for (const options of [
  {},
  { similarity: 'l2' as const },
  { similarity: 'cosine' as const, strength: 4 },
  { learnStrength: true },
  { similarity: 'l2' as const, strength: 0.2, learnStrength: true, initialKeys: 'rows' as const },
]) {
  test(`learns: ${JSON.stringify(options)}`, async (t) => {
    const errors: number[] = [];
    const memory = await fitted({ ...options, onProgress: ({ rmse }) => errors.push(rmse) });
    t.is(errors.length, 40);
    t.true(errors.at(-1)! < 0.8 * errors[0]!, `from ${errors[0]} to ${errors.at(-1)}`);
    t.true(Math.abs(rmse(memory, Q, X) - memory.report!.rmse) < 1e-5, 'the report tells the error of the reads');
    t.is(memory.strength === (options.strength ?? 1), !options.learnStrength);
    const fresh = draw(300, 2);
    t.true(rmse(memory, fresh.Q, fresh.X) < 1.6 * memory.report!.rmse + 0.05);
  });
}

test('without iterations, values are the ridge regression on where the initial keys look', async (t) => {
  const initialKeys = Float32Array.from({ length: 5 * 4 }, (_, i) => Math.sin(i));
  const memory = await fitted({ memorySize: 5, iterations: 0, ridge: 0.01, initialKeys });
  t.deepEqual(memory.keys.toArray(), initialKeys);
  const [q, x] = [Float64Array.from(numbers(Q)), Float64Array.from(numbers(X))];
  const weights = attentionWeightsReference(q, Float64Array.from(initialKeys), 1, 4, 'dot');
  const { values } = ridgeReference(weights, x, 5, 3, 0.01);
  for (const [i, value] of memory.values.toArray().entries()) t.true(Math.abs(value - values[i]!) < 1e-4);
});

test('rows as initial keys are distinct rows of Q', async (t) => {
  const memory = await fitted({ memorySize: 200, iterations: 0, initialKeys: 'rows' });
  const rows = (data: Float32Array) =>
    Array.from({ length: 200 }, (_, i) => data.slice(4 * i, 4 * i + 4).join()).sort();
  t.deepEqual(rows(memory.keys.toArray()), rows(numbers(Q)));
});

test('the same seed gives the same bits', async (t) => {
  const [one, other] = [await fitted(), await fitted()];
  t.deepEqual(one.save(), other.save());
});

test('tensors and numbers outside, whole or in batches, fit the same memory', async (t) => {
  const whole = await fitted();
  const tensors = [Q, X].map((rows) => runtime.tensor(numbers(rows), rows.shape)) as [Rows, Rows];
  t.deepEqual((await fitted({}, ...tensors)).save(), whole.save());
  // Another order of sums is another rounding, which a long fit from keys near 0 would magnify.
  const calm = { iterations: 5, initialKeys: 'rows' as const };
  const [one, batched] = [await fitted(calm), await fitted({ ...calm, batchSize: 37 })];
  t.true(Math.abs(batched.report!.rmse - one.report!.rmse) < 1e-5);
  const [read, expected] = [batched.predict(Q), one.predict(Q)];
  t.true(read.every((value, i) => Math.abs(value - expected[i]!) < 1e-3));
});

test('batches bound the memory', async (t) => {
  // Every thread has some scratch memory of its own.
  const [small, large] = [await load({ threads: 1 }), await load({ threads: 1 })];
  const data = draw(20_000);
  const options = { memorySize: 16, iterations: 1 };
  await KernelMemory.fit(small, data.Q, data.X, { ...options, random: new Random(small, 1), batchSize: 500 });
  await KernelMemory.fit(large, data.Q, data.X, { ...options, random: new Random(large, 1) });
  const bytes = ({ arena }: typeof small) => arena.peakBytes;
  t.true(bytes(small) < 1.2e6, `${bytes(small)} bytes`);
  t.true(bytes(large) > 2 * 4 * 20_000 * 16);
});

test('predict reads any number of rows', async (t) => {
  const memory = await fitted();
  const all = draw(2100);
  const read = memory.predict(all.Q);
  t.is(read.length, 2100 * 3);
  const last = numbers(all.Q).subarray(4 * 2095);
  t.deepEqual(memory.predict({ shape: [5, 4], data: last }), read.slice(3 * 2095));
  const direct = runtime.noGrad(() => memory.read(runtime.tensor(last, [5, 4])).toArray());
  for (const [i, value] of direct.entries()) t.true(Math.abs(value - read[3 * 2095 + i]!) < 1e-6);
});

test('a signal stops the fit, and the best state is kept', async (t) => {
  const stop = new AbortController();
  const seen: number[] = [];
  const memory = await fitted({
    // Far too fast: the error rises after a while.
    learningRate: (iteration) => (iteration < 10 ? 0.02 : 5),
    signal: stop.signal,
    onProgress: ({ iteration, rmse }) => {
      seen.push(rmse);
      if (iteration === 20) stop.abort();
    },
  });
  t.is(seen.length, 20);
  t.is(memory.report!.iteration, 20);
  t.true(memory.report!.aborted);
  t.true(Math.abs(memory.report!.rmse - Math.min(...seen)) < 1e-9);
  t.true(Math.max(...seen) > 1.1 * Math.min(...seen));
  t.true(Math.abs(rmse(memory, Q, X) - Math.min(...seen)) < 1e-5);
});

test('a signal from a timer gets its turn', async (t) => {
  const memory = await fitted({ iterations: 1e9, signal: AbortSignal.timeout(100) });
  t.true(memory.report!.aborted && memory.report!.iteration > 0);
  await t.throwsAsync(fitted({ signal: AbortSignal.abort(new Error('stopped before')) }), {
    message: 'stopped before',
  });
});

test('a stepwise fit is the same fit, and its memory has the error of the last step', async (t) => {
  const rates: number[] = [];
  const learningRate = (iteration: number) => {
    rates.push(iteration);
    return 0.02;
  };
  const options = { memorySize: 12, learningRate, similarity: 'l2' as const };
  const fit = KernelMemory.startFit(runtime, Q, X, { ...options, random: new Random(runtime, 3) });
  t.is(fit.iteration, 0);
  const errors = Array.from({ length: 40 }, (_, i) => {
    const { rmse: error, iteration } = fit.step();
    t.is(iteration, i + 1);
    t.true(Math.abs(rmse(fit.memory, Q, X) - error) < 1e-5);
    return error;
  });
  const memory = fit.finish();
  t.is(memory, fit.memory);
  t.deepEqual(
    rates,
    errors.map((_, i) => i),
  );
  const expected = await fitted(options);
  t.deepEqual(memory.save(), expected.save());
  t.deepEqual(memory.report, expected.report);
  t.throws(() => fit.step(), { instanceOf: ReferenceError, message: 'KernelMemoryFit.step: the fit has ended' });
  t.throws(() => fit.finish(), { instanceOf: ReferenceError });
});

test('a rate that is no number ends the fit', async (t) => {
  const rate = (value: unknown) => fitted({ learningRate: () => value as number });
  for (const value of [NaN, -1, undefined, Promise.resolve(1)]) {
    await t.throwsAsync(rate(value), { message: /^KernelMemory\.fit: learningRate\(0\) must be a finite number ≥ 0/ });
  }
});

test('an error in onProgress ends the fit', async (t) => {
  const onProgress = () => Promise.reject(new Error('full disk'));
  await t.throwsAsync(fitted({ onProgress }), { message: 'full disk' });
});

test('where the matrix is not positive definite, the report says to what the ridge was raised', async (t) => {
  // Two equal keys: their weights are the same column twice.
  const initialKeys = new Float32Array(8);
  const memory = await fitted({ memorySize: 2, iterations: 0, ridge: 0, initialKeys });
  t.true(memory.report!.ridge > 0);
  t.is(memory.report!.largestRidge, memory.report!.ridge);
  t.is((await fitted({ memorySize: 2, iterations: 0, ridge: 1e-3, initialKeys })).report!.ridge, 1e-3);
});

test('save and load', async (t) => {
  for (const options of [{}, { similarity: 'l2' as const, learnStrength: true, strength: 0.7 }]) {
    const memory = await fitted(options);
    const other = KernelMemory.load(await load(), memory.save());
    t.is(other.similarity, memory.similarity);
    t.is(other.strength, memory.strength);
    t.deepEqual(other.predict(Q), memory.predict(Q));
  }
  const broken = (await fitted()).save();
  const { tensors } = readSafetensors(broken);
  const saved = (changes: object, similarity = 'dot') =>
    writeSafetensors(new Map(Object.entries({ ...Object.fromEntries(tensors), ...changes })), { similarity });
  const data = new Float32Array(48);
  const refused: [Uint8Array, RegExp][] = [
    [saved({}, 'near'), /^KernelMemory\.load: similarity in the metadata must be 'dot', 'l2' or 'cosine', got "near"$/],
    [writeSafetensors(new Map(), { similarity: 'dot' }), /^KernelMemory\.load: missing key "keys"$/],
    [saved({ keys: { shape: [48], data } }), /^KernelMemory\.load: keys must have 2 dimensions, got 1$/],
    [saved({ keys: { shape: [16, 3], data } }), /keys and values must have the same number of rows, got 16 and 12$/],
    [saved({ strength: { shape: [1], data: Float32Array.of(NaN) } }), /strength must be a finite number/],
    [saved({ more: { shape: [48], data } }), /unexpected key "more"/],
  ];
  for (const [bytes, message] of refused) t.throws(() => KernelMemory.load(runtime, bytes), { message });
  t.throws(() => KernelMemory.load(runtime, broken.subarray(0, 20)), { instanceOf: RangeError });
});

test('gradients flow through a read', async (t) => {
  const memory = await fitted({ learnStrength: true, iterations: 1 });
  runtime.step(() => {
    const q = runtime.tensor(numbers(Q).subarray(0, 8), [2, 4], { requiresGrad: true });
    const read = memory.read(q);
    t.deepEqual(read.shape, [2, 3]);
    runtime.backward([read], [[1, 0, 0, 0, 1, 0]]);
    t.true(q.grad!.some((value) => value !== 0));
  });
  t.true(memory.keys.grad!.some((value) => value !== 0));
});

const wrong: [string, Partial<FitOptions>, Rows, Rows, RegExp][] = [
  ['rows that do not match', {}, Q, draw(199).X, /^KernelMemory\.fit: X must have as many rows as Q \(200\), got 199$/],
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

test('fit names the row that is not finite, and who it belongs to', async (t) => {
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

test('wrong kinds are told apart', async (t) => {
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
