// Every argument check of the bindings: `<op>: <argument> must <condition>, got <value>`, thrown before any kernel runs.
import type { Tensor } from './tensor.js';

/** Sizes of a tensor's dimensions, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dim of shape) size *= dim;
  return size;
}

/** Throws a RangeError in the project's form. */
export function fail(op: string, argument: string, condition: string, got: unknown): never {
  throw new RangeError(`${op}: ${argument} must ${condition}, got ${describe(got)}`);
}

/** Throws a TypeError in the project's form. */
export function failType(op: string, argument: string, condition: string, got: unknown): never {
  throw new TypeError(`${op}: ${argument} must ${condition}, got ${describe(got)}`);
}

/** `argument` must be a tensor that is still alive: made in the running step, or persistent. */
export function expectTensor(op: string, argument: string, value: Tensor): void {
  if (!isTensor(value)) failType(op, argument, 'be a Tensor', value);
  if (!value.scope.alive) {
    throw new ReferenceError(`${op}: ${argument} must belong to the running step, got a tensor whose step has ended`);
  }
}

/** `argument` must be a live tensor of this shape; -1 stands for any size. */
export function expectShape(op: string, argument: string, value: Tensor, ...shape: number[]): void {
  expectTensor(op, argument, value);
  let same = value.shape.length === shape.length;
  for (let i = 0; same && i < shape.length; i++) same = shape[i] === -1 || shape[i] === value.shape[i];
  if (!same) fail(op, argument, `have shape [${shape.map((dim) => (dim === -1 ? '*' : dim)).join(', ')}]`, value.shape);
}

/** `b` must have the shape of `a`; both live. */
export function expectSameShape(op: string, aName: string, a: Tensor, bName: string, b: Tensor): void {
  expectTensor(op, aName, a);
  expectTensor(op, bName, b);
  let same = a.shape.length === b.shape.length;
  for (let i = 0; same && i < a.shape.length; i++) same = a.shape[i] === b.shape[i];
  if (!same) fail(op, bName, `have the shape of ${aName} [${a.shape.join(', ')}]`, b.shape);
}

/** `argument` must be a live tensor with at least `rank` dimensions. */
export function expectRank(op: string, argument: string, value: Tensor, rank: number): void {
  expectTensor(op, argument, value);
  if (value.shape.length < rank) {
    fail(op, argument, `have at least ${rank} dimension${rank === 1 ? '' : 's'}`, value.shape);
  }
}

/** The index of dimension `dim` of `x`, which must have it; negative ones count from the end. */
export function axisOf(op: string, x: Tensor, dim: number): number {
  expectRank(op, 'x', x, 1);
  const axis = dim < 0 ? dim + x.shape.length : dim;
  if (!Number.isInteger(axis) || axis < 0 || axis >= x.shape.length) {
    fail(op, 'dim', `name one of ${x.shape.length} dimensions`, dim);
  }
  return axis;
}

/** `value` must be a whole number of at least `least`. */
export function expectInteger(op: string, argument: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    fail(op, argument, `be a whole number of at least ${least}`, value);
}

/** `value` must be a finite number in [low, high]. */
export function expectNumber(op: string, argument: string, value: number, low = -Infinity, high = Infinity): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < low || value > high) {
    const range = low === -Infinity && high === Infinity ? '' : ` in [${low}, ${high}]`;
    fail(op, argument, `be a finite number${range}`, value);
  }
}

/** A shape's dimensions must be whole numbers of at least 0, and its size addressable. */
export function expectDimensions(op: string, argument: string, shape: Shape): void {
  if (!Array.isArray(shape)) failType(op, argument, 'be an array of dimensions', shape);
  for (const dim of shape) {
    if (!Number.isSafeInteger(dim) || dim < 0) fail(op, argument, 'hold whole numbers of at least 0', shape);
  }
  if (sizeOf(shape) > 2 ** 30) fail(op, argument, 'hold at most 2^30 elements', shape);
}

/** Told by a property of its own, since tensor.ts needs this file: bundlers warn of modules that import each other. */
function isTensor(value: unknown): value is Tensor {
  return typeof value === 'object' && value !== null && 'gradPointer' in value;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  if (isTensor(value)) return `a tensor of shape [${value.shape.join(', ')}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return `a ${value.constructor?.name ?? 'object'}`;
  return String(value);
}
