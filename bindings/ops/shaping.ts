// Shape ops: concatenation, splitting, views, repetition, transposition.

import { expectDimensions, expectInteger, expectIntegers, fail, failType, isArray } from '../tensor/check.js';
import { axisOf, expectRank, expectSameShape, expectTensor } from '../tensor/check-tensor.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { NOTHING_READ } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Concatenates tensors along a dimension.
 *
 * @param tensors At least one tensor; the shapes are equal except in that dimension: [..., C1], [..., C2], …
 * @param dim Dimension, negative counts from the end. Default -1, the last.
 * @returns The concatenation: [..., C1 + C2 + …].
 * @throws {RangeError} There is no tensor, the other dimensions differ, or there is no such dimension.
 * @throws {TypeError} `tensors` is not an array of Tensors.
 * @example
 * ```ts
 * import { concat, load } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const y = concat([runtime.zeros([2, 3]), runtime.zeros([2, 5])]);
 *   console.log(y.shape); // → [ 2, 8 ]
 * });
 * ```
 */
export function concat(tensors: readonly Tensor[], dim = -1): Tensor {
  const first = expectTensors('concat', tensors);
  expectRank('concat', 'tensors[0]', first, 1);
  const axis = axisOf('concat', first, dim);
  const shape = [...first.dims];
  shape[axis] = 0;
  for (const [i, tensor] of tensors.entries()) {
    expectSameExcept(axis, first, i, tensor);
    shape[axis] += tensor.dims[axis] as number;
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
  runtime.record(
    'concat',
    tensors,
    [y],
    () => {
      let from = 0;
      for (const tensor of tensors) {
        const part = rows === 0 ? 0 : tensor.size / rows;
        const dx = runtime.gradient(tensor);
        if (dx !== 0) addRows(dx, y.gradPointer + 4 * from, rows, part, part, width);
        from += part;
      }
    },
    NOTHING_READ,
  );
  return y;
}

/**
 * Splits a tensor along a dimension into parts of the given sizes.
 *
 * @param x Input: [..., C1 + C2 + …].
 * @param sizes Sizes of the parts, non-negative integers that sum to the size of that dimension.
 * @param dim Dimension, negative counts from the end. Default -1, the last.
 * @returns Copies of the parts: [..., C1], [..., C2], …
 * @throws {RangeError} The sizes do not sum to that of the dimension, or there is no such dimension.
 * @throws {TypeError} `sizes` is not an array of integers.
 * @example
 * ```ts
 * import { load, split } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const [a, b] = split(runtime.tensor([1, 2, 3]), [1, 2]);
 *   console.log(a.toArray(), b.toArray()); // → Float32Array(1) [ 1 ] Float32Array(2) [ 2, 3 ]
 * });
 * ```
 */
export function split<const S extends readonly number[]>(
  x: Tensor,
  sizes: S,
  dim = -1,
): { -readonly [I in keyof S]: Tensor } {
  const axis = axisOf('split', x, dim);
  expectIntegers('split', 'sizes', sizes, 0);
  let total = 0;
  for (let i = 0; i < sizes.length; i++) total += sizes[i] as number;
  if (total !== x.dims[axis]) fail('split', 'sizes', `sum to ${x.dims[axis]}`, sizes);
  const { runtime } = x;
  const { rows, width } = rowsFrom(x.dims, axis);
  const parts = sizes.map((size) => runtime.output(x.dims.map((old, d) => (d === axis ? size : old))));
  const each = (use: (part: Tensor, width: number, offset: number) => void): void => {
    let offset = 0;
    for (const part of parts) {
      const own = rowsFrom(part.dims, axis).width;
      use(part, own, offset);
      offset += own;
    }
  };
  const { copyRows, addRows } = runtime.kernels;
  each((part, own, offset) => copyRows(part.pointer, x.pointer + 4 * offset, rows, own, own, width));
  runtime.record(
    'split',
    [x],
    parts,
    () => {
      const dx = runtime.gradient(x);
      each((part, own, offset) => {
        if (part.gradPointer !== 0) addRows(dx + 4 * offset, part.gradPointer, rows, own, width, own);
      });
    },
    NOTHING_READ,
  );
  return parts as { -readonly [I in keyof S]: Tensor };
}

/**
 * Stacks T tensors of the same shape along a new first dimension.
 *
 * @param tensors At least one tensor, [...] each.
 * @returns The stack: [T, ...].
 * @throws {RangeError} There is no tensor, or the shapes differ.
 * @throws {TypeError} `tensors` is not an array of Tensors.
 * @example
 * ```ts
 * import { load, stack } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const y = stack([runtime.zeros([2, 5]), runtime.zeros([2, 5]), runtime.zeros([2, 5])]);
 *   console.log(y.shape); // → [ 3, 2, 5 ]
 * });
 * ```
 */
export function stack(tensors: readonly Tensor[]): Tensor {
  const first = expectTensors('stack', tensors);
  for (const [i, tensor] of tensors.entries()) expectSameShape('stack', 'tensors[0]', first, `tensors[${i}]`, tensor);
  return concat(
    tensors.map((tensor) => reshape(tensor, [1, ...tensor.dims])),
    0,
  );
}

/**
 * Returns the T slices along the first dimension. They are views: they share values and gradient with `x`.
 *
 * @param x Input: [T, ...].
 * @returns T views, [...] each.
 * @throws {RangeError} `x` is a scalar.
 * @example
 * ```ts
 * import { load, unbind } from 'tapehead';
 * const runtime = await load();
 * const [first, second] = unbind(runtime.tensor([1, 2, 3, 4], [2, 2]));
 * console.log(second?.toArray()); // → Float32Array(2) [ 3, 4 ]
 * ```
 */
export function unbind(x: Tensor): Tensor[] {
  expectRank('unbind', 'x', x, 1);
  const [count, ...shape] = x.dims as [number, ...number[]];
  const bytes = 4 * sizeOf(shape);
  return Array.from({ length: count }, (_, i) => view(x, i * bytes, shape));
}

/**
 * Returns the same values in another shape. It is a view: it shares values and gradient with `x`.
 *
 * @param x A tensor of any shape.
 * @param shape A shape with as many elements.
 * @returns A view of that shape.
 * @throws {RangeError} The number of elements differs.
 * @example
 * ```ts
 * import { load, reshape } from 'tapehead';
 * const runtime = await load();
 * const x = runtime.tensor([1, 2, 3, 4, 5, 6]);
 * console.log(reshape(x, [2, 3]).shape); // → [ 2, 3 ]
 * ```
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  expectTensor('reshape', 'x', x);
  expectDimensions('reshape', 'shape', shape);
  if (sizeOf(shape) !== x.size) fail('reshape', 'shape', `hold ${x.size} elements`, shape);
  return view(x, 0, shape);
}

/**
 * Repeats a tensor along its first dimension, which must have size 1, as for the batch of an initial state.
 *
 * @param x Input: [1, ...].
 * @param rows Number of copies, ≥ 0.
 * @returns The copies: [rows, ...].
 * @throws {RangeError} The first dimension does not have size 1, or `rows` is not a non-negative integer.
 * @example
 * ```ts
 * import { expand, load } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => expand(runtime.tensor([1, 2], [1, 2]), 3).toArray());
 * console.log(y.join(' ')); // → 1 2 1 2 1 2
 * ```
 */
export function expand(x: Tensor, rows: number): Tensor {
  expectRank('expand', 'x', x, 1);
  expectInteger('expand', 'rows', rows, 0);
  if (x.dims[0] !== 1) fail('expand', 'x', 'have a first dimension of size 1', x.dims);
  const { runtime } = x;
  const { kernels } = runtime;
  const y = runtime.output([rows, ...x.dims.slice(1)]);
  kernels.copyRows(y.pointer, x.pointer, rows, x.size, x.size, 0);
  runtime.record(
    'expand',
    [x],
    [y],
    () => {
      kernels.addRows(runtime.gradient(x), y.gradPointer, rows, x.size, 0, x.size);
    },
    NOTHING_READ,
  );
  return y;
}

/**
 * Transposes the last two dimensions, as PyTorch's `x.mT`.
 *
 * @param x Input: [..., R, C].
 * @returns A transposed copy: [..., C, R].
 * @throws {RangeError} `x` has fewer than two dimensions.
 * @example
 * ```ts
 * import { load, transpose } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => transpose(runtime.tensor([1, 2, 3, 4], [2, 2])).toArray());
 * console.log(y); // → Float32Array(4) [ 1, 3, 2, 4 ]
 * ```
 */
export function transpose(x: Tensor): Tensor {
  expectRank('transpose', 'x', x, 2);
  const { runtime } = x;
  const [rows, columns] = x.dims.slice(-2) as [number, number];
  const batch = sizeOf(x.dims.slice(0, -2));
  const y = runtime.output([...x.dims.slice(0, -2), columns, rows]);
  const { kernels } = runtime;
  kernels.transpose(y.pointer, x.pointer, batch, rows, columns, false);
  runtime.record(
    'transpose',
    [x],
    [y],
    () => {
      kernels.transpose(runtime.gradient(x), y.gradPointer, batch, columns, rows, true);
    },
    NOTHING_READ,
  );
  return y;
}

/** `tensors` must be a non-empty array of live tensors; returns the first. */
function expectTensors(op: string, tensors: readonly Tensor[]): Tensor {
  if (!isArray(tensors)) failType(op, 'tensors', 'be an array of Tensors', tensors);
  if (tensors.length === 0) fail(op, 'tensors', 'hold at least one Tensor', tensors);
  for (let i = 0; i < tensors.length; i++) expectTensor(op, `tensors[${i}]`, tensors[i] as Tensor);
  return tensors[0] as Tensor;
}

/** Tensor `i` must have the shape of `first` except along `axis`. */
function expectSameExcept(axis: number, first: Tensor, i: number, tensor: Tensor): void {
  let same = tensor.dims.length === first.dims.length;
  for (let d = 0; same && d < first.dims.length; d++) same = d === axis || tensor.dims[d] === first.dims[d];
  if (same) return;
  const wanted = first.dims.map((size, d) => (d === axis ? '*' : size)).join(', ');
  fail('concat', `tensors[${i}]`, `have shape [${wanted}]`, tensor.dims);
}

/** A view needs no tape entry: its gradient is part of the gradient of `x`. */
function view(x: Tensor, offset: number, shape: Shape): Tensor {
  return x.view(offset, shape, x.runtime.recording(x));
}

/** A shape as a matrix: rows are the dimensions before `axis`, columns the others. */
function rowsFrom(shape: Shape, axis: number): { rows: number; width: number } {
  let [rows, width] = [1, 1];
  for (let d = 0; d < axis; d++) rows *= shape[d] as number;
  for (let d = axis; d < shape.length; d++) width *= shape[d] as number;
  return { rows, width };
}
