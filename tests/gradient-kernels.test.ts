// Kernels that optimizers and guards call on flat buffers: scale, clamp, sumSquares, allFinite.
import test from 'ava';
import { load } from '../index.js';
import { gaussian, seeded } from './support/random-numbers.js';

const { arena, kernels } = await load();
const lengths = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1003];

/** Runs `use` on the address of `x` with a 7 on either side, and returns what is there afterwards. */
function within(x: Float32Array, use: (address: number) => void): Float32Array {
  const start = arena.mark();
  arena.allocate(x.length + 2);
  arena.write(start, Float32Array.of(7, ...x, 7));
  use(start + 4);
  const result = arena.read(start, x.length + 2);
  arena.reset(start);
  return result;
}

for (const n of lengths) {
  const random = seeded(n + 1);
  const x = Float32Array.from({ length: n }, () => 2 * gaussian(random));

  test(`scale and clamp ${n} numbers in place and nothing beyond`, (t) => {
    const scaled = within(x, (address) => kernels.scale(address, address, n, 0.75));
    t.deepEqual(scaled, Float32Array.of(7, ...x.map((value) => 0.75 * value), 7));
    const clamped = within(x, (address) => kernels.clamp(address, address, n, -0.5, 1));
    t.deepEqual(clamped, Float32Array.of(7, ...x.map((value) => Math.min(Math.max(value, -0.5), 1)), 7));
  });

  test(`sumSquares of ${n} numbers is a float64`, (t) => {
    const exact = x.reduce((total, value) => total + value ** 2, 0);
    within(x, (address) => t.true(Math.abs(kernels.sumSquares(address, n) - exact) <= 1e-14 * exact));
  });

  test(`allFinite finds a fault anywhere in ${n} numbers`, (t) => {
    const finite = (data: Float32Array): boolean => {
      let result = 0;
      within(data, (address) => {
        result = kernels.allFinite(address, n);
      });
      return result !== 0;
    };
    t.true(finite(x));
    t.true(finite(x.map(() => -3.4028234663852886e38)));
    for (const fault of [Number.NaN, Infinity, -Infinity]) {
      for (let at = 0; at < n; at += n > 100 ? 17 : 1) t.false(finite(x.map((value, i) => (i === at ? fault : value))));
    }
  });
}

test('clamp keeps NaN', (t) => {
  const x = Float32Array.of(Number.NaN, Infinity, -Infinity, 0, Number.NaN);
  const clamped = within(x, (address) => kernels.clamp(address, address, 5, -1, 1));
  t.deepEqual(clamped.slice(1, -1), Float32Array.of(Number.NaN, 1, -1, 0, Number.NaN));
});

test('sumSquares does not overflow where float32 would', (t) => {
  const x = new Float32Array(5).fill(2e20);
  within(x, (address) => t.true(Math.abs(kernels.sumSquares(address, 5) / 2e41 - 1) < 1e-6));
});
