// Reads safetensors files, strictly.
import { failType } from '../tensor/check.js';
import {
  ARRAYS,
  type Dtype,
  isDtype,
  MAX_HEADER_BYTES,
  METADATA,
  type Safetensors,
  type SafetensorsEntry,
} from './dtype.js';
import { JsonReader, quote } from './json-reader.js';

/** An entry of the header. */
interface Entry {
  readonly dtype: Dtype;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file, such as a checkpoint that PyTorch wrote.
 *
 * The file must follow the format to the letter: tensors cover it without gap or overlap, and names are unique.
 *
 * @param bytes The whole file. Any alignment will do: the arrays returned are copies.
 * @returns Tensors and metadata of the file.
 * @throws {RangeError} The file is damaged, or has a dtype that JavaScript has no array for (F16, BF16, F8_…).
 * @throws {TypeError} `bytes` is no Uint8Array or ArrayBuffer.
 *
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from 'tapehead';
 * const file = writeSafetensors(new Map([['bias', { shape: [2], data: Float32Array.of(1, 2) }]]), { epoch: '3' });
 * const { tensors, metadata } = readSafetensors(file);
 * console.log(tensors.get('bias')?.data, metadata.epoch); // → Float32Array(2) [ 1, 2 ] 3
 * ```
 */
export function readSafetensors(bytes: Uint8Array | ArrayBuffer): Safetensors {
  const file = viewOf(bytes);
  if (file.length < 8) damaged('the file', 'hold at least 8 bytes', `${file.length}`);
  const size = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (size > MAX_HEADER_BYTES) damaged('the size of the header', `be at most ${MAX_HEADER_BYTES}`, `${size}`);
  const start = 8 + Number(size);
  if (start > file.length) {
    damaged('the size of the header', `be at most ${file.length - 8}, the rest of the file`, `${size}`);
  }
  const { entries, metadata } = readHeader(decode(file.subarray(8, start)));
  expectCovered(entries, file.length - start);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, { dtype, shape, begin, end }] of entries) {
    const data = new ARRAYS[dtype](file.slice(start + begin, start + end).buffer);
    tensors.set(name, { dtype, shape, data } as SafetensorsEntry);
  }
  return { tensors, metadata };
}

function viewOf(bytes: Uint8Array | ArrayBuffer): Uint8Array {
  // A plain Uint8Array: `slice` of Node's Buffer does not copy.
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
    else damaged(`tensor ${quote(name)}`, 'have only dtype, shape and data_offsets', quote(key));
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
    return damaged(`the dtype of tensor ${quote(name)}`, `be one of ${Object.keys(ARRAYS).join(', ')}`, quote(dtype));
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    return damaged(`data_offsets of tensor ${quote(name)}`, 'be two numbers', `${offsets.length}`);
  }
  expectSize(name, shape, ARRAYS[dtype].BYTES_PER_ELEMENT, end - begin);
  return { dtype, shape, begin, end };
}

function integers(json: JsonReader): number[] {
  const found: number[] = [];
  json.array(() => found.push(json.integer()));
  return found;
}

/** The size of a shape must be a safe integer, and match the number of bytes. */
function expectSize(name: string, shape: readonly number[], width: number, bytes: number): void {
  let size = width;
  for (const dim of shape) {
    size *= dim;
    if (!Number.isSafeInteger(size)) {
      damaged(`the data of tensor ${quote(name)}`, 'take fewer than 2^53 bytes, by its shape', `${size}`);
    }
  }
  if (size !== bytes) {
    damaged(`the data of tensor ${quote(name)}`, `take ${size} bytes, by shape and dtype`, `${bytes}`);
  }
}

/** Sorted by offset, tensors must cover the data without gap or overlap. */
function expectCovered(entries: ReadonlyMap<string, Entry>, bytes: number): void {
  let end = 0;
  for (const [name, entry] of [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end) {
      damaged(`the data of tensor ${quote(name)}`, `begin at offset ${end}, the end of the last`, `${entry.begin}`);
    }
    end = entry.end;
  }
  if (end !== bytes) damaged('the tensors', `take all ${bytes} bytes after the header`, `${end}`);
}

function damaged(what: string, condition: string, got: string): never {
  throw new RangeError(`readSafetensors: ${what} must ${condition}, got ${got}`);
}
