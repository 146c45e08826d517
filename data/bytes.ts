// A check of arguments that are bytes.
import { tagOf } from '../bindings/engine/bytes.js';
import { failType } from '../bindings/tensor/check.js';

/** Returns `value`, which must be a Uint8Array, as one of this realm: it may come from an iframe or a test runner's context. */
export function expectBytes(op: string, argument: string, value: Uint8Array): Uint8Array {
  if (!ArrayBuffer.isView(value) || tagOf(value) !== 'Uint8Array') failType(op, argument, 'be a Uint8Array', value);
  if (value instanceof Uint8Array) return value;
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
