// Cases of the ops in bindings/ops/loss.ts.
import { binaryCrossEntropyWithLogits, crossEntropy, mseLoss } from '../../bindings/ops/loss.js';
import { logSoftmaxReference, softplusReference } from '../reference/kernels.js';
import { opCase, sizes } from '../support/op-case.js';
import { gaussian } from '../support/random-numbers.js';

const pairs = sizes(
  [[1], [1]],
  [[], []],
  [[5], [5]],
  [
    [3, 7],
    [3, 7],
  ],
  [[16], [16]],
  [[1003], [1003]],
);

/** The class of a row: any will do, as long as op and twin agree. */
const classOf = (row: number, classes: number): number => (row * 7 + 2) % classes;

function average(x: Float64Array, term: (value: number, i: number) => number): Float64Array[] {
  return [Float64Array.of(x.reduce((total, value, i) => total + term(value, i), 0) / x.length)];
}

export const lossCases = {
  binaryCrossEntropyWithLogits: opCase({
    variants: pairs,
    sample: (random, index) => (index === 0 ? 5 * gaussian(random) : random()),
    run: ([x, target]) => binaryCrossEntropyWithLogits(x!, target!),
    reference: ([x, target]) => average(x!, (value, i) => softplusReference(value) - value * target![i]!),
  }),
  mseLoss: opCase({
    variants: pairs,
    run: ([x, target]) => mseLoss(x!, target!),
    reference: ([x, target]) => average(x!, (value, i) => (value - target![i]!) ** 2),
  }),
  crossEntropy: opCase({
    variants: sizes([[1, 1]], [[1, 4]], [[3, 3]], [[5, 10]], [[4, 31]], [[2, 1000]]),
    sample: (random) => 3 * gaussian(random),
    run: ([x]) => {
      const [rows, classes] = x!.shape as [number, number];
      return crossEntropy(
        x!,
        Int32Array.from({ length: rows }, (_, row) => classOf(row, classes)),
      );
    },
    reference: ([x], [shape]) => {
      const [rows, classes] = shape as [number, number];
      const y = logSoftmaxReference(x!, classes);
      return average(new Float64Array(rows), (_, row) => -y[row * classes + classOf(row, classes)]!);
    },
  }),
};
