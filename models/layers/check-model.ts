// Checks of what models, layers and tasks are given, before a parameter is made, a random number drawn or a kernel run.
import { Random } from '../../bindings/random.js';
import { describe, expectInteger, fail, failType, isArray, isObject } from '../../bindings/tensor/check.js';
import { expectShape, expectTensor } from '../../bindings/tensor/check-tensor.js';
import type { ParameterScope, Parameters } from '../../bindings/tensor/parameters.js';
import { Runtime } from '../../bindings/tensor/runtime.js';
import type { Shape } from '../../bindings/tensor/shape.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** No size exceeds the elements of the largest tensor. */
const MAX_SIZE = 2 ** 30;
/** More layers, heads or blocks of a model are a mistake, and would fill the heap of JavaScript. */
const MAX_PARTS = 1024;

/** The dimensions of an input, and which of them a model fixes. */
export interface Layout {
  /** Names of the dimensions, outermost first. */
  readonly dims: readonly string[];
  /** Index of the fixed dimension; negative ones count from the end. */
  readonly axis: number;
  /** What the fixed dimension counts, with the option that sets it: `features (inputSize)`. */
  readonly unit: string;
}

/** `value` must be a Runtime. */
export function expectRuntime(op: string, argument: string, value: Runtime): void {
  if (!(value instanceof Runtime)) failType(op, argument, 'be a Runtime', value);
}

/** `value` must be a Random of `runtime`. */
export function expectRandom(op: string, argument: string, value: Random, runtime: Runtime): void {
  if (!(value instanceof Random)) failType(op, argument, 'be a Random', value);
  expectSameRuntime(op, argument, value, runtime);
}

/** `value` must be a Parameters object or a scope of one. */
export function expectParameters(op: string, argument: string, value: ParameterScope): void {
  const scope: Partial<ParameterScope> | undefined = isObject(value) ? value : undefined;
  // `create` first: a tensor has a runtime too, and other properties that must not be read.
  if (typeof scope?.create === 'function' && typeof scope.scope === 'function' && scope.runtime instanceof Runtime)
    return;
  failType(op, argument, 'be a Parameters object or a scope of one', value);
}

/** `value`, a tensor or another object of a runtime, must belong to `runtime`. */
export function expectSameRuntime(
  op: string,
  argument: string,
  value: { readonly runtime: Runtime },
  runtime: Runtime,
): void {
  if (value.runtime !== runtime) throw new RangeError(`${op}: ${argument} belongs to another runtime`);
}

/** Every value of `sizes` must be an integer in [min, 2^30]. */
export function expectSizes(op: string, sizes: Readonly<Record<string, number>>, min = 1): void {
  for (const [name, value] of Object.entries(sizes)) {
    expectInteger(op, name, value, min);
    if (value > MAX_SIZE) fail(op, name, 'be at most 2^30', value);
  }
}

/** Every value of `counts`, numbers of layers, heads or blocks, must be an integer in [min, 1024]. */
export function expectParts(op: string, counts: Readonly<Record<string, number>>, min = 1): void {
  for (const [name, value] of Object.entries(counts)) expectInteger(op, name, value, min, MAX_PARTS);
}

/** `list` must be `count` live tensors of `runtime`, all of this shape. */
export function expectTensors(
  op: string,
  argument: string,
  list: readonly Tensor[],
  count: number,
  shape: Shape,
  runtime: Runtime,
): void {
  if (!isArray(list) || list.length !== count) fail(op, argument, `hold ${count} tensors`, list);
  for (const [i, tensor] of list.entries()) {
    expectShape(op, `${argument}[${i}]`, tensor, ...shape);
    expectSameRuntime(op, `${argument}[${i}]`, tensor, runtime);
  }
}

/** `x` must be a live tensor of `runtime` with the dimensions of `layout`, the fixed one of this size. */
export function expectInput(
  op: string,
  argument: string,
  x: Tensor,
  runtime: Runtime,
  { dims, axis, unit }: Layout,
  size: number,
): void {
  expectTensor(op, argument, x);
  expectSameRuntime(op, argument, x, runtime);
  const { shape } = x;
  if (shape.length !== dims.length) failShape(op, argument, `have shape [${dims.join(', ')}]`, shape);
  if (shape.at(axis) !== size) failShape(op, argument, `have ${size} ${unit}`, shape);
}

/** Throws a RangeError: `<op>: <argument> must <condition>, got shape <shape>`. */
export function failShape(op: string, argument: string, condition: string, shape: Shape): never {
  throw new RangeError(`${op}: ${argument} must ${condition}, got shape ${describe(shape)}`);
}

/**
 * Returns what `make` returns, which draws from `random` and creates tensors in `parameters`. If it throws, the random stream is back where
 * it was and the tensors are gone.
 */
export function allOrNothing<Parts>(random: Random, make: () => Parts, parameters?: Parameters): Parts {
  const { state } = random;
  try {
    return parameters === undefined ? make() : parameters.atomically(make);
  } catch (error) {
    random.setState(state);
    throw error;
  }
}
