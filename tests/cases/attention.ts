// Cases of the ops in bindings/ops/attention.ts.
import { attention, attentionWeights, type Similarity } from '../../bindings/ops/attention.js';
import { attentionWeightsReference } from '../reference/attention.js';
import { matmulReference } from '../reference/kernels.js';
import { opCase, type Variant } from '../support/op-case.js';
import { gaussian } from '../support/random-numbers.js';

/** Rows, width, keys and width of the values; the last ones take several blocks of rows. */
const sizes: [number, number, number, number][] = [
  [1, 1, 1, 1],
  [3, 2, 4, 3],
  [5, 6, 7, 6],
  [2, 13, 17, 5],
  [9, 4, 3, 8],
  [65, 3, 2048, 2],
  [131, 5, 2500, 1],
];

const variants: Variant<Similarity>[] = sizes.flatMap(([rows, width, keys, values]) =>
  (['dot', 'l2', 'cosine'] as const).map((options) => ({
    shapes: [[rows, width], [keys, width], [1], [keys, values]],
    options,
  })),
);

const sample = (random: () => number, index: number) => (index === 2 ? 0.2 + random() : gaussian(random));

export const attentionCases = {
  attentionWeights: opCase<Similarity>({
    variants: variants.map(({ shapes, options }) => ({ shapes: shapes.slice(0, 3), options })),
    sample,
    run: ([q, keys, strength], similarity) => attentionWeights(q!, keys!, { similarity, strength: strength! }),
    reference: ([q, keys, strength], [shape], similarity) => [
      attentionWeightsReference(q!, keys!, strength![0]!, shape![1]!, similarity),
    ],
    tolerance: { value: 2e-6 },
  }),
  attention: opCase<Similarity>({
    variants,
    sample,
    run: ([q, keys, strength, values], similarity) =>
      attention(q!, keys!, values!, { similarity, strength: strength! }),
    reference: ([q, keys, strength, values], [shape, keyShape, , valueShape], similarity) => {
      const weights = attentionWeightsReference(q!, keys!, strength![0]!, shape![1]!, similarity);
      return [matmulReference(weights, values!, [shape![0]!, keyShape![0]!], valueShape!, {})];
    },
    tolerance: { value: 2e-6 },
  }),
};
