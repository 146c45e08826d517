// Cases of the ops in bindings/ops/memory.ts, addressing.ts and lstm.ts.
import { contentWeights, headParameters, locationWeights } from '../../bindings/ops/addressing.js';
import { scale } from '../../bindings/ops/elementwise.js';
import { lstmCell } from '../../bindings/ops/lstm.js';
import { memoryRead, memoryWrite } from '../../bindings/ops/memory.js';
import type { Shape, Tensor } from '../../index.js';
import {
  contentWeightsReference,
  headParametersReference,
  locationWeightsReference,
  lstmCellReference,
  memoryReadReference,
  memoryWriteReference,
} from '../reference/memory.js';
import { opCase, sizes } from '../support/op-case.js';
import { gaussian } from '../support/random-numbers.js';

/** Sizes [B, N, W] around the lanes and the tiles of columns. */
const memories: [number, number, number][] = [
  [1, 1, 1],
  [2, 4, 5],
  [1, 3, 4],
  [3, 7, 13],
  [2, 9, 16],
  [2, 128, 20],
  [1, 5, 23],
  [1, 17, 45],
];

function focus(batch: number, rows: number, maxShift: number): { shapes: Shape[]; options: number } {
  const shapes = [
    [batch, rows],
    [batch, rows],
    [batch, 1],
    [batch, 2 * maxShift + 1],
    [batch, 1],
  ];
  return { shapes, options: maxShift };
}

function head(batch: number, wordSize: number, maxShift: number, write: boolean) {
  const widths = [wordSize, 1, 1, 2 * maxShift + 1, 1, ...(write ? [wordSize, wordSize] : [])];
  const options = { wordSize, maxShift, write, widths };
  return { shapes: [[batch, widths.reduce((a, b) => a + b, 0)]], options };
}

export const memoryCases = {
  memoryRead: opCase({
    variants: sizes(
      ...memories.map(([b, n, w]) => [
        [b, n],
        [b, n, w],
      ]),
    ),
    run: ([weights, memory]) => memoryRead(weights!, memory!),
    reference: ([weights, memory], [, shape]) => [memoryReadReference(weights!, memory!, shape!)],
    tolerance: { value: 3e-6 },
  }),
  memoryWrite: opCase<{ inPlace: boolean }>({
    variants: memories.flatMap(([b, n, w]) =>
      [false, true].map((inPlace) => ({
        shapes: [
          [b, n, w],
          [b, n],
          [b, w],
          [b, w],
        ],
        options: { inPlace },
      })),
    ),
    // `scale` has no gradient yet when `memoryWrite` runs backward: it takes over the upstream buffer.
    run: ([memory, weights, erase, add], { inPlace }) =>
      memoryWrite(inPlace ? scale(memory!, 1) : memory!, weights!, erase!, add!),
    reference: ([memory, weights, erase, add], [shape]) => [
      memoryWriteReference(memory!, weights!, erase!, add!, shape!),
    ],
  }),
  contentWeights: opCase({
    variants: sizes(
      ...memories.map(([b, n, w]) => [
        [b, w],
        [b, 1],
        [b, n, w],
      ]),
    ),
    sample: (random, index) => (index === 1 ? 10 * random() : gaussian(random)),
    run: ([key, strength, memory]) => contentWeights(key!, strength!, memory!),
    reference: ([key, strength, memory], [, , shape]) => [contentWeightsReference(key!, strength!, memory!, shape!)],
    tolerance: { value: 2e-6 },
  }),
  locationWeights: opCase<number>({
    variants: [
      focus(1, 1, 0),
      focus(2, 4, 1),
      focus(2, 5, 3),
      focus(1, 2, 2),
      focus(3, 16, 2),
      focus(2, 128, 1),
      focus(1, 33, 4),
    ],
    // Weights, gate and shift in (0, 1); sharpness in (1, 5).
    sample: (random, index) => (index === 4 ? 1 + 4 * random() : 0.01 + 0.98 * random()),
    run: ([content, previous, gate, shift, sharpness]) =>
      locationWeights(content!, previous!, gate!, shift!, sharpness!),
    reference: (inputs, [shape], maxShift) => [locationWeightsReference(inputs, shape!, maxShift)],
    tolerance: { value: 3e-6 },
  }),
  headParameters: opCase<{ wordSize: number; maxShift: number; write: boolean; widths: number[] }>({
    variants: [
      head(1, 1, 0, false),
      head(2, 5, 1, true),
      head(3, 20, 1, false),
      head(3, 20, 1, true),
      head(2, 7, 3, true),
    ],
    run: ([x], { widths, ...options }) => Object.values(headParameters(x!, options)) as Tensor[],
    reference: ([x], _, { widths }) => headParametersReference(x!, widths),
  }),
  lstmCell: opCase({
    variants: sizes(
      ...[
        [1, 1, 1],
        [2, 3, 4],
        [3, 5, 7],
        [5, 29, 10],
      ].map(([b, i, h]) => [[b!, i!], [b!, h!], [b!, h!], [4 * h!, i!], [4 * h!, h!], [4 * h!], [4 * h!]]),
    ),
    run: ([x, h, c, weightIh, weightHh, biasIh, biasHh]) =>
      lstmCell(x!, h!, c!, weightIh!, weightHh!, biasIh!, biasHh!),
    reference: lstmCellReference,
    tolerance: { value: 3e-6 },
  }),
};
