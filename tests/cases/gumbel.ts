// Cases of the op in bindings/ops/gumbel.ts: soft reads. For hard ones, whose gradient is a surrogate, see gumbel.test.ts.
import { gumbelRead } from '../../bindings/ops/gumbel.js';
import type { Shape } from '../../index.js';
import { gumbelWeightsReference, matmulReference } from '../reference/kernels.js';
import { opCase } from '../support/op-case.js';
import { gaussian } from '../support/random-numbers.js';

/** Sizes [B, N] and the shape of a row. */
const sizes: [number, number, number[]][] = [
  [1, 1, []],
  [2, 3, [1]],
  [3, 4, [4]],
  [5, 5, []],
  [4, 8, [3]],
  [2, 17, [5, 7]],
  [33, 40, [2, 2, 2]],
];

interface Options {
  tau: number;
  noise: boolean;
}

export const gumbelCases = {
  gumbelRead: opCase<Options>({
    variants: sizes.flatMap(([batch, rows, row], i) =>
      [true, false].map((noise) => ({
        shapes: [
          [batch, rows],
          [rows, ...row],
          [batch, rows],
        ] as Shape[],
        options: { tau: [0.67, 2, 0.3][i % 3]!, noise },
      })),
    ),
    sample: (random, index) => (index === 2 ? random() : gaussian(random)),
    constant: [2],
    run: ([logits, memory, uniform], { tau, noise }) => {
      const { read, weights } = gumbelRead(logits!, memory!, { tau, hard: false, ...(noise && { uniform: uniform! }) });
      return [read, weights];
    },
    reference: ([logits, memory, uniform], [shape, bank], { tau, noise }) => {
      const [batch, rows] = shape as [number, number];
      const weights = gumbelWeightsReference(logits!, noise ? uniform : undefined, tau, rows);
      const width = memory!.length / bank![0]!;
      return [matmulReference(weights, memory!, [batch, rows], [rows, width], {}), weights];
    },
    // A low temperature amplifies the rounding errors of the noise.
    tolerance: { value: 3e-6 },
  }),
};
