// Sums and means.
import { axisOf, expectTensor } from '../tensor/check-tensor.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { NOTHING_READ } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Sums all elements, or those along dimension `dim`, which is removed. Accumulates in float64.
 *
 * @param x A tensor of any shape.
 * @param dim Dimension to sum over; negative ones count from the end. Default: all dimensions.
 * @returns The sum, [] or the shape of x without `dim`.
 * @throws {RangeError} x has no dimension `dim`.
 *
 * @example
 * ```ts
 * import { load, sum } from 'tapehead';
 * const runtime = await load();
 * const x = runtime.tensor([[1, 2], [3, 4]]);
 * const [all, rows] = runtime.noGrad(() => [sum(x).item(), sum(x, -1).toArray()]);
 * console.log(all, rows); // → 10 Float32Array(2) [ 3, 7 ]
 * ```
 */
export function sum(x: Tensor, dim?: number): Tensor {
  return reduce('sum', x, dim);
}

/**
 * Averages all elements, or those along dimension `dim`, which is removed. The mean of no elements is NaN.
 *
 * @param x A tensor of any shape.
 * @param dim Dimension to average over; negative ones count from the end. Default: all dimensions.
 * @returns The mean, [] or the shape of x without `dim`.
 * @throws {RangeError} x has no dimension `dim`.
 *
 * @example
 * ```ts
 * import { load, mean } from 'tapehead';
 * const runtime = await load();
 * const x = runtime.tensor([[1, 2], [3, 4]]);
 * console.log(runtime.noGrad(() => mean(x, 0).toArray())); // → Float32Array(2) [ 2, 3 ]
 * ```
 */
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

/** The sizes of x as [outer, size, inner], where `size` is summed over, and the shape of the result. */
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
