// Softmax and its logarithm, over rows.
import { expectRank } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Softmax over the last dimension.
 *
 * `x: [..., C] → [..., C]`. Throws a RangeError where x is a scalar.
 */
export function softmax(x: Tensor): Tensor {
  expectRank('softmax', 'x', x, 1);
  const { runtime } = x;
  const { kernels } = runtime;
  const columns = x.shape.at(-1) as number;
  const rows = x.size / columns;
  const y = runtime.output(x.shape);
  kernels.softmax(y.pointer, x.pointer, rows, columns);
  runtime.record('softmax', [x], [y], () => {
    kernels.softmaxBackward(runtime.gradient(x), y.gradPointer, y.pointer, rows, columns);
  });
  return y;
}

/**
 * The logarithm of the softmax over the last dimension, exact where the softmax itself would round to 0.
 *
 * `x: [..., C] → [..., C]`. Throws a RangeError where x is a scalar.
 */
export function logSoftmax(x: Tensor): Tensor {
  expectRank('logSoftmax', 'x', x, 1);
  const { runtime } = x;
  const { kernels } = runtime;
  const columns = x.shape.at(-1) as number;
  const rows = x.size / columns;
  const y = runtime.output(x.shape);
  kernels.logSoftmax(y.pointer, x.pointer, rows, columns);
  runtime.record('logSoftmax', [x], [y], () => {
    kernels.logSoftmaxBackward(runtime.gradient(x), y.gradPointer, y.pointer, rows, columns);
  });
  return y;
}
