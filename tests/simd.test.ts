// The functions of assembly/simd/simd.ts against float64, over floats of every magnitude: the errors its docstrings promise.
import test from 'ava';
import { load } from '../index.js';
import { sigmoidReference, softplusReference } from './reference/kernels.js';

const { arena, kernels } = await load();

interface Expected {
  readonly reference: (x: number) => number;
  /** Largest error, in units of the last place of the result. */
  readonly ulp: number;
  /** Pairs of argument and value. */
  readonly special: readonly (readonly [number, number])[];
}

const functions: Record<'exp' | 'log' | 'tanh' | 'sigmoid' | 'softplus', Expected> = {
  exp: {
    reference: Math.exp,
    ulp: 1,
    special: [
      [0, 1],
      [-0, 1],
      [Infinity, Infinity],
      [-Infinity, 0],
      [88.8, Infinity],
      [-104, 0],
    ],
  },
  log: {
    reference: Math.log,
    ulp: 1,
    special: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [Infinity, Infinity],
      [-1, Number.NaN],
      [-Infinity, Number.NaN],
      [-1e-45, Number.NaN],
    ],
  },
  tanh: {
    reference: Math.tanh,
    ulp: 1.9,
    special: [
      [0, 0],
      [-0, -0],
      [1e-45, 2 ** -149],
      [Infinity, 1],
      [-Infinity, -1],
    ],
  },
  sigmoid: {
    reference: sigmoidReference,
    ulp: 1.9,
    special: [
      [0, 0.5],
      [Infinity, 1],
      [-Infinity, 0],
    ],
  },
  softplus: {
    reference: softplusReference,
    ulp: 1.8,
    special: [
      [Infinity, Infinity],
      [-Infinity, 0],
      [1e5, 1e5],
    ],
  },
};

/** Every 4099th of the 2^32 bit patterns: all magnitudes, both signs, subnormals, NaNs. */
const sweep = new Float32Array(Uint32Array.from({ length: Math.ceil(2 ** 32 / 4099) }, (_, i) => i * 4099).buffer);

for (const [name, { reference, ulp, special }] of Object.entries(functions)) {
  const call = (x: Float32Array): Float32Array => {
    const address = arena.mark();
    arena.allocate(x.length);
    arena.write(address, x);
    kernels[name as keyof typeof functions](address, address, x.length);
    const y = arena.read(address, x.length);
    arena.reset(address);
    return y;
  };

  test(`${name} is within ${ulp} ulp`, (t) => {
    const y = call(sweep);
    let worst = 0;
    let at = 0;
    for (const [i, x] of sweep.entries()) {
      const error = ulpError(y[i]!, reference(x));
      if (!(error <= worst)) [worst, at] = [error, x];
    }
    t.true(worst <= ulp, `${worst} ulp at ${at}`);
  });

  test(`${name} of special values`, (t) => {
    for (const [x, expected] of [...special, [Number.NaN, Number.NaN]] as const) {
      t.is(call(Float32Array.of(x))[0], expected, `${name}(${x})`);
      t.is(call(new Float32Array(16).fill(x))[9], expected, `${name}(${x}) in the unrolled loop`);
    }
  });
}

test('softmax takes powers of what is not above the largest number within 2.5 ulp, and 0 for those too small', (t) => {
  const columns = 32;
  const rows = 4096;
  // The largest number first; then numbers from 0 down to -110.
  const x = Float32Array.from({ length: rows * columns }, (_, i) =>
    i % columns === 0 ? 0 : -(110 * i) / (rows * columns),
  );
  const address = arena.mark();
  arena.allocate(x.length);
  arena.write(address, x);
  kernels.softmax(address, address, rows, columns);
  const y = arena.read(address, x.length);
  arena.reset(address);
  let worst = 0;
  for (const [i, power] of x.entries()) {
    const share = (y[i] as number) / (y[i - (i % columns)] as number);
    // Down to the smallest normal number, however small the first share is.
    if (power > -83) worst = Math.max(worst, ulpError(share, Math.exp(power)));
    else t.true(Math.abs(share - Math.exp(power)) < 2 ** -126, `${share} for ${power}`);
  }
  t.true(worst <= 2.5, `${worst} ulp`);
});

/** Distance of y from the exact value, in units of the last place a float32 has there; an infinity counts as 2^128. */
function ulpError(y: number, exact: number): number {
  if (!Number.isFinite(y) && Object.is(y, Math.fround(exact))) return 0;
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), -126);
  const value = Math.abs(y) === Infinity ? Math.sign(y) * 2 ** 128 : y;
  return Math.abs(value - exact) / 2 ** (exponent - 23);
}
