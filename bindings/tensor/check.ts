// Argument checks. They throw before any kernel runs.
import { type Shape, sizeOf } from './shape.js';

/** Throws a RangeError in the project's form. */
export function fail(op: string, argument: string, condition: string, got: unknown): never {
  throw new RangeError(`${op}: ${argument} must ${condition}, got ${describe(got)}`);
}

/** Throws a TypeError in the project's form. */
export function failType(op: string, argument: string, condition: string, got: unknown): never {
  throw new TypeError(`${op}: ${argument} must ${condition}, got ${describe(got)}`);
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

function describe(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  // A tensor by its look: its class is made with the help of this file.
  if ('gradPointer' in value && 'shape' in value) return `a tensor of shape ${describe(value.shape)}`;
  return `a ${value.constructor?.name ?? 'object'}`;
}
