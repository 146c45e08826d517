// Sizes that do not fit 32 bits are refused by name, and the runtime goes on as before.
import test from 'ava';
import { conv2d, convTranspose2d, load, NormalEquations, type Runtime } from '../index.js';

const runtime = await load();

/** `run` must be refused with a message that begins like this, and leave the runtime as it was. */
function refused(t: import('ava').ExecutionContext, run: (runtime: Runtime) => unknown, message: RegExp): void {
  const kept = runtime.tensor(new Float32Array(1000).fill(7));
  const before = runtime.memory.used;
  t.throws(() => runtime.noGrad(() => run(runtime)), { instanceOf: RangeError, message });
  t.is(runtime.memory.used, before);
  t.true(kept.toArray().every((value) => value === 7));
  kept.dispose();
}

for (const op of [conv2d, convTranspose2d]) {
  test(`${op.name} refuses strides and padding above 2^30`, (t) => {
    for (const size of [2 ** 30 + 1, 2 ** 31, 2 ** 32, 2 ** 41]) {
      for (const options of [{ stride: size }, { padding: size }, { stride: size, padding: size }]) {
        const run = (runtime: Runtime) =>
          op(runtime.zeros([1, 1, 3, 3]), runtime.zeros([1, 1, 3, 3]), undefined, options);
        refused(t, run, new RegExp(`^${op.name}: (stride|padding) must be an integer in \\[[01], 1073741824\\]`));
      }
    }
  });
}

test('a padded image that does not fit is refused', (t) => {
  for (const [padding, stride] of [
    [40_000, 80_002],
    [2 ** 30, 2 ** 30],
    [2 ** 16, 2 ** 17],
  ] as const) {
    const run = (runtime: Runtime) =>
      conv2d(runtime.zeros([1, 1, 2, 2]), runtime.zeros([1, 1, 2, 2]), undefined, { padding, stride });
    refused(t, run, /^out of memory: cannot allocate \d+ bytes/);
  }
});

test('equations that do not fit are refused before anything is allocated', (t) => {
  for (const [size, columns] of [
    [16_384, 1],
    [23_171, 1],
    [2 ** 31, 1],
    [16, 2 ** 27],
    [Number.MAX_SAFE_INTEGER, 1],
  ] as const) {
    const run = (runtime: Runtime) => new NormalEquations(runtime, size, columns);
    refused(t, run, /^NormalEquations: cannot allocate \d\S* bytes/);
  }
});
