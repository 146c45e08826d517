// Numbers that a caller hands over: typed arrays of any realm, arrays, nested arrays.
import {
  describe,
  fail,
  failType,
  isArray,
  isDetached,
  isObject,
  isTypedArray,
  MAX_ELEMENTS,
  MAX_RANK,
} from './check.js';
import { isSameShape, type Shape, sizeOf } from './shape.js';

/** Numbers for a tensor: one, a typed array, an array, or nested arrays of equal lengths. */
export type TensorData = number | ArrayLike<number> | readonly TensorData[];

/** Numbers, row-major, and the shape in which they were given. */
export interface Numbers {
  readonly data: ArrayLike<number>;
  readonly shape: Shape;
}

/** Reads `data`. Throws a TypeError where an element is no number (a hole, a string, undefined), a RangeError for ragged arrays. */
export function numbersOf(op: string, argument: string, data: unknown): Numbers {
  if (typeof data === 'number') return { data: [data], shape: [] };
  if (isTypedArray(data)) {
    if (typeof data[0] === 'bigint') failType(op, argument, 'hold numbers', data);
    return { data: flat(op, argument, data), shape: [data.length] };
  }
  if (typeof data !== 'object' || !isObject(data) || !isLength((data as ArrayLike<unknown>).length)) {
    return failType(op, argument, 'be an array of numbers', data);
  }
  const list = data as ArrayLike<unknown>;
  if (!isNested(list[0])) {
    const numbers = flat(op, argument, list);
    return { data: numbers, shape: [numbers.length] };
  }
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
  return isArray(value) || isTypedArray(value);
}

/** The shape that the first elements have. */
function shapeOf(op: string, argument: string, data: ArrayLike<unknown>): Shape {
  const shape: number[] = [];
  for (let part: unknown = data; isNested(part); part = part[0]) {
    if (shape.push(part.length) > MAX_RANK) fail(op, argument, `have at most ${MAX_RANK} dimensions`, data);
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
    const row = flat(op, argument, data);
    if (row.length !== length) fail(op, argument, 'hold arrays of equal lengths', row.length);
    numbers.set(row, at);
    return;
  }
  const width = sizeOf(inner);
  for (let i = 0; i < length; i++) {
    const part = data[i];
    if (!isNested(part)) fail(op, argument, 'hold arrays of equal depth', part);
    fill(op, argument, part, inner, numbers, at + i * width);
  }
}

/** The elements of `list`, which must all be numbers. Each is read once, since it may be computed: what was checked is what counts. */
function flat(op: string, argument: string, list: ArrayLike<unknown>): ArrayLike<number> {
  if (isTypedArray(list) && typeof list[0] !== 'bigint') {
    if (isDetached(list))
      throw new TypeError(`${op}: ${argument} must hold numbers, but its buffer has been transferred`);
    return list;
  }
  const { length } = list;
  if (length > MAX_ELEMENTS) fail(op, argument, 'hold at most 2^30 numbers', length);
  const numbers: number[] = [];
  for (let i = 0; i < length; i++) {
    const value = list[i];
    if (typeof value !== 'number') {
      const found = i in list ? describe(value) : 'a hole';
      throw new TypeError(`${op}: ${argument} must hold numbers, got ${found} at index ${i}`);
    }
    numbers.push(value);
  }
  return numbers;
}
