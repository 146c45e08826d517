// Losses: each a scalar, the mean over its batch.

import { classKernels, coreKernels, type Family, kernelsOf, logitKernels } from '../engine/families.js';
import { fail, failType } from '../tensor/check.js';
import { expectSameShape, expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Mean binary cross-entropy of `sigmoid(x)` and `target`, PyTorch's `binary_cross_entropy_with_logits`; stable for
 * every x.
 *
 * `x: [...], target: [...] → []`. Throws a RangeError where the shapes differ.
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor): Tensor {
  return pairwise('binaryCrossEntropyWithLogits', logitKernels, 'bceWithLogits', x, target);
}

/** Mean of `(x - target)²`: `x: [...], target: [...] → []`. Throws a RangeError where the shapes differ. */
export function mseLoss(x: Tensor, target: Tensor): Tensor {
  return pairwise('mseLoss', coreKernels, 'mse', x, target);
}

/**
 * Mean over rows of `-logSoftmax(logits)[targets]`.
 *
 * `logits: [B, C], targets: B classes from 0 to C - 1 → []`. Throws a RangeError where a target is no class.
 */
export function crossEntropy(logits: Tensor, targets: Int32Array): Tensor {
  expectShape('crossEntropy', 'logits', logits, -1, -1);
  const [rows, columns] = logits.shape as [number, number];
  if (!(targets instanceof Int32Array)) failType('crossEntropy', 'targets', 'be an Int32Array', targets);
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
