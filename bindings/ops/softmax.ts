// Softmax and log-softmax over the last dimension.
import { classKernels, kernelsOf, logitKernels } from '../engine/families.js';
import { expectRank } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Computes the softmax over the last dimension: `e^x / Σ e^x`, without overflow for any finite x.
 *
 * @param x Logits: [..., C].
 * @returns Probabilities that sum to 1 over the last dimension: [..., C].
 * @throws {RangeError} `x` is a scalar.
 * @example
 * ```ts
 * import { load, softmax } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => softmax(runtime.tensor([1000, 1000])).toArray());
 * console.log(y); // → Float32Array(2) [ 0.5, 0.5 ]
 * ```
 */
export function softmax(x: Tensor): Tensor {
  expectRank('softmax', 'x', x, 1);
  const { runtime } = x;
  const kernels = kernelsOf('softmax', logitKernels, runtime);
  const columns = x.dims.at(-1) as number;
  const rows = x.size / columns;
  const y = runtime.output(x.dims);
  kernels.softmax(y.pointer, x.pointer, rows, columns);
  runtime.record(
    'softmax',
    [x],
    [y],
    () => {
      kernels.softmaxBackward(runtime.gradient(x), y.gradPointer, y.pointer, rows, columns);
    },
    [y],
  );
  return y;
}

/**
 * Computes the logarithm of the softmax over the last dimension, accurate even if the softmax itself underflows to 0.
 *
 * @param x Logits: [..., C].
 * @returns Log-probabilities: [..., C].
 * @throws {RangeError} `x` is a scalar.
 * @example
 * ```ts
 * import { load, logSoftmax } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => logSoftmax(runtime.tensor([0, 1000])).toArray());
 * console.log(y); // → Float32Array(2) [ -1000, 0 ]
 * ```
 */
export function logSoftmax(x: Tensor): Tensor {
  expectRank('logSoftmax', 'x', x, 1);
  const { runtime } = x;
  const kernels = kernelsOf('logSoftmax', classKernels, runtime);
  const columns = x.dims.at(-1) as number;
  const rows = x.size / columns;
  const y = runtime.output(x.dims);
  kernels.logSoftmax(y.pointer, x.pointer, rows, columns);
  runtime.record(
    'logSoftmax',
    [x],
    [y],
    () => {
      kernels.logSoftmaxBackward(runtime.gradient(x), y.gradPointer, y.pointer, rows, columns);
    },
    [y],
  );
  return y;
}
