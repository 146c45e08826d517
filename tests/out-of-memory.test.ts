// What does not fit throws and leaves the runtime as it was; what has finished gives its memory back.
import test from 'ava';
import { Adam, KernelMemory, Linear, LSTMBaseline, load, NTM, Parameters, Random, SGD, sum } from '../index.js';

test('a model that does not fit throws and leaves the runtime as it was', async (t) => {
  const runtime = await load({ threads: 1, maxMemory: 2 ** 22 });
  const random = new Random(runtime, 1);
  const mine = new Parameters(runtime);
  const first = new Linear(mine.scope('first'), 2, 2, random);
  const { state } = random;
  const before = runtime.memory.used;
  const values = mine.stateDict();
  const large: Record<string, () => unknown> = {
    'a tensor': () => runtime.zeros([2 ** 20]),
    'a trainable tensor': () => runtime.zeros([600_000], { requiresGrad: true }),
    'a tensor of 4 GiB': () => runtime.zeros([2 ** 30]),
    Linear: () => new Linear(mine.scope('large'), 700, 700, random),
    NTM: () => new NTM(runtime, { inputSize: 9, outputSize: 8, controllerSize: 400, random }),
    LSTMBaseline: () => new LSTMBaseline(runtime, { inputSize: 9, outputSize: 8, random }),
    KernelMemory: () => new KernelMemory(runtime, { memorySize: 1000, keySize: 1000, valueSize: 1 }),
  };
  for (const [name, create] of Object.entries(large)) {
    const error = t.throws(create, { instanceOf: RangeError }, name)!;
    t.regex(error.message, /out of memory|does not fit|memory/, name);
    t.is(runtime.memory.used, before, name);
    t.deepEqual(random.state, state, name);
  }
  const second = new Linear(mine.scope('second'), 2, 2, random);
  t.deepEqual([...mine.stateDict()].slice(0, 2), [...values], 'and names are free');
  const optimizer = new Adam(mine);
  runtime.step(() => {
    sum(second.forward(first.forward(runtime.zeros([1, 2])))).backward();
    optimizer.step();
  });
  t.true(mine.get('second.bias').grad!.every((value) => value === 1));
});

test('an optimizer that does not fit throws and leaves parameters usable', async (t) => {
  const runtime = await load({ threads: 1, maxMemory: 2 ** 22 });
  const parameters = new Parameters(runtime);
  const w = parameters.create('w', [200_000]);
  runtime.zeros([16]);
  const before = runtime.memory.used;
  const crowd = runtime.zeros([(runtime.memory.max - before - 1_800_000) / 4]);
  t.throws(() => new Adam(parameters, { amsgrad: true }), { instanceOf: RangeError, message: /^out of memory: / });
  crowd.dispose();
  t.true(runtime.memory.used - before <= 4 * 200_000 + 64, 'no moment is left');
  const optimizer = new SGD(parameters, { lr: 1 });
  runtime.step(() => sum(w).backward());
  optimizer.step();
  t.true(w.toArray().every((value) => value === -1));
});

test('fits give their memory back, finished, aborted or failed', async (t) => {
  const runtime = await load({ threads: 1, maxMemory: 2 ** 24 });
  const random = new Random(runtime, 1);
  const [Q, X] = [1, 2].map((columns) => ({
    shape: [300, columns],
    data: Float32Array.from({ length: 300 * columns }, (_, i) => Math.sin(i)),
  })) as [never, never];
  const options = { memorySize: 150, iterations: 2, random };
  const before = runtime.memory.used;
  for (let i = 0; i < 40; i++) {
    const memory = await KernelMemory.fit(runtime, Q, X, options);
    t.true(runtime.memory.used > before);
    memory.parameters.dispose();
    t.is(runtime.memory.used, before, `fit ${i}`);
  }
  const aborted = AbortSignal.abort();
  await t.throwsAsync(KernelMemory.fit(runtime, Q, X, { ...options, signal: aborted }), { any: true });
  t.is(runtime.memory.used, before);
  await t.throwsAsync(
    KernelMemory.fit(runtime, Q, X, {
      ...options,
      onProgress: () => {
        throw new Error('mine');
      },
    }),
    { message: 'mine' },
  );
  t.is(runtime.memory.used, before);
  await t.throwsAsync(KernelMemory.fit(runtime, Q, X, { ...options, memorySize: 301 }), { instanceOf: RangeError });
  t.is(runtime.memory.used, before);
});
