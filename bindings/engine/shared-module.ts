// A build for a shared memory, made of one for a memory of its own.

type Bytes = Uint8Array<ArrayBuffer>;

// Of an import in the binary format: its kind, and the flags of a memory's limits.
const MEMORY = 2;
const BOUNDED = 1;
const SHARED = 2;

/** They differ in a single bit: that of the limits of the memory that is imported. Throws a TypeError where there is none. */
export function forSharedMemory(bytes: Bytes): Bytes {
  const name = new TextEncoder().encode('memory');
  const at = bytes.findIndex(
    (kind, i) =>
      kind === MEMORY && bytes[i + 1] === BOUNDED && name.every((byte, j) => bytes[i - name.length + j] === byte),
  );
  if (at < 0) throw new TypeError('load: wasm must import a bounded memory, as tapehead/simd.wasm does');
  const copy = bytes.slice();
  copy[at + 1] = BOUNDED | SHARED;
  return copy;
}
