// Cases of the op in bindings/ops/batch-norm.ts.
import { batchNorm } from '../../bindings/ops/batch-norm.js';
import { batchNormReference } from '../reference/kernels.js';
import { opCase } from '../support/op-case.js';
import { gaussian } from '../support/random-numbers.js';

/** Sizes [B, C] around the lanes. */
const sizes = [
  [2, 1],
  [3, 3],
  [2, 4],
  [5, 5],
  [7, 8],
  [10, 17],
  [64, 33],
] as const;

export const batchNormCases = {
  batchNorm: opCase<{ training: boolean; eps: number }>({
    variants: sizes.flatMap(([rows, columns], i) =>
      [true, false].map((training) => ({
        shapes: [[rows, columns], [columns], [columns], [columns], [columns]],
        options: { training, eps: i % 2 === 0 ? 1e-5 : 0.1 },
      })),
    ),
    // Inputs with a mean far from zero; positive variances.
    sample: (random, index) =>
      [() => 3 + gaussian(random), gaussian, gaussian, gaussian, () => 0.5 + random()][index]!(random),
    constant: [3, 4],
    run: ([x, weight, bias, mean, variance], options) => batchNorm(x!, weight!, bias!, mean!, variance!, options),
    reference: ([x, weight, bias, mean, variance], _, options) => [
      batchNormReference(x!, weight!, bias!, mean!, variance!, options),
    ],
    // Two nearly equal rows are divided by a small number.
    tolerance: { value: 3e-6 },
  }),
};
