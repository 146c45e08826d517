// Putting tensors together, taking them apart, and looking at them in another shape.

import { expectDimensions, expectInteger, fail } from '../tensor/check.js';
import { axisOf, expectRank, expectTensor } from '../tensor/check-tensor.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Joins tensors along a dimension (the last by default; negative ones count from the end).
 *
 * `[..., C1], [..., C2], … → [..., C1 + C2 + …]`. Throws a RangeError where the other dimensions differ.
 */
export function concat(tensors: readonly Tensor[], dim = -1): Tensor {
  if (tensors.length === 0) fail('concat', 'tensors', 'hold at least one tensor', tensors.length);
  const [first] = tensors as [Tensor];
  const axis = axisOf('concat', first, dim);
  const shape = [...first.shape];
  shape[axis] = 0;
  for (const tensor of tensors) {
    expectJoinable(tensor, first, axis);
    shape[axis] += tensor.shape[axis] as number;
  }
  const { runtime } = first;
  const y = runtime.output(shape);
  const { rows, width } = rowsFrom(shape, axis);
  const { copyRows, addRows } = runtime.kernels;
  let offset = 0;
  for (const tensor of tensors) {
    const part = rows === 0 ? 0 : tensor.size / rows;
    copyRows(y.pointer + 4 * offset, tensor.pointer, rows, part, width, part);
    offset += part;
  }
  runtime.record('concat', tensors, [y], () => {
    let from = 0;
    for (const tensor of tensors) {
      const part = rows === 0 ? 0 : tensor.size / rows;
      const dx = runtime.gradient(tensor);
      if (dx !== 0) addRows(dx, y.gradPointer + 4 * from, rows, part, part, width);
      from += part;
    }
  });
  return y;
}

/**
 * Cuts a tensor along a dimension (the last by default) into parts of the given sizes.
 *
 * `[..., C1 + C2 + …] → [..., C1], [..., C2], …`. Throws a RangeError where the sizes do not add up.
 */
export function split<const S extends readonly number[]>(
  x: Tensor,
  sizes: S,
  dim = -1,
): { -readonly [I in keyof S]: Tensor } {
  const axis = axisOf('split', x, dim);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total !== x.shape[axis]) fail('split', 'sizes', `add up to ${x.shape[axis]}`, sizes);
  const { runtime } = x;
  const { rows, width } = rowsFrom(x.shape, axis);
  const parts = sizes.map((size, i) => {
    expectInteger('split', `sizes[${i}]`, size, 0);
    return runtime.output(x.shape.map((old, d) => (d === axis ? size : old)));
  });
  const each = (use: (part: Tensor, width: number, offset: number) => void): void => {
    let offset = 0;
    for (const part of parts) {
      const own = rowsFrom(part.shape, axis).width;
      use(part, own, offset);
      offset += own;
    }
  };
  const { copyRows, addRows } = runtime.kernels;
  each((part, own, offset) => copyRows(part.pointer, x.pointer + 4 * offset, rows, own, own, width));
  runtime.record('split', [x], parts, () => {
    const dx = runtime.gradient(x);
    each((part, own, offset) => {
      if (part.gradPointer !== 0) addRows(dx + 4 * offset, part.gradPointer, rows, own, width, own);
    });
  });
  return parts as { -readonly [I in keyof S]: Tensor };
}

/** Joins T tensors of one shape along a new first dimension: `T × [...] → [T, ...]`. */
export function stack(tensors: readonly Tensor[]): Tensor {
  return concat(
    tensors.map((tensor) => {
      expectTensor('stack', 'tensors', tensor);
      return reshape(tensor, [1, ...tensor.shape]);
    }),
    0,
  );
}

/** The T slices along the first dimension, `[T, ...] → T × [...]`: views that share values and gradient with `x`. */
export function unbind(x: Tensor): Tensor[] {
  expectRank('unbind', 'x', x, 1);
  const [count, ...shape] = x.shape as [number, ...number[]];
  const bytes = 4 * sizeOf(shape);
  return Array.from({ length: count }, (_, i) => view(x, i * bytes, shape));
}

/** The same numbers in another shape of the same size: a view that shares values and gradient with `x`. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  expectTensor('reshape', 'x', x);
  expectDimensions('reshape', 'shape', shape);
  if (sizeOf(shape) !== x.size) fail('reshape', 'shape', `hold ${x.size} elements`, shape);
  return view(x, 0, shape);
}

/** Repeats the only row of x: `[1, ...] → [rows, ...]`. Throws a RangeError where the first dimension is not 1. */
export function expand(x: Tensor, rows: number): Tensor {
  expectRank('expand', 'x', x, 1);
  expectInteger('expand', 'rows', rows, 0);
  if (x.shape[0] !== 1) fail('expand', 'x', 'have a first dimension of 1', x.shape);
  const { runtime } = x;
  const { kernels } = runtime;
  const y = runtime.output([rows, ...x.shape.slice(1)]);
  kernels.copyRows(y.pointer, x.pointer, rows, x.size, x.size, 0);
  runtime.record('expand', [x], [y], () => {
    kernels.addRows(runtime.gradient(x), y.gradPointer, rows, x.size, 0, x.size);
  });
  return y;
}

function expectJoinable(tensor: Tensor, first: Tensor, axis: number): void {
  expectTensor('concat', 'tensors', tensor);
  let same = tensor.shape.length === first.shape.length;
  for (let d = 0; same && d < first.shape.length; d++) same = d === axis || tensor.shape[d] === first.shape[d];
  if (!same) fail('concat', 'tensors', `have the shape [${first.shape}] but for dimension ${axis}`, tensor.shape);
}

/** A view needs no place on the tape: what is added to its gradient is added to the gradient of `x`. */
function view(x: Tensor, offset: number, shape: Shape): Tensor {
  return x.view(offset, shape, x.runtime.recording(x));
}

/** A tensor seen as rows before `axis`, each as wide as all that follows. */
function rowsFrom(shape: Shape, axis: number): { rows: number; width: number } {
  let [rows, width] = [1, 1];
  for (let d = 0; d < axis; d++) rows *= shape[d] as number;
  for (let d = axis; d < shape.length; d++) width *= shape[d] as number;
  return { rows, width };
}

/** The last two dimensions exchanged, PyTorch's `x.mT`: `[..., R, C] → [..., C, R]`. Throws a RangeError for fewer than two. */
export function transpose(x: Tensor): Tensor {
  expectRank('transpose', 'x', x, 2);
  const { runtime } = x;
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const batch = sizeOf(x.shape.slice(0, -2));
  const y = runtime.output([...x.shape.slice(0, -2), columns, rows]);
  const { kernels } = runtime;
  kernels.transpose(y.pointer, x.pointer, batch, rows, columns, false);
  runtime.record('transpose', [x], [y], () => {
    kernels.transpose(runtime.gradient(x), y.gradPointer, batch, columns, rows, true);
  });
  return y;
}
