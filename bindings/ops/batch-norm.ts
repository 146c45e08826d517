// Batch norm of the columns of a matrix.

import { expectNumber, fail } from '../tensor/check.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** How a batch is normalized. */
export interface BatchNormOptions {
  /** Normalize by the batch's own statistics and move the running ones; otherwise by the running ones. */
  training: boolean;
  /** How far the running statistics move towards the batch's, in [0, 1]. Default 0.1. */
  momentum?: number;
  /** Added to the variance, at least 0. Default 1e-5. */
  eps?: number;
}

/**
 * Batch norm, PyTorch's `F.batch_norm`: `(x − mean) / √(variance + eps) · weight + bias`, column by column.
 *
 * `x: [B, C], weight: [C], bias: [C], runningMean: [C], runningVar: [C] → [B, C]`. In training the running statistics are
 * overwritten; the variance there is the unbiased one. Throws a RangeError where the sizes do not fit, or a batch to train
 * on has fewer than two rows. Source: Ioffe and Szegedy 2015, algorithms 1 and 2.
 */
export function batchNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  runningMean: Tensor,
  runningVar: Tensor,
  { training, momentum = 0.1, eps = 1e-5 }: BatchNormOptions,
): Tensor {
  expectShape('batchNorm', 'x', x, -1, -1);
  const [rows, columns] = x.shape as [number, number];
  for (const [name, tensor] of Object.entries({ weight, bias, runningMean, runningVar })) {
    expectShape('batchNorm', name, tensor, columns);
  }
  expectNumber('batchNorm', 'momentum', momentum, 0, 1);
  expectNumber('batchNorm', 'eps', eps, 0);
  if (training && rows < 2) fail('batchNorm', 'x', 'have at least 2 rows in training', x.shape);
  const { runtime } = x;
  const { kernels } = runtime;
  const y = runtime.output(x.shape);
  const [mean, scale] = [runtime.allocate(columns), runtime.allocate(columns)];
  const running = [runningMean.pointer, runningVar.pointer] as const;
  const given = [x.pointer, weight.pointer, bias.pointer] as const;
  kernels.batchNorm(y.pointer, mean, scale, ...running, ...given, rows, columns, training, momentum, eps);
  runtime.record('batchNorm', [x, weight, bias], [y], () => {
    const [dx, dw, db] = [runtime.gradient(x), runtime.gradient(weight), runtime.gradient(bias)];
    const saved = [x.pointer, mean, scale, weight.pointer] as const;
    kernels.batchNormBackward(dx, dw, db, y.gradPointer, ...saved, rows, columns, training);
  });
  return y;
}
