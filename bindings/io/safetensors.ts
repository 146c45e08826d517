// Safetensors files, the checkpoint format PyTorch's users share: read strictly, written with every tensor aligned.

import { fail, failType } from '../tensor/check.js';
import type { Shape } from '../tensor/shape.js';
import { isWellFormed, JsonReader, quote } from './json-reader.js';

/** The array that holds the numbers of each dtype; BOOL has a byte an element. */
interface Arrays {
  F64: Float64Array;
  I64: BigInt64Array;
  U64: BigUint64Array;
  F32: Float32Array;
  I32: Int32Array;
  U32: Uint32Array;
  I16: Int16Array;
  U16: Uint16Array;
  I8: Int8Array;
  U8: Uint8Array;
  BOOL: Uint8Array;
}

/** U8 comes before BOOL, so that bytes of no stated dtype are numbers. */
const arrays = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

/** What the numbers of a tensor in a file are. */
export type Dtype = keyof Arrays;

/** A tensor in a file, told apart by its dtype. */
export type SafetensorsEntry = {
  [D in Dtype]: {
    /** What the numbers are. */
    readonly dtype: D;
    /** Sizes of the dimensions, outermost first. */
    readonly shape: Shape;
    /** The elements, row-major. */
    readonly data: Arrays[D];
  };
}[Dtype];

/** What a file holds. */
export interface Safetensors {
  /** Tensors by name, in the header's order. */
  readonly tensors: Map<string, SafetensorsEntry>;
  /** Strings that the file carries along. */
  readonly metadata: Record<string, string>;
}

/** A tensor to write. The dtype follows from the kind of array, unless bytes are meant as BOOL. */
export interface SafetensorsInput {
  /** What the numbers are. Default: what the kind of array says. */
  readonly dtype?: Dtype;
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
  /** The elements, row-major. */
  readonly data: Arrays[Dtype];
}

/** An entry of the header. */
interface Entry {
  readonly dtype: Dtype;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

const MAX_HEADER_BYTES = 100_000_000;
const METADATA = '__metadata__';

/**
 * Reads a safetensors file. The arrays are copies, whatever the alignment in `bytes`.
 *
 * As the format demands, tensors follow each other without gap or overlap to the file's end, and no name is given
 * twice. Throws a RangeError that says what is wrong with the file, also for dtypes JavaScript has no array for (F16,
 * BF16, F8_…); a TypeError where `bytes` are none.
 */
export function readSafetensors(bytes: Uint8Array | ArrayBuffer): Safetensors {
  const file = viewOf(bytes);
  if (file.length < 8) damaged('the file', 'hold at least 8 bytes', `${file.length}`);
  const size = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (size > MAX_HEADER_BYTES) damaged('the size of the header', `be at most ${MAX_HEADER_BYTES}`, `${size}`);
  const start = 8 + Number(size);
  if (start > file.length) damaged('the size of the header', `be at most ${file.length - 8}, the rest`, `${size}`);
  const { entries, metadata } = readHeader(decode(file.subarray(8, start)));
  expectCovered(entries, file.length - start);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, { dtype, shape, begin, end }] of entries) {
    const data = new arrays[dtype](file.slice(start + begin, start + end).buffer);
    tensors.set(name, { dtype, shape, data } as SafetensorsEntry);
  }
  return { tensors, metadata };
}

/**
 * A safetensors file of these tensors, in this order but wider elements first, so that each lies at a multiple of its
 * width. `metadata` maps strings to strings. What a model's or an optimizer's `stateDict()` returns can be written as
 * it is.
 *
 * Throws a RangeError where a shape does not fit its data or a name cannot be written, a TypeError for values of other
 * kinds.
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsInput>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const fields = Object.entries(metadata).map(
    ([key, value]) => `${text('key of the metadata', key)}:${text('value of the metadata', value)}`,
  );
  const members = fields.length === 0 ? [] : [`"${METADATA}":{${fields.join()}}`];
  // Sorting is stable.
  const ordered = [...tensors].sort(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  let end = 0;
  for (const [name, { shape, data, dtype = dtypeOf(name, data) }] of ordered) {
    expectWritable(name, dtype, shape, data);
    const begin = end;
    end += data.byteLength;
    members.push(`${text('name of a tensor', name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
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

function viewOf(bytes: Uint8Array | ArrayBuffer): Uint8Array {
  // A view of our own, since `slice` of Node's Buffer does not copy.
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  return failType('readSafetensors', 'bytes', 'be a Uint8Array or an ArrayBuffer', bytes);
}

function decode(header: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    return damaged('the header', 'be UTF-8', 'other bytes');
  }
}

function readHeader(header: string): { entries: Map<string, Entry>; metadata: Record<string, string> } {
  const json = new JsonReader(header, (condition, got) => damaged('the header', condition, got));
  const entries = new Map<string, Entry>();
  const metadata = new Map<string, string>();
  if (header[0] !== '{') damaged('the header', 'begin with {', quote(header.slice(0, 12)));
  json.object((name) => {
    if (name === METADATA) json.object((key) => metadata.set(key, json.string()));
    else entries.set(name, readEntry(json, name));
  });
  json.end();
  return { entries, metadata: Object.fromEntries(metadata) };
}

function readEntry(json: JsonReader, name: string): Entry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  json.object((key) => {
    if (key === 'dtype') dtype = json.string();
    else if (key === 'shape') shape = integers(json);
    else if (key === 'data_offsets') offsets = integers(json);
    else damaged(`tensor ${quote(name)}`, 'have dtype, shape and data_offsets alone', quote(key));
  });
  if (dtype === undefined || shape === undefined || offsets === undefined) {
    const given = Object.entries({ dtype, shape, data_offsets: offsets }).filter(([, value]) => value !== undefined);
    return damaged(
      `tensor ${quote(name)}`,
      'have dtype, shape and data_offsets',
      given.map(([key]) => key).join(' and ') || 'none of them',
    );
  }
  if (!isDtype(dtype)) {
    return damaged(`the dtype of tensor ${quote(name)}`, `be one of ${Object.keys(arrays).join(', ')}`, quote(dtype));
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    return damaged(`data_offsets of tensor ${quote(name)}`, 'be two numbers', `${offsets.length}`);
  }
  expectSize(name, shape, arrays[dtype].BYTES_PER_ELEMENT, end - begin);
  return { dtype, shape, begin, end };
}

function integers(json: JsonReader): number[] {
  const found: number[] = [];
  json.array(() => found.push(json.integer()));
  return found;
}

/** A shape must have a size that can be counted, and its data as many bytes as that takes. */
function expectSize(name: string, shape: readonly number[], width: number, bytes: number): void {
  let size = width;
  for (const dim of shape) {
    size *= dim;
    if (!Number.isSafeInteger(size)) {
      damaged(`the data of tensor ${quote(name)}`, 'take fewer than 2^53 bytes, by its shape', `${size}`);
    }
  }
  if (size !== bytes)
    damaged(`the data of tensor ${quote(name)}`, `take ${size} bytes, by shape and dtype`, `${bytes}`);
}

/** In the order of their offsets tensors must follow each other without gap or overlap, from 0 to the file's end. */
function expectCovered(entries: ReadonlyMap<string, Entry>, bytes: number): void {
  let end = 0;
  for (const [name, entry] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      damaged(`the data of tensor ${quote(name)}`, `begin at offset ${end}, where the last ends`, `${entry.begin}`);
    }
    end = entry.end;
  }
  if (end !== bytes) damaged('the tensors', `take all ${bytes} bytes that follow the header`, `${end}`);
}

function expectWritable(name: string, dtype: Dtype, shape: Shape, data: Arrays[Dtype]): void {
  const what = `tensor ${quote(name)}`;
  if (name === METADATA) fail('writeSafetensors', 'a name of a tensor', `not be ${METADATA}`, name);
  if (!(data instanceof arrays[dtype]))
    failType('writeSafetensors', `the data of ${what}`, `be of dtype ${dtype}`, data);
  if (!Array.isArray(shape)) failType('writeSafetensors', `the shape of ${what}`, 'be an array of dimensions', shape);
  const sized = shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0);
  if (!sized) fail('writeSafetensors', `the shape of ${what}`, 'hold non-negative integers', shape);
  const size = shape.reduce((product, dim) => product * dim, 1);
  if (size !== data.length) fail('writeSafetensors', `the data of ${what}`, `hold ${size} numbers`, data.length);
}

/** The dtype that arrays of this kind are written as. */
function dtypeOf(name: string, data: unknown): Dtype {
  const found = Object.entries(arrays).find(([, kind]) => data instanceof kind)?.[0] as Dtype | undefined;
  return (
    found ?? failType('writeSafetensors', `the data of tensor ${quote(name)}`, 'be a typed array of a dtype', data)
  );
}

/** A string as JSON. */
function text(what: string, value: unknown): string {
  if (typeof value !== 'string') return failType('writeSafetensors', `a ${what}`, 'be a string', value);
  if (!isWellFormed(value)) fail('writeSafetensors', `a ${what}`, 'be well-formed Unicode', value);
  return JSON.stringify(value);
}

function isDtype(name: string): name is Dtype {
  return Object.hasOwn(arrays, name);
}

function damaged(what: string, condition: string, got: string): never {
  throw new RangeError(`readSafetensors: ${what} must ${condition}, got ${got}`);
}
