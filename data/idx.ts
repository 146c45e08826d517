// The IDX format of MNIST and Fashion-MNIST: a small header, then unsigned bytes (yann.lecun.com/exdb/mnist, "The IDX file format").
import { fail } from '../bindings/tensor/check.js';
import { type Shape, sizeOf } from '../bindings/tensor/shape.js';

/** What an IDX file holds. */
export interface Idx {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
  /** The elements, row-major: a view of the bytes that were read, not a copy. */
  readonly data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/** Reads an unpacked IDX file of unsigned bytes; throws a RangeError where the file is damaged or of another kind. */
export function readIdx(bytes: Uint8Array): Idx {
  const [zeroA, zeroB, type, rank] = bytes;
  if (zeroA !== 0 || zeroB !== 0 || rank === undefined || rank === 0) {
    fail('readIdx', 'bytes', 'begin with the magic number of an IDX file', hex(bytes.subarray(0, 4)));
  }
  if (type !== UNSIGNED_BYTE) fail('readIdx', 'bytes', 'hold unsigned bytes (type 8)', type);
  const start = 4 + 4 * rank;
  if (bytes.length < start) fail('readIdx', 'bytes', `hold a header of ${start}`, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = start + sizeOf(shape);
  if (bytes.length !== expected) {
    fail('readIdx', 'bytes', `be ${expected} for shape [${shape.join(', ')}]`, bytes.length);
  }
  return { shape, data: bytes.subarray(start) };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
