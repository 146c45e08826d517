// Bias addition along the last dimension.
import { expectRank, expectShape } from '../tensor/check-tensor.js';
import { NOTHING_READ } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Adds a bias to every row of a tensor.
 *
 * @param x Input: [..., C].
 * @param bias Bias: [C].
 * @returns The sums: [..., C].
 * @throws {RangeError} `x` is a scalar, or `bias` does not have shape [C].
 * @example
 * ```ts
 * import { addBias, load } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const x = runtime.tensor([1, 2, 3, 4], [2, 2]);
 *   console.log(addBias(x, runtime.tensor([10, 20])).toArray()); // → Float32Array(4) [ 11, 22, 13, 24 ]
 * });
 * ```
 */
export function addBias(x: Tensor, bias: Tensor): Tensor {
  expectRank('addBias', 'x', x, 1);
  const columns = x.dims.at(-1) as number;
  expectShape('addBias', 'bias', bias, columns);
  const { runtime } = x;
  const { kernels } = runtime;
  const rows = columns === 0 ? 0 : x.size / columns;
  const y = runtime.output(x.dims);
  kernels.addBias(y.pointer, x.pointer, bias.pointer, rows, columns);
  runtime.record(
    'addBias',
    [x, bias],
    [y],
    () => {
      const dy = y.gradPointer;
      if (x.requiresGrad) kernels.addRows(runtime.gradient(x), dy, 1, x.size, x.size, x.size);
      if (bias.requiresGrad) kernels.biasBackward(runtime.gradient(bias), dy, rows, columns);
    },
    NOTHING_READ,
  );
  return y;
}
