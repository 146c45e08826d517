// Argument checks, which run before any other work. A message is one short sentence: function, argument, what is wrong, what was given.
import { tagOf } from '../engine/bytes.js';
import { type Shape, sizeOf } from './shape.js';

/** Every option of a call, for `expectOptions`: the compiler holds it to the option type. */
export type OptionKeys<Options> = { readonly [Key in keyof Required<Options>]: true };

export const MAX_ELEMENTS = 2 ** 30;
export const MAX_RANK = 32;
const MAX_BYTES = 2 ** 32;
const MAX_MESSAGE_LENGTH = 200;
const MAX_VALUE_LENGTH = 60;
const MAX_LISTED = 8;

/** Throws a RangeError: `<op>: <argument> must <condition>, got <value>`. */
export function fail(op: string, argument: string, condition: string, got: unknown): never {
  throw new RangeError(sentence(op, argument, condition, got));
}

/** Throws a TypeError: `<op>: <argument> must <condition>, got <value>`. */
export function failType(op: string, argument: string, condition: string, got: unknown): never {
  throw new TypeError(sentence(op, argument, condition, got));
}

/** `value` must be an integer in [min, max]. */
export function expectInteger(
  op: string,
  argument: string,
  value: number,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  fail(op, argument, `be an integer${interval(min, max)}`, value);
}

/** Every element of `values` must be an integer in [min, max]; `values` is an array or a typed array. */
export function expectIntegers(
  op: string,
  argument: string,
  values: ArrayLike<number>,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (!isArray(values) && (!isTypedArray(values) || isDetached(values))) {
    failType(op, argument, 'be an array of integers', values);
  }
  for (let i = 0; i < values.length; i++) expectInteger(op, `${argument}[${i}]`, values[i] as number, min, max);
}

/** `value` must be a finite number in [low, high] that float32 can represent. */
export function expectNumber(op: string, argument: string, value: number, low = -Infinity, high = Infinity): void {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < low || value > high) {
    fail(op, argument, `be a finite number${interval(low, high)}`, value);
  }
  if (!Number.isFinite(Math.fround(value))) fail(op, argument, 'be within the range of float32', value);
}

/** `value` must be one of `choices`. */
export function expectOneOf<Choice extends string>(
  op: string,
  argument: string,
  value: unknown,
  choices: readonly Choice[],
): asserts value is Choice {
  if ((choices as readonly unknown[]).includes(value)) return;
  const names = choices.map((choice) => `'${choice}'`);
  fail(op, argument, `be ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`, value);
}

/** `value` must be true or false. */
export function expectBoolean(op: string, argument: string, value: unknown): void {
  if (typeof value !== 'boolean') failType(op, argument, 'be true or false', value);
}

/** `value` must be a function. */
export function expectFunction(op: string, argument: string, value: unknown): void {
  if (typeof value !== 'function') failType(op, argument, 'be a function', value);
}

/**
 * Returns `options`, which must be an object with no other keys than those of `keys`: a misspelt option is an error. Call it before
 * destructuring.
 */
export function expectOptions<Options extends object>(
  op: string,
  options: Options,
  keys: OptionKeys<Options>,
): Options {
  if (typeof options !== 'object' || !isObject(options) || isArray(options)) {
    return failType(op, 'options', 'be an object', options);
  }
  // What only looks like a tensor has getters that throw.
  if (Object.getPrototypeOf(options) !== Object.prototype && tagOf(options) === 'Tensor') {
    return failType(op, 'options', 'be an object of options', options);
  }
  for (const key of Object.keys(options)) {
    if (Object.hasOwn(keys, key)) continue;
    throw new TypeError(cut(`${op}: unknown option ${describe(key)}; options are ${Object.keys(keys).join(', ')}`));
  }
  return options;
}

/**
 * A shape must have at most 32 dimensions, all non-negative integers, and at most 2^30 elements. Empty dimensions do not excuse others:
 * kernels count rows in 32 bits.
 */
export function expectDimensions(op: string, argument: string, shape: Shape): void {
  if (!isArray(shape)) failType(op, argument, 'be an array of dimensions', shape);
  if (shape.length > MAX_RANK) fail(op, argument, `have at most ${MAX_RANK} dimensions`, shape);
  for (let i = 0; i < shape.length; i++) {
    if (!Number.isSafeInteger(shape[i]) || (shape[i] as number) < 0) {
      fail(op, argument, 'hold non-negative integers', shape);
    }
  }
  const size = sizeOf(shape);
  if (size > MAX_ELEMENTS) fail(op, argument, 'hold at most 2^30 elements', shape);
  if (size === 0 && sizeOf(shape.filter((dim) => dim > 0)) > MAX_ELEMENTS) {
    fail(op, argument, 'hold at most 2^30 elements, empty dimensions aside', shape);
  }
}

/** What an op needs, `bytes`, must fit in a WebAssembly memory; checked before any of it is allocated. */
export function expectFits(op: string, bytes: number): void {
  if (bytes <= MAX_BYTES) return;
  throw new RangeError(`${op}: cannot allocate ${bytes} bytes, a WebAssembly memory holds at most 2^32`);
}

/** Whether `value` is a typed array, of this realm or another. */
export function isTypedArray(value: unknown): value is ArrayLike<number> & ArrayBufferView {
  return ArrayBuffer.isView(value) && tagOf(value) !== 'DataView';
}

/** Whether the buffer of a typed array has been transferred, so that it is empty. */
export function isDetached({ length, buffer }: ArrayBufferView & ArrayLike<number>): boolean {
  if (length > 0) return false;
  try {
    return new Uint8Array(buffer).length < 0;
  } catch {
    return true;
  }
}

/** Whether `value` is an array; false where `Array.isArray` would throw, at a revoked proxy. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether `value` has properties that can be read: not null, and no revoked proxy. */
export function isObject(value: unknown): value is object {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  try {
    Array.isArray(value);
    return true;
  } catch {
    return false;
  }
}

/** A value in a few words, for messages. Never throws, whatever the value. */
export function describe(value: unknown): string {
  try {
    return words(value);
  } catch {
    return 'an object';
  }
}

function words(value: unknown): string {
  if (typeof value === 'string') {
    return value.length <= MAX_VALUE_LENGTH
      ? JSON.stringify(value)
      : `${JSON.stringify(value.slice(0, MAX_VALUE_LENGTH))}…`;
  }
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint') return `${cut(`${value}`, MAX_VALUE_LENGTH)}n`;
  if (typeof value !== 'object' || value === null) return cut(String(value), MAX_VALUE_LENGTH);
  if (isArray(value)) return list(value);
  const name = cut(`${value.constructor?.name || 'object'}`, MAX_VALUE_LENGTH);
  if (isTypedArray(value)) return `a ${name} of length ${value.length}`;
  return /^[AEIOU]/i.test(name) ? `an ${name}` : `a ${name}`;
}

function list(values: readonly unknown[]): string {
  const shown = Array.from({ length: Math.min(values.length, MAX_LISTED) }, (_, i) => {
    const value = values[i];
    return isArray(value) ? '[…]' : describe(value);
  });
  if (values.length > MAX_LISTED) shown.push(`… (${values.length} in all)`);
  return cut(`[${shown.join(', ')}]`, 2 * MAX_VALUE_LENGTH);
}

/** ` ≥ min`, ` in [min, max]` or nothing. */
function interval(min: number, max: number): string {
  const bounded = max !== Infinity && max !== Number.MAX_SAFE_INTEGER;
  const limited = min !== -Infinity && min !== Number.MIN_SAFE_INTEGER;
  if (bounded) return limited ? ` in [${min}, ${max}]` : ` ≤ ${max}`;
  return limited ? ` ≥ ${min}` : '';
}

function sentence(op: string, argument: string, condition: string, got: unknown): string {
  return cut(`${op}: ${argument} must ${condition}, got ${describe(got)}`);
}

/** One line, shortened. */
function cut(given: string, length = MAX_MESSAGE_LENGTH): string {
  const text = given.replace(/[\n\r\u2028\u2029]/g, ' ');
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
