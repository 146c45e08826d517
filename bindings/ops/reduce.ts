// Sums and means.
import { axisOf, expectTensor } from '../tensor/check-tensor.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { NOTHING_READ } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Sum of all elements, or over dimension `dim`, which disappears (negative ones count from the end).
 *
 * `x: [...] → []`, with `dim = -1`: `[..., C] → [...]`. Added up in float64. Throws a RangeError where x has no such
 * dimension.
 */
export function sum(x: Tensor, dim?: number): Tensor {
  return reduce('sum', x, dim);
}

/** Mean of all elements, or over dimension `dim`, as `sum`; NaN of none. */
export function mean(x: Tensor, dim?: number): Tensor {
  return reduce('mean', x, dim);
}

function reduce(op: 'sum' | 'mean', x: Tensor, dim: number | undefined): Tensor {
  const { shape, outer, size, inner } = dimensions(op, x, dim);
  const { runtime } = x;
  const { kernels } = runtime;
  const factor = op === 'mean' ? 1 / size : 1;
  const y = runtime.output(shape);
  kernels.sum(y.pointer, x.pointer, outer, size, inner, factor);
  const backward = () => kernels.sumBackward(runtime.gradient(x), y.gradPointer, outer, size, inner, factor);
  runtime.record(op, [x], [y], backward, NOTHING_READ);
  return y;
}

/** x seen as [outer, size, inner], of which `size` goes; `shape` is what remains. */
function dimensions(
  op: string,
  x: Tensor,
  dim: number | undefined,
): { shape: Shape; outer: number; size: number; inner: number } {
  expectTensor(op, 'x', x);
  if (dim === undefined) return { shape: [], outer: 1, size: x.size, inner: 1 };
  const axis = axisOf(op, x, dim);
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  return {
    shape: [...before, ...after],
    outer: sizeOf(before),
    size: x.shape[axis] as number,
    inner: sizeOf(after),
  };
}
