// A bias on the last dimension.
import { expectRank, expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** Adds a bias to every row: `x: [..., C], bias: [C] → [..., C]`. Throws a RangeError where the sizes do not fit. */
export function addBias(x: Tensor, bias: Tensor): Tensor {
  expectRank('addBias', 'x', x, 1);
  const columns = x.shape.at(-1) as number;
  expectShape('addBias', 'bias', bias, columns);
  const { runtime } = x;
  const { kernels } = runtime;
  const rows = columns === 0 ? 0 : x.size / columns;
  const y = runtime.output(x.shape);
  kernels.addBias(y.pointer, x.pointer, bias.pointer, rows, columns);
  runtime.record('addBias', [x, bias], [y], () => {
    const dy = y.gradPointer;
    if (x.requiresGrad) kernels.addRows(runtime.gradient(x), dy, 1, x.size, x.size, x.size);
    if (bias.requiresGrad) kernels.biasBackward(runtime.gradient(bias), dy, rows, columns);
  });
  return y;
}
