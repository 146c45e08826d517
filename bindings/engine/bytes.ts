// Bytes of any kind, also those of another realm: a vm context, as in Jest, or an iframe.

/**
 * Returns the class of a value by its tag, which is the same in every realm, unlike the class that `instanceof` compares.
 *
 * @internal
 * @param value Anything.
 * @returns What `Object.prototype.toString` says between `[object ` and `]`.
 */
export function tagOf(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return 'Object';
  }
}

/**
 * Returns the bytes of a buffer, or of a typed array or DataView on one. Shared bytes are copied: decoders and compilers refuse them.
 *
 * @internal
 * @param value Anything.
 * @returns The bytes; undefined if `value` is of another kind or detached.
 */
export function bytesOf(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  const view = ArrayBuffer.isView(value);
  const buffer: unknown = view ? value.buffer : value;
  const tag = tagOf(buffer);
  if (tag !== 'ArrayBuffer' && tag !== 'SharedArrayBuffer') return undefined;
  try {
    const { byteOffset, byteLength } = view ? value : { byteOffset: 0, byteLength: undefined };
    const bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
    return tag === 'SharedArrayBuffer' ? bytes.slice() : bytes;
  } catch {
    return undefined;
  }
}
