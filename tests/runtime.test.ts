// The runtime: steps, scopes, memory, loading, and error messages.
import { availableParallelism } from 'node:os';
import test from 'ava';
import { jsStringBuiltins, relaxedSimd } from 'wasm-feature-detect';
import { load, mul, Parameters, type Runtime, reshape, scale, softmax, sum, Tensor } from '../index.js';

const runtime = await load();

test('info names the build and the number of threads, with reasons', async (t) => {
  const { variant, threads, reason } = runtime.info;
  const relaxed = (await relaxedSimd()) && (await jsStringBuiltins());
  t.is(variant as string, process.env.TAPEHEAD_VARIANT ?? (relaxed ? 'relaxed' : 'simd'));
  t.is(threads, Number(process.env.TAPEHEAD_THREADS ?? Math.min(8, availableParallelism())));
  t.regex(reason, process.env.TAPEHEAD_VARIANT === undefined ? /supports .*SIMD; / : /variant \w+ was requested; /);
});

test('a tensor created in a step cannot be used after it', (t) => {
  const leaked = runtime.step(() => runtime.tensor([1, 2]));
  t.throws(() => leaked.toArray(), { instanceOf: ReferenceError, message: /step has ended/ });
  t.throws(() => runtime.step(() => softmax(leaked)), {
    instanceOf: ReferenceError,
    message: 'softmax: x cannot be used any more, since its step has ended',
  });
});

test('a tensor created outside a step persists', (t) => {
  const kept = runtime.tensor([1, 2, 3]);
  runtime.step(() => softmax(kept));
  t.deepEqual([...kept.toArray()], [1, 2, 3]);
});

test('10,000 steps, some of which throw, leave the memory in use unchanged', (t) => {
  const x = runtime.tensor(
    Array.from({ length: 64 }, () => 1),
    [8, 8],
    { requiresGrad: true },
  );
  const before = runtime.arena.bytesInUse;
  const size = runtime.arena.memory.buffer.byteLength;
  for (let i = 0; i < 10_000; i++) {
    runtime.step(() => sum(softmax(x)).backward());
    if (i % 1000 === 0) t.throws(() => runtime.step(() => softmax(runtime.tensor([1], []))));
  }
  t.is(runtime.arena.bytesInUse, before);
  t.is(runtime.arena.memory.buffer.byteLength, size);
});

test('ops outside a step, nested steps and asynchronous steps throw', (t) => {
  const x = runtime.tensor([1, 2]);
  t.throws(() => softmax(x), { instanceOf: RangeError, message: /inside runtime.step/ });
  t.throws(() => runtime.step(() => runtime.step(() => 1)), { instanceOf: RangeError, message: /nested/ });
  t.throws(() => runtime.step(async () => 1), { instanceOf: TypeError, message: /synchronous/ });
  t.is(
    runtime.step(() => softmax(x).size),
    2,
    'and the runtime still works',
  );
});

test('parameters created inside a step outlive it, and the memory of the step comes back', (t) => {
  const before = runtime.memory.used;
  const parameters = runtime.step(() => {
    runtime.zeros([1000]);
    const created = new Parameters(runtime);
    created.create('w', [2]).set([1, 2]);
    runtime.zeros([1000]);
    return created;
  });
  runtime.step(() => runtime.zeros([5000]));
  t.deepEqual([...parameters.get('w').toArray()], [1, 2]);
  t.is(runtime.memory.used - before, 64);
  parameters.dispose();
  t.is(runtime.memory.used, before);
});

test('noGrad keeps only the tensors it returns, with their values', (t) => {
  runtime.step(() => {
    const before = runtime.arena.bytesInUse;
    const { y, views } = runtime.noGrad(() => {
      runtime.zeros([1000]);
      const y = softmax(runtime.tensor([0, 0, 0, 0], [2, 2]));
      runtime.zeros([1000]);
      const z = runtime.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
      return { y, views: [reshape(z, [3, 2]), z] };
    });
    t.deepEqual([...y.toArray()], [0.5, 0.5, 0.5, 0.5]);
    for (const view of views) t.deepEqual([...view.toArray()], [1, 2, 3, 4, 5, 6]);
    t.is(runtime.arena.bytesInUse - before, 128);
    t.false(y.requiresGrad);
  });
});

test('noGrad records nothing, even for tensors with requiresGrad', (t) => {
  const x = runtime.tensor([1, 2], [2], { requiresGrad: true });
  runtime.step(() => {
    const y = runtime.noGrad(() => scale(x, 2));
    t.throws(() => runtime.backward([y], [[1, 1]]), { instanceOf: RangeError, message: /requiresGrad/ });
  });
  t.is(
    runtime.noGrad(() => sum(x).item()),
    3,
    'outside a step, noGrad is a step',
  );
});

test('gradients accumulate over uses and over backward passes', (t) => {
  const x = runtime.tensor([3], [1], { requiresGrad: true });
  runtime.step(() => {
    const y = mul(x, x);
    sum(mul(y, x)).backward();
    t.deepEqual([...x.grad!], [27]);
    sum(scale(x, 2)).backward();
    t.deepEqual([...x.grad!], [29]);
  });
});

test('detectAnomaly names the op that first produces a non-finite number', (t) => {
  const x = runtime.tensor([1e30, 1], [2], { requiresGrad: true });
  const bad = runtime.tensor([Number.NaN, 1], [2], { requiresGrad: true });
  const square = () => sum(scale(mul(x, x), 0.5)).backward();
  t.throws(() => runtime.step(square, { detectAnomaly: true }), {
    instanceOf: RangeError,
    message: /mul was the first op/,
  });
  t.throws(() => runtime.step(() => sum(scale(bad, 1)).backward(), { detectAnomaly: true }), {
    instanceOf: RangeError,
    message: /input 0 of scale was not/,
  });
  t.notThrows(() => runtime.step(square), 'without it, nothing is checked');
});

test('invalid arguments throw before any work', (t) => {
  t.throws(() => runtime.tensor([1, 2, 3], [2, 2]), {
    instanceOf: RangeError,
    message: 'Runtime.tensor: data must hold 4 numbers, got 3',
  });
  t.throws(() => runtime.tensor([1], [1.5]), { instanceOf: RangeError });
  t.throws(() => runtime.zeros(3 as never), { instanceOf: TypeError });
  t.throws(() => runtime.step(() => softmax([1] as never)), {
    instanceOf: TypeError,
    message: 'softmax: x must be a Tensor, got [1]',
  });
  const matrix = runtime.tensor([1, 2], [1, 2]);
  t.throws(() => matrix.item(), { instanceOf: RangeError, message: /exactly one element, got \[1, 2\]/ });
  t.throws(() => matrix.backward(), { instanceOf: RangeError });
  t.throws(() => matrix.set([1]), { instanceOf: RangeError, message: 'Tensor.set: data must hold 2 numbers, got 1' });
});

test('running out of memory states the sizes and leaves parameters unchanged', async (t) => {
  const small = await load({ maxMemory: 2 ** 22 });
  const kept = small.tensor([1, 2, 3]);
  const error = t.throws(() => small.step(() => small.zeros([2 ** 21])), { instanceOf: RangeError })!;
  t.regex(error.message, /^out of memory: cannot allocate 8388608 bytes \(\d+ of 4194304 in use\)$/);
  t.deepEqual([...kept.toArray()], [1, 2, 3]);
  t.is(
    small.step(() => small.zeros([10]).size),
    10,
  );
});

test('values survive memory growth', (t) => {
  const kept = runtime.tensor([1, 2, 3]);
  const size = runtime.arena.memory.buffer.byteLength;
  runtime.step(() => {
    runtime.zeros([size / 4]);
    t.true(runtime.arena.memory.buffer.byteLength > size);
    t.deepEqual([...kept.toArray()], [1, 2, 3]);
  });
});

test('load takes a module or bytes and refuses anything else', async (t) => {
  const { readFile } = await import('node:fs/promises');
  const bytes = await readFile(new URL('../wasm/simd.wasm', import.meta.url));
  const works = (loaded: Runtime) => loaded.step(() => softmax(loaded.tensor([1])).item());
  t.is(works(await load({ wasm: bytes, threads: 1 })), 1);
  t.is(works(await load({ wasm: new WebAssembly.Module(bytes), threads: 1 })), 1);
  const shared = await load({ wasm: bytes, threads: 2 });
  t.is(works(shared), 1);
  t.like(shared.info, { variant: 'simd', threads: 2 });
  shared.close();
  const compiled = await load({ wasm: new WebAssembly.Module(bytes), threads: 2 });
  t.is(compiled.info.threads, 1);
  t.regex(compiled.info.reason, /a compiled module cannot/);
  await t.throwsAsync(load({ wasm: bytes.subarray(0, 8), threads: 2 }), {
    instanceOf: TypeError,
    message: 'load: wasm must import a bounded memory, as tapehead/simd.wasm does',
  });
  await t.throwsAsync(load({ wasm: 7 as never }), { instanceOf: TypeError });
  await t.throwsAsync(load({ maxMemory: 1 }), { instanceOf: RangeError });
});

test('load uses the requested variant, or throws if the engine does not support it', async (t) => {
  t.is((await load({ variant: 'simd' })).info.variant, 'simd');
  if (await relaxedSimd()) t.is((await load({ variant: 'relaxed' })).info.variant, 'relaxed');
  else await t.throwsAsync(load({ variant: 'relaxed' }), { message: /^load: the engine must support relaxed SIMD/ });
});

test('tensors are instances of the exported class', (t) => {
  t.true(runtime.zeros([1]) instanceof Tensor);
});
