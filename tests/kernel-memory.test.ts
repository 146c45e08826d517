// The kernel memory: fitting, reading, batches, stopping, saving.
import test from 'ava';
import { type FitOptions, KernelMemory, load, Random, type Rows, readSafetensors, writeSafetensors } from '../index.js';
import { attentionWeightsReference, ridgeReference } from './reference/attention.js';
import { numbers, smoothRows } from './support/smooth-rows.js';

const runtime = await load();

const { Q, X } = smoothRows(200);

function fitted(options: Partial<FitOptions> = {}, queries: Rows = Q, targets: Rows = X): Promise<KernelMemory> {
  const defaults = { memorySize: 12, iterations: 40, learningRate: 0.02, random: new Random(runtime, 3) };
  return KernelMemory.fit(runtime, queries, targets, { ...defaults, ...options });
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
    const fresh = smoothRows(300, 2);
    t.true(rmse(memory, fresh.Q, fresh.X) < 1.6 * memory.report!.rmse + 0.05);
  });
}

test('without iterations, values are the ridge regression on the weights of the initial keys', async (t) => {
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

test('tensors, arrays and batches give the same fit', async (t) => {
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

test('batchSize bounds the memory in use', async (t) => {
  // Every thread has some scratch memory of its own.
  const [small, large] = [await load({ threads: 1 }), await load({ threads: 1 })];
  const data = smoothRows(20_000);
  const options = { memorySize: 16, iterations: 1 };
  await KernelMemory.fit(small, data.Q, data.X, { ...options, random: new Random(small, 1), batchSize: 500 });
  await KernelMemory.fit(large, data.Q, data.X, { ...options, random: new Random(large, 1) });
  const bytes = ({ arena }: typeof small) => arena.peakBytes;
  t.true(bytes(small) < 1.2e6, `${bytes(small)} bytes`);
  t.true(bytes(large) > 2 * 4 * 20_000 * 16);
});

test('predict accepts any number of rows', async (t) => {
  const memory = await fitted();
  const all = smoothRows(2100);
  const read = memory.predict(all.Q);
  t.is(read.length, 2100 * 3);
  const last = numbers(all.Q).subarray(4 * 2095);
  t.deepEqual(memory.predict({ shape: [5, 4], data: last }), read.slice(3 * 2095));
  const direct = runtime.noGrad(() => memory.read(runtime.tensor(last, [5, 4])).toArray());
  for (const [i, value] of direct.entries()) t.true(Math.abs(value - read[3 * 2095 + i]!) < 1e-6);
});

test('a signal ends the fit with the best state', async (t) => {
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
  t.true(Math.abs(memory.report!.rmse / Math.min(...seen) - 1) < 1e-6);
  t.true(Math.max(...seen) > 1.1 * Math.min(...seen));
  t.true(Math.abs(rmse(memory, Q, X) - Math.min(...seen)) < 1e-5);
});

test('a timer can abort a fit', async (t) => {
  const memory = await fitted({ iterations: 1e9, signal: AbortSignal.timeout(100) });
  t.true(memory.report!.aborted && memory.report!.iteration > 0);
  await t.throwsAsync(fitted({ signal: AbortSignal.abort(new Error('stopped before')) }), {
    message: 'stopped before',
  });
});

test('a stepwise fit gives the same bits; its memory has the error of the last step', async (t) => {
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

test('an invalid learning rate rejects', async (t) => {
  const rate = (value: unknown) => fitted({ learningRate: () => value as number });
  for (const value of [NaN, -1, undefined, Promise.resolve(1)]) {
    await t.throwsAsync(rate(value), { message: /^KernelMemory\.fit: learningRate\(0\) must be a finite number ≥ 0/ });
  }
});

test('an error in onProgress rejects', async (t) => {
  const onProgress = () => Promise.reject(new Error('full disk'));
  await t.throwsAsync(fitted({ onProgress }), { message: 'full disk' });
});

test('a matrix that is not positive definite raises the reported ridge', async (t) => {
  // Two equal keys: their weights are the same column twice.
  const initialKeys = new Float32Array(8);
  const memory = await fitted({ memorySize: 2, iterations: 0, ridge: 0, initialKeys });
  t.true(memory.report!.ridge > 0);
  t.is(memory.report!.largestRidge, memory.report!.ridge);
  t.is((await fitted({ memorySize: 2, iterations: 0, ridge: 1e-3, initialKeys })).report!.ridge, 1e-3);
});

test('save and load round-trip; load refuses other files', async (t) => {
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

test('lr is another name of learningRate', async (t) => {
  const options = { memorySize: 12, iterations: 5 };
  const withRate = (rate: object) =>
    KernelMemory.fit(runtime, Q, X, { ...options, ...rate, random: new Random(runtime, 3) });
  const expected = (await withRate({ learningRate: 0.02 })).save();
  t.deepEqual((await withRate({ lr: 0.02 })).save(), expected);
  t.deepEqual((await withRate({ lr: 0.02, learningRate: 0.02 })).save(), expected);
});
