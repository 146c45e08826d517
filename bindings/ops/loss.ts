// Losses: each a scalar, the mean over its batch.

import { tagOf } from '../engine/bytes.js';
import { classKernels, coreKernels, type Family, kernelsOf, logitKernels } from '../engine/families.js';
import { fail, failType } from '../tensor/check.js';
import { expectSameShape, expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Computes the mean binary cross-entropy of `sigmoid(x)` and `target`, as PyTorch's
 * `binary_cross_entropy_with_logits`. Numerically stable for every x.
 *
 * @param x Logits of any shape.
 * @param target Probabilities in [0, 1], of the shape of x.
 * @returns The loss, [].
 * @throws {RangeError} The shapes differ.
 *
 * @example
 * ```ts
 * import { binaryCrossEntropyWithLogits, load } from 'tapehead';
 * const runtime = await load();
 * const loss = runtime.noGrad(() => {
 *   return binaryCrossEntropyWithLogits(runtime.tensor([0, 0]), runtime.tensor([0, 1])).item();
 * });
 * console.log(loss.toFixed(4)); // → 0.6931
 * ```
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor): Tensor {
  return pairwise('binaryCrossEntropyWithLogits', logitKernels, 'bceWithLogits', x, target);
}

/**
 * Computes the mean of `(x - target)²`.
 *
 * @param x Predictions of any shape.
 * @param target Targets, of the shape of x.
 * @returns The loss, [].
 * @throws {RangeError} The shapes differ.
 *
 * @example
 * ```ts
 * import { load, mseLoss } from 'tapehead';
 * const runtime = await load();
 * const loss = runtime.noGrad(() => mseLoss(runtime.tensor([1, 2]), runtime.tensor([1, 4])).item());
 * console.log(loss); // → 2
 * ```
 */
export function mseLoss(x: Tensor, target: Tensor): Tensor {
  return pairwise('mseLoss', coreKernels, 'mse', x, target);
}

/**
 * Computes the mean over rows of `-logSoftmax(logits)[target]`.
 *
 * @param logits Logits, [B, C].
 * @param targets Class of each row, B integers in [0, C - 1].
 * @returns The loss, [].
 * @throws {RangeError} The sizes do not match, or a target is not a class.
 * @throws {TypeError} `targets` is not an Int32Array.
 *
 * @example
 * ```ts
 * import { crossEntropy, load } from 'tapehead';
 * const runtime = await load();
 * const loss = runtime.noGrad(() => crossEntropy(runtime.tensor([[0, 0, 0, 0]]), Int32Array.of(2)).item());
 * console.log(loss.toFixed(4)); // → 1.3863
 * ```
 */
export function crossEntropy(logits: Tensor, targets: Int32Array): Tensor {
  expectShape('crossEntropy', 'logits', logits, -1, -1);
  const [rows, columns] = logits.shape as [number, number];
  if (tagOf(targets) !== 'Int32Array') failType('crossEntropy', 'targets', 'be an Int32Array', targets);
  if (targets.length !== rows) fail('crossEntropy', 'targets', `hold ${rows} classes`, targets.length);
  for (const target of targets) {
    if (target < 0 || target >= columns) fail('crossEntropy', 'targets', `lie in [0, ${columns - 1}]`, target);
  }
  const { runtime } = logits;
  const { arena } = runtime;
  const kernels = kernelsOf('crossEntropy', classKernels, runtime);
  const loss = runtime.output([]);
  const classes = runtime.allocate(rows);
  arena.writeIntegers(classes, targets);
  const saved = runtime.recording(logits) ? runtime.allocate(2 * rows) : 0;
  kernels.crossEntropy(loss.pointer, saved, logits.pointer, classes, rows, columns);
  runtime.record('crossEntropy', [logits], [loss], () => {
    const dx = runtime.gradient(logits);
    kernels.crossEntropyBackward(dx, loss.gradPointer, saved, logits.pointer, classes, rows, columns);
  });
  return loss;
}

function pairwise(op: string, family: Family, kernel: 'bceWithLogits' | 'mse', x: Tensor, target: Tensor): Tensor {
  expectSameShape(op, 'x', x, 'target', target);
  const { runtime, size } = x;
  const kernels = kernelsOf(op, family, runtime);
  const loss = runtime.output([]);
  kernels[kernel](loss.pointer, x.pointer, target.pointer, size);
  runtime.record(op, [x, target], [loss], () => {
    const dx = runtime.gradient(x);
    const dtarget = runtime.gradient(target);
    kernels[`${kernel}Backward`](dx, dtarget, loss.gradPointer, x.pointer, target.pointer, size);
  });
  return loss;
}
