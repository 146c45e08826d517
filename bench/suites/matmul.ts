// Matrix products: cubes, a single row, the small ones of an NTM, the tall ones of a kernel memory.
import { matmul } from 'tapehead';
import { type BenchCase, opCase } from '../bench-case.js';

type Transposes = 'plain' | 'aT' | 'bT' | 'aT bT';

/** Sizes [m, k, n], and which operands are transposed. */
const sizes: readonly [number, number, number, ...Transposes[]][] = [
  [32, 32, 32, 'plain'],
  [64, 64, 64, 'plain', 'aT', 'bT', 'aT bT'],
  [128, 128, 128, 'plain'],
  [256, 256, 256, 'plain', 'aT', 'bT', 'aT bT'],
  [512, 512, 512, 'plain'],
  [1024, 1024, 1024, 'plain', 'bT'],
  [1, 128, 512, 'plain', 'bT'],
  [1, 100, 400, 'plain', 'bT'],
  [32, 100, 20, 'plain', 'aT', 'bT', 'aT bT'],
  [32, 100, 400, 'plain', 'bT'],
  [400, 1312, 100, 'aT'],
  [10_000, 78, 256, 'plain'],
  [256, 10_000, 784, 'aT'],
];

export const matmulSuite: readonly BenchCase[] = sizes.flatMap(([m, k, n, ...layouts]) =>
  layouts.map((layout) => {
    const transposeA = layout.includes('aT');
    const transposeB = layout.includes('bT');
    const shapes = [transposeA ? [k, m] : [m, k], transposeB ? [n, k] : [k, n]];
    const name = layout === 'plain' ? `matmul ${m}x${k}x${n}` : `matmul ${m}x${k}x${n} ${layout}`;
    return opCase(name, shapes, (a, b) => matmul(a, b, { transposeA, transposeB }), {
      flop: 2 * m * k * n,
      outputs: m * n,
    });
  }),
);
