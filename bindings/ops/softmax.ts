// Softmax over rows.
import { expectRank } from '../shape.js';
import type { Tensor } from '../tensor.js';

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
