// Writes safetensors files, with every tensor aligned to its element size.
import { fail, failType } from '../tensor/check.js';
import type { Shape } from '../tensor/shape.js';
import { ARRAYS, type Dtype, MAX_HEADER_BYTES, METADATA, type SafetensorsInput } from './dtype.js';
import { isWellFormed, quote } from './json-reader.js';

/**
 * Writes tensors as a safetensors file.
 *
 * Tensors keep their order, except that wider elements come first, so that each lies at a multiple of its element size.
 *
 * @param tensors Tensors by name, for example what `stateDict()` of a model or an optimizer returns.
 * @param metadata Strings by key. Default none.
 * @returns The file.
 * @throws {RangeError} A shape does not match its data, or a name or a value of `metadata` is not well-formed Unicode.
 * @throws {TypeError} An array is not of its dtype, or a value of `metadata` is no string.
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
  const fields = Object.entries(metadata).map(
    ([key, value]) => `${text('a key of metadata', key)}:${text('a value of metadata', value)}`,
  );
  const members = fields.length === 0 ? [] : [`"${METADATA}":{${fields.join()}}`];
  // The sort is stable.
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let end = 0;
  for (const [name, { shape, data, dtype = dtypeOf(name, data) }] of ordered) {
    expectWritable(name, dtype, shape, data);
    const begin = end;
    end += data.byteLength;
    members.push(
      `${text('the name of a tensor', name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`,
    );
  }
  const header = new TextEncoder().encode(`{${members.join()}}`);
  const start = 8 + Math.ceil(header.length / 8) * 8;
  if (start - 8 > MAX_HEADER_BYTES) fail('writeSafetensors', 'the header', 'fit 100 MB', `${start - 8} bytes`);
  const file = new Uint8Array(start + end).fill(32, 8 + header.length, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(header, 8);
  let offset = start;
  for (const [, { data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return file;
}

function expectWritable(name: string, dtype: Dtype, shape: Shape, data: SafetensorsInput['data']): void {
  const what = `tensor ${quote(name)}`;
  if (name === METADATA) fail('writeSafetensors', 'the name of a tensor', `not be ${METADATA}`, name);
  if (!(data instanceof ARRAYS[dtype])) {
    failType('writeSafetensors', `the data of ${what}`, `be of dtype ${dtype}`, data);
  }
  if (!Array.isArray(shape)) failType('writeSafetensors', `the shape of ${what}`, 'be an array of dimensions', shape);
  const sized = shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
  if (!sized) fail('writeSafetensors', `the shape of ${what}`, 'hold non-negative integers', shape);
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (size !== data.length) fail('writeSafetensors', `the data of ${what}`, `hold ${size} numbers`, data.length);
}

/** The default dtype of a typed array. */
function dtypeOf(name: string, data: unknown): Dtype {
  const found = Object.entries(ARRAYS).find(([, kind]) => data instanceof kind)?.[0] as Dtype | undefined;
  return (
    found ?? failType('writeSafetensors', `the data of tensor ${quote(name)}`, 'be a typed array of a dtype', data)
  );
}

/** A string as JSON. */
function text(what: string, value: unknown): string {
  if (typeof value !== 'string') return failType('writeSafetensors', what, 'be a string', value);
  if (!isWellFormed(value)) fail('writeSafetensors', what, 'be well-formed Unicode', value);
  return JSON.stringify(value);
}
