// Numbers that a caller hands over: typed arrays of any realm, arrays, nested arrays.
import { describe, fail, failType, isTypedArray } from './check.js';
import { isSameShape, type Shape, sizeOf } from './shape.js';

/** Numbers for a tensor: one, a typed array, an array, or nested arrays of equal lengths. */
export type TensorData = number | ArrayLike<number> | readonly TensorData[];

/** Numbers, row-major, and the shape in which they were given. */
export interface Numbers {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
}

const MAX_DEPTH = 32;

/** Reads `data`. Throws a TypeError where an element is no number (a hole, a string, undefined), a RangeError for ragged arrays. */
export function numbersOf(op: string, argument: string, data: unknown): Numbers {
  if (typeof data === 'number') return { data: [data], shape: [] };
  if (isTypedArray(data)) {
    if (typeof data[0] === 'bigint') failType(op, argument, 'hold numbers', data);
    return { data, shape: [data.length] };
  }
  if (typeof data !== 'object' || data === null || !isLength((data as ArrayLike<unknown>).length)) {
    return failType(op, argument, 'be an array of numbers', data);
  }
  const list = data as ArrayLike<unknown>;
  if (!isNested(list[0])) return { data: flat(op, argument, list), shape: [list.length] };
  const shape = shapeOf(op, argument, list);
  const numbers = new Float32Array(sizeOf(shape));
  fill(op, argument, list, shape, numbers, 0);
  return { data: numbers, shape };
}

/** The numbers, which must fill `shape`: as many as it has elements or, nested, in that shape. */
export function expectSize(
  op: string,
  argument: string,
  { data, shape: given }: Numbers,
  shape: Shape,
): ArrayLike<number> {
  const size = sizeOf(shape);
  if (data.length !== size) fail(op, argument, `hold ${size} numbers`, data.length);
  if (given.length > 1 && !isSameShape(given, shape)) fail(op, argument, `have shape [${shape.join(', ')}]`, given);
  return data;
}

function isLength(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isNested(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || isTypedArray(value);
}

/** The shape that the first elements have. */
function shapeOf(op: string, argument: string, data: ArrayLike<unknown>): Shape {
  const shape: number[] = [];
  for (let part: unknown = data; isNested(part); part = part[0]) {
    if (shape.push(part.length) > MAX_DEPTH) fail(op, argument, `have at most ${MAX_DEPTH} dimensions`, data);
  }
  return shape;
}

/** Copies nested arrays of `shape` to `numbers`, from index `at` on. */
function fill(
  op: string,
  argument: string,
  data: ArrayLike<unknown>,
  shape: Shape,
  numbers: Float32Array,
  at: number,
): void {
  const [length, ...inner] = shape;
  if (data.length !== length) fail(op, argument, 'hold arrays of equal lengths', data.length);
  if (inner.length === 0) {
    numbers.set(flat(op, argument, data), at);
    return;
  }
  const width = sizeOf(inner);
  for (let i = 0; i < data.length; i++) {
    const part = data[i];
    if (!isNested(part)) fail(op, argument, 'hold arrays of equal depth', part);
    fill(op, argument, part, inner, numbers, at + i * width);
  }
}

/** `list`, whose elements must all be numbers. */
function flat(op: string, argument: string, list: ArrayLike<unknown>): ArrayLike<number> {
  if (isTypedArray(list) && typeof list[0] !== 'bigint') return list;
  for (let i = 0; i < list.length; i++) {
    if (typeof list[i] === 'number') continue;
    const found = i in list ? describe(list[i]) : 'a hole';
    throw new TypeError(`${op}: ${argument} must hold numbers, got ${found} at index ${i}`);
  }
  return list as ArrayLike<number>;
}
