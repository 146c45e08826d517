// Reads safetensors files, strictly.
import { bytesOf } from '../engine/bytes.js';
import { failType } from '../tensor/check.js';
import { ARRAYS, type Dtype, MAX_HEADER_BYTES, METADATA, type Safetensors, type SafetensorsEntry } from './dtype.js';
import { foreignFormat } from './foreign-format.js';
import { widenBrainFloats, widenHalfFloats } from './half-floats.js';
import { JsonReader, quote } from './json-reader.js';

/** How the elements of each dtype in a file are read: their size in bytes, and the entry's dtype and data. */
interface Decoder {
  readonly width: number;
  readonly dtype: Dtype;
  readonly decode: (bytes: ArrayBuffer) => SafetensorsEntry['data'];
}

const DECODERS = new Map<string, Decoder>([
  ...(Object.keys(ARRAYS) as Dtype[]).map((dtype): [string, Decoder] => [
    dtype,
    { width: ARRAYS[dtype].BYTES_PER_ELEMENT, dtype, decode: (bytes) => new ARRAYS[dtype](bytes) },
  ]),
  ['F16', { width: 2, dtype: 'F32', decode: (bytes) => widenHalfFloats(new Uint16Array(bytes)) }],
  ['BF16', { width: 2, dtype: 'F32', decode: (bytes) => widenBrainFloats(new Uint16Array(bytes)) }],
]);

/** The character {. */
const BRACE = 123;

/** An entry of the header. */
interface Entry {
  readonly decoder: Decoder;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file, such as a checkpoint that PyTorch wrote.
 *
 * The file must follow the format to the letter: tensors cover it without gap or overlap, and names are unique. Half-precision tensors
 * (F16, BF16) are widened to float32 exactly, and their entries have dtype F32: the dtype of an entry is that of its array.
 *
 * @param bytes The whole file, as a buffer or a view on one. The arrays returned are copies, so that any alignment will do.
 * @returns Tensors and metadata of the file.
 * @throws {RangeError} The file is damaged or in another format, which the message names, has a dtype that JavaScript has no array for
 *   (F8_…), or has more than 10^6 tensors.
 * @throws {TypeError} `bytes` is no buffer, or detached.
 *
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from 'tapehead';
 * const file = writeSafetensors(new Map([['bias', { shape: [2], data: Float32Array.of(1, 2) }]]), { epoch: '3' });
 * const { tensors, metadata } = readSafetensors(file);
 * console.log(tensors.get('bias')?.data, metadata.epoch); // → Float32Array(2) [ 1, 2 ] 3
 * ```
 */
export function readSafetensors(bytes: ArrayBufferView | ArrayBuffer | SharedArrayBuffer): Safetensors {
  const file = bytesOf(bytes) ?? failType('readSafetensors', 'bytes', 'be a Uint8Array or an ArrayBuffer', bytes);
  const start = headerEnd(file);
  const { entries, metadata } = readHeader(decodeText(file.subarray(8, start)));
  expectCovered(entries, file.length - start);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, { decoder, shape, begin, end }] of entries) {
    const data = decoder.decode(file.buffer.slice(file.byteOffset + start + begin, file.byteOffset + start + end));
    tensors.set(name, { dtype: decoder.dtype, shape, data } as SafetensorsEntry);
  }
  return { tensors, metadata };
}

/** Offset of the data. Throws for a file of another format. */
function headerEnd(file: Uint8Array): number {
  const size = file.length < 8 ? 0n : new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  const fits = size <= MAX_HEADER_BYTES && size <= file.length - 8;
  if (!fits || file[8] !== BRACE) {
    const format = foreignFormat(file);
    if (format !== undefined) throw new RangeError(`readSafetensors: bytes are no safetensors file but ${format}`);
  }
  if (file.length < 8) damaged('the file', 'hold at least 8 bytes', `${file.length}`);
  if (size > MAX_HEADER_BYTES) damaged('the size of the header', `be at most ${MAX_HEADER_BYTES}`, `${size}`);
  if (!fits) damaged('the size of the header', `be at most ${file.length - 8}, the rest of the file`, `${size}`);
  return 8 + Number(size);
}

function decodeText(header: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
  } catch {
    return damaged('the header', 'be UTF-8', 'other bytes');
  }
}

function readHeader(header: string): { entries: Map<string, Entry>; metadata: Record<string, string> } {
  const json = new JsonReader(header, (condition, got) => damaged('the header', condition, got));
  const entries = new Map<string, Entry>();
  const metadata: Record<string, string> = {};
  if (header[0] !== '{') damaged('the header', 'begin with {', quote(header.slice(0, 12)));
  json.object((name) => {
    if (name === METADATA) json.object((key) => define(metadata, key, json.string()));
    else entries.set(name, readEntry(json, name));
  });
  json.end();
  return { entries, metadata };
}

/** Sets an own property, also where a plain assignment would set the prototype. */
function define(record: Record<string, string>, key: string, value: string): void {
  if (key !== '__proto__') record[key] = value;
  else Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
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
  const decoder = DECODERS.get(dtype);
  if (decoder === undefined) {
    return damaged(`the dtype of tensor ${quote(name)}`, `be one of ${[...DECODERS.keys()].join(', ')}`, quote(dtype));
  }
  const [begin, end] = offsets;
  if (begin === undefined || end === undefined || offsets.length !== 2) {
    return damaged(`data_offsets of tensor ${quote(name)}`, 'be two numbers', `${offsets.length}`);
  }
  expectSize(name, shape, decoder.width, end - begin);
  return { decoder, shape, begin, end };
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
