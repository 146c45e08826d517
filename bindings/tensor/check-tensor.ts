// Checks of arguments that are tensors, before any kernel runs.
import { tagOf } from '../engine/bytes.js';
import { fail, failType } from './check.js';
import type { Runtime } from './runtime.js';
import { isSameShape } from './shape.js';
import { Tensor } from './tensor.js';

/** The runtime of the innermost running step, and the function that checked its arguments last: the op that runs. */
export const running: { runtime: Runtime | undefined; op: string } = { runtime: undefined, op: 'op' };

/** `argument` must be a tensor that is still alive and of `owner` or, without one, of the runtime whose step is running. */
export function expectTensor(op: string, argument: string, value: Tensor, owner?: Runtime): void {
  running.op = op;
  if (!(value instanceof Tensor)) refuse(op, argument, value);
  if (!value.scope.alive) {
    throw new ReferenceError(`${op}: ${argument} cannot be used any more, since ${value.scope.end}`);
  }
  if (owner !== undefined) {
    if (value.runtime !== owner) throw new RangeError(`${op}: ${argument} belongs to another runtime`);
  } else if (running.runtime !== undefined && value.runtime !== running.runtime) {
    throw new RangeError(`${op}: ${argument} belongs to another runtime than the running step`);
  }
}

/** Tells a tensor of a second copy of the package from what is none. */
function refuse(op: string, argument: string, value: unknown): never {
  if (typeof value === 'object' && tagOf(value) === 'Tensor') {
    throw new TypeError(
      `${op}: ${argument} comes from another copy of tapehead, or another library; load one copy only`,
    );
  }
  return failType(op, argument, 'be a Tensor', value);
}

/** `argument` must be a live tensor of this shape; -1 stands for any size. */
export function expectShape(op: string, argument: string, value: Tensor, ...shape: number[]): void {
  expectTensor(op, argument, value);
  let same = value.dims.length === shape.length;
  for (let i = 0; same && i < shape.length; i++) same = shape[i] === -1 || shape[i] === value.dims[i];
  if (!same) fail(op, argument, `have shape [${shape.map((dim) => (dim === -1 ? '*' : dim)).join(', ')}]`, value.dims);
}

/** `b` must have the shape of `a`; both live. */
export function expectSameShape(op: string, aName: string, a: Tensor, bName: string, b: Tensor): void {
  expectTensor(op, aName, a);
  expectTensor(op, bName, b);
  if (!isSameShape(a.dims, b.dims)) fail(op, bName, `have the shape of ${aName} [${a.dims.join(', ')}]`, b.dims);
}

/** `argument` must be a live tensor with at least `rank` dimensions. */
export function expectRank(op: string, argument: string, value: Tensor, rank: number): void {
  expectTensor(op, argument, value);
  if (value.dims.length < rank) {
    fail(op, argument, `have at least ${rank} dimension${rank === 1 ? '' : 's'}`, value.dims);
  }
}

/** The index of dimension `dim` of `x`, which must have it; negative ones count from the end. */
export function axisOf(op: string, x: Tensor, dim: number): number {
  expectRank(op, 'x', x, 1);
  const axis = typeof dim === 'number' && dim < 0 ? dim + x.dims.length : dim;
  if (!Number.isInteger(axis) || axis < 0 || axis >= x.dims.length) {
    fail(op, 'dim', `name one of ${x.dims.length} dimensions`, dim);
  }
  return axis;
}
