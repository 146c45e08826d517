// State dicts: the values of parameters, buffers or moments by name, outside the runtime.
import { tagOf } from '../engine/bytes.js';
import { describe, fail, failType, isArray, isObject, isTypedArray } from './check.js';
import { expectSize, numbersOf } from './data.js';
import { isSameShape, type Shape } from './shape.js';
import type { Tensor } from './tensor.js';

/** Values of a tensor outside the runtime, as in a checkpoint. */
export interface StateEntry {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
  /** The values, row-major. */
  readonly data: Float32Array;
}

/** Values by PyTorch's keys (`controller.cells.0.weight_ih`), in the order of creation. */
export type StateDict = Map<string, StateEntry>;

/** Values to load, by name: what a `stateDict()` returned, or the tensors of a safetensors file. */
export type StateSource = ReadonlyMap<
  string,
  {
    /** Sizes of the dimensions, outermost first. */
    readonly shape: Shape;
    /** The values, row-major. */
    readonly data: ArrayLike<number> | ArrayLike<bigint>;
  }
>;

/** Options of `loadStateDict`. */
export interface LoadStateOptions {
  /** Require exactly the names of `stateDict()`. Default true. */
  strict?: boolean;
  /** Prefix of the names in the state, as `encoder.`; names without it are passed over. Default `''`. */
  prefix?: string;
}

/** What `loadStateDict` found. */
export interface LoadReport {
  /** Names that the state lacks. */
  readonly missing: readonly string[];
  /** Names that the state has and the model has not, prefix included. */
  readonly unexpected: readonly string[];
}

/** `state` must be a Map. */
export function expectStateMap(op: string, state: unknown): void {
  if (tagOf(state) !== 'Map') failType(op, 'state', 'be a Map', state);
}

/** Sets the tensors to the values of `state`; checks everything first. */
export function applyState(
  state: StateSource,
  tensors: readonly (readonly [string, Tensor])[],
  strict: boolean,
  prefix: string,
): LoadReport {
  const names = new Set(tensors.map(([name]) => prefix + name));
  const unexpected = [...state.keys()].filter((name) => isUnder(prefix, name) && !names.has(name));
  const missing = [...names].filter((name) => !state.has(name));
  if (strict && missing.length > 0) throw new RangeError(`loadStateDict: missing key ${describe(missing[0])}`);
  if (strict && unexpected.length > 0) throw new RangeError(`loadStateDict: unexpected key ${describe(unexpected[0])}`);
  const found = tensors.filter(([name]) => state.has(prefix + name));
  const values = found.map(([name, { shape }]) => expectEntry(state, prefix + name, shape));
  for (const [i, [, tensor]] of found.entries()) tensor.set(values[i] as Float32Array);
  return { missing, unexpected: unexpected.map((name) => (typeof name === 'string' ? name : describe(name))) };
}

/** Whether `name` starts with `prefix`; what is no string starts with the empty one. */
function isUnder(prefix: string, name: unknown): boolean {
  return prefix === '' || (typeof name === 'string' && name.startsWith(prefix));
}

/** The numbers that `state` holds under `name`, in this shape; 64-bit integers are converted. */
export function expectEntry(state: StateSource, name: string, shape: Shape): Float32Array {
  const entry = state.get(name);
  if (entry === undefined) throw new RangeError(`loadStateDict: missing key ${describe(name)}`);
  if (!isObject(entry)) failType('loadStateDict', name, 'be { shape, data }', entry);
  const { shape: given, data } = entry;
  if (!isArray(given)) failType('loadStateDict', `the shape of ${name}`, 'be an array of dimensions', given);
  if (!isSameShape(given, shape)) fail('loadStateDict', name, `have shape [${shape.join(', ')}]`, given);
  const numbers = isBigInts(data)
    ? { data: Float32Array.from(data, Number), shape: [data.length] }
    : numbersOf('loadStateDict', name, data);
  const values = expectSize('loadStateDict', name, numbers, shape);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

/** Whether all elements are bigints. */
function isBigInts(data: unknown): data is ArrayLike<bigint> {
  if (!isTypedArray(data) && !isArray(data)) return false;
  const list = data as ArrayLike<unknown>;
  for (let i = 0; i < list.length; i++) if (typeof list[i] !== 'bigint') return false;
  return list.length > 0;
}
