// The IDX format of MNIST and Fashion-MNIST: a small header, then unsigned bytes (yann.lecun.com/exdb/mnist, "The IDX file format").
import { fail } from '../bindings/tensor/check.js';
import { type Shape, sizeOf } from '../bindings/tensor/shape.js';
import { expectBytes } from './bytes.js';

/** Contents of an IDX file. */
export interface Idx {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
  /** The elements, row-major: a view of the bytes that were read, not a copy. */
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes, the format of MNIST and Fashion-MNIST.
 *
 * @param bytes The file, decompressed.
 * @returns Shape and elements.
 * @throws {RangeError} The file is damaged, truncated, compressed, or holds another type than unsigned bytes.
 * @throws {TypeError} `bytes` is not a Uint8Array.
 *
 * @example
 * ```ts
 * import { readIdx } from 'tapehead';
 *
 * // Two images of 1 × 3 pixels; usually the bytes come from a file.
 * const bytes = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30, 40, 50, 60);
 * const { shape, data } = readIdx(bytes);
 * console.log(shape, data.length); // → [ 2, 1, 3 ] 6
 * ```
 */
export function readIdx(bytes: Uint8Array): Idx {
  const file = expectBytes('readIdx', 'bytes', bytes);
  const [zeroA, zeroB, type, rank] = file;
  if (zeroA !== 0 || zeroB !== 0 || rank === undefined || rank === 0) {
    fail('readIdx', 'bytes', 'begin with the magic number of an IDX file', hex(file.subarray(0, 4)));
  }
  if (type !== UNSIGNED_BYTE) fail('readIdx', 'bytes', 'hold unsigned bytes (type 8)', type);
  const start = 4 + 4 * rank;
  if (file.length < start) fail('readIdx', 'bytes', `hold a header of ${start}`, file.length);
  const view = new DataView(file.buffer, file.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = start + sizeOf(shape);
  if (file.length !== expected) {
    fail('readIdx', 'bytes', `be ${expected} for shape [${shape.join(', ')}]`, file.length);
  }
  return { shape, data: file.subarray(start) };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
