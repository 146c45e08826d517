// Batch normalisation of the columns of a matrix.

import { kernelsOf, normalizationKernels } from '../engine/families.js';
import { expectBoolean, expectNumber, expectOptions, fail, type OptionKeys } from '../tensor/check.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** Options of batchNorm. */
export interface BatchNormOptions {
  /** Use the batch statistics and update the running ones (`true`), or use the running ones. Required. */
  training: boolean;
  /** Weight of the batch statistics in the update of the running ones, in [0, 1]. Default 0.1. */
  momentum?: number;
  /** Term added to the variance for numerical stability, ≥ 0. Default 1e-5. */
  eps?: number;
}

const OPTIONS: OptionKeys<BatchNormOptions> = { training: true, momentum: true, eps: true };

/**
 * Applies batch normalisation to every column, as PyTorch's `F.batch_norm`:
 * `(x − mean) / √(variance + eps) · weight + bias`.
 *
 * In training it overwrites the running statistics, whose variance is the unbiased estimate.
 *
 * @param x Input: [B, C], B ≥ 2 in training.
 * @param weight Scale of every column: [C].
 * @param bias Offset of every column: [C].
 * @param runningMean Running mean: [C].
 * @param runningVar Running variance: [C].
 * @param options Mode, momentum and eps.
 * @returns The normalised batch: [B, C].
 * @throws {RangeError} The shapes do not fit, a training batch has one row, or an option is out of its range.
 * @throws {TypeError} An option is unknown or of the wrong type, or `training` is missing.
 * @example
 * ```ts
 * import { batchNorm, load } from 'tapehead';
 * const runtime = await load();
 * const [weight, bias] = [runtime.tensor([1]), runtime.tensor([0])];
 * const [mean, variance] = [runtime.tensor([0]), runtime.tensor([1])];
 * runtime.noGrad(() => {
 *   const x = runtime.tensor([1, 3], [2, 1]);
 *   const y = batchNorm(x, weight, bias, mean, variance, { training: true, eps: 0 });
 *   console.log(y.toArray(), mean.toArray()); // → Float32Array(2) [ -1, 1 ] Float32Array(1) [ 0.20000000298023224 ]
 * });
 * ```
 *
 * @see Ioffe & Szegedy 2015, algorithms 1 and 2.
 */
export function batchNorm(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  runningMean: Tensor,
  runningVar: Tensor,
  options: BatchNormOptions,
): Tensor {
  const { training, momentum = 0.1, eps = 1e-5 } = expectOptions('batchNorm', options, OPTIONS);
  expectBoolean('batchNorm', 'training', training);
  expectShape('batchNorm', 'x', x, -1, -1);
  const [rows, columns] = x.dims as [number, number];
  for (const [name, tensor] of Object.entries({ weight, bias, runningMean, runningVar })) {
    expectShape('batchNorm', name, tensor, columns);
  }
  expectNumber('batchNorm', 'momentum', momentum, 0, 1);
  expectNumber('batchNorm', 'eps', eps, 0);
  if (training && rows < 2) fail('batchNorm', 'x', 'have at least 2 rows in training', x.dims);
  const { runtime } = x;
  const kernels = kernelsOf('batchNorm', normalizationKernels, runtime);
  const y = runtime.output(x.dims);
  const [mean, scale] = [runtime.allocate(columns), runtime.allocate(columns)];
  const running = [runningMean.pointer, runningVar.pointer] as const;
  const given = [x.pointer, weight.pointer, bias.pointer] as const;
  kernels.batchNorm(y.pointer, mean, scale, ...running, ...given, rows, columns, training, momentum, eps);
  if (training) for (const statistic of [runningMean, runningVar]) runtime.changed(statistic);
  runtime.record(
    'batchNorm',
    [x, weight, bias],
    [y],
    () => {
      const [dx, dw, db] = [runtime.gradient(x), runtime.gradient(weight), runtime.gradient(bias)];
      const saved = [x.pointer, mean, scale, weight.pointer] as const;
      kernels.batchNormBackward(dx, dw, db, y.gradPointer, ...saved, rows, columns, training);
    },
    [x, weight],
  );
  return y;
}
