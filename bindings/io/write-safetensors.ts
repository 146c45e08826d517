// Writes safetensors files, with every tensor aligned to its element size.
import { tagOf } from '../engine/bytes.js';
import { expectOneOf, fail, failType, isArray, isObject } from '../tensor/check.js';
import { ARRAYS, type Dtype, MAX_HEADER_BYTES, METADATA, type SafetensorsInput } from './dtype.js';
import { isWellFormed, quote } from './json-reader.js';

const DTYPES = Object.keys(ARRAYS) as Dtype[];

/** A tensor that was checked. */
interface Item {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: SafetensorsInput['data'];
}

/**
 * Writes tensors as a safetensors file.
 *
 * Tensors keep their order, except that wider elements come first, so that each lies at a multiple of its element size.
 *
 * @param tensors Tensors by name, for example what `stateDict()` of a model or an optimizer returns.
 * @param metadata Strings by key, a plain object. Default none.
 * @returns The file.
 * @throws {RangeError} A shape does not match its data, a name or a value of `metadata` is not well-formed Unicode, or the header exceeds
 *   100 MB.
 * @throws {TypeError} An argument is of another kind, an array is not of its dtype, or a value of `metadata` is no string.
 *
 * @example
 * ```ts
 * import { Linear, load, Parameters, Random, writeSafetensors } from 'tapehead';
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * new Linear(parameters, 3, 2, new Random(runtime, 1));
 * const file = writeSafetensors(parameters.stateDict(), { epoch: '3' });
 * console.log(file.length % 8); // → 0
 * ```
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsInput>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const items = entriesOf(tensors).map(([name, input]) => checked(name, input));
  // The sort is stable.
  items.sort((a, b) => ARRAYS[b.dtype].BYTES_PER_ELEMENT - ARRAYS[a.dtype].BYTES_PER_ELEMENT);
  const header = headerOf(items, fieldsOf(metadata));
  const start = 8 + Math.ceil(header.length / 8) * 8;
  if (start - 8 > MAX_HEADER_BYTES) fail('writeSafetensors', 'the header', 'fit 100 MB', start - 8);
  const file = allocate(items.reduce((end, { data }) => end + data.byteLength, start));
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(header, 8);
  file.fill(32, 8 + header.length, start);
  let offset = start;
  for (const { data } of items) {
    // A detached array is empty, and no view can be made of it.
    if (data.byteLength > 0) file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

/** The entries of a map of any realm. */
function entriesOf(tensors: ReadonlyMap<string, SafetensorsInput>): [unknown, unknown][] {
  try {
    return [...Map.prototype.entries.call(tensors)];
  } catch {
    return failType('writeSafetensors', 'tensors', 'be a Map', tensors);
  }
}

function checked(name: unknown, input: unknown): Item {
  expectText('the name of a tensor', name);
  if (name === METADATA) fail('writeSafetensors', 'the name of a tensor', `not be ${METADATA}`, name);
  const tensor = `tensor ${quote(name)}`;
  if (!isObject(input)) {
    return failType('writeSafetensors', tensor, 'be an object { shape, data }', input);
  }
  const { data, shape, dtype: given } = input as Partial<SafetensorsInput>;
  const kind = DTYPES.find((name) => ArrayBuffer.isView(data) && tagOf(data) === ARRAYS[name].name);
  if (data === undefined || kind === undefined) {
    return failType('writeSafetensors', `the data of ${tensor}`, 'be a typed array of a dtype', data);
  }
  const dtype = given === undefined ? kind : given;
  expectOneOf('writeSafetensors', `the dtype of ${tensor}`, dtype, DTYPES);
  if (ARRAYS[dtype] !== ARRAYS[kind]) {
    failType('writeSafetensors', `the data of ${tensor}`, `be of dtype ${dtype}`, data);
  }
  return { name, dtype, shape: checkedShape(tensor, shape, data.length), data };
}

/** A copy of a shape of `length` elements. */
function checkedShape(tensor: string, shape: unknown, length: number): number[] {
  const argument = `the shape of ${tensor}`;
  if (!isArray(shape)) return failType('writeSafetensors', argument, 'be an array of dimensions', shape);
  const copy: number[] = [];
  let size = 1;
  for (let i = 0; i < shape.length; i++) {
    const dim: unknown = shape[i];
    if (!Number.isSafeInteger(dim) || (dim as number) < 0) {
      fail('writeSafetensors', argument, 'hold non-negative integers', shape);
    }
    copy.push(dim as number);
    size *= dim as number;
    if (!Number.isSafeInteger(8 * size)) fail('writeSafetensors', argument, 'take fewer than 2^53 bytes', shape);
  }
  if (size !== length) fail('writeSafetensors', `the data of ${tensor}`, `hold ${size} numbers`, length);
  return copy;
}

/** The metadata as members of a JSON object. */
function fieldsOf(metadata: unknown): string[] {
  if (typeof metadata !== 'object' || !isObject(metadata) || tagOf(metadata) !== 'Object') {
    return failType('writeSafetensors', 'metadata', 'be an object of strings', metadata);
  }
  return Object.entries(metadata).map(([key, value]: [string, unknown]) => {
    expectText('a key of metadata', key);
    expectText(`metadata ${quote(key)}`, value);
    return `${JSON.stringify(key)}:${JSON.stringify(value)}`;
  });
}

function headerOf(items: readonly Item[], fields: readonly string[]): Uint8Array {
  const members = fields.length === 0 ? [] : [`"${METADATA}":{${fields.join()}}`];
  let end = 0;
  for (const { name, dtype, shape, data } of items) {
    const begin = end;
    end += data.byteLength;
    members.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  return new TextEncoder().encode(`{${members.join()}}`);
}

function allocate(size: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(size);
  } catch (error) {
    throw new RangeError(`writeSafetensors: cannot allocate a file of ${size} bytes`, { cause: error });
  }
}

/** `value` must be a string that UTF-8 can encode. */
function expectText(what: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') failType('writeSafetensors', what, 'be a string', value);
  if (!isWellFormed(value as string)) fail('writeSafetensors', what, 'be well-formed Unicode', value);
}
