// Patches a wasm build so that it imports shared memory.

type Bytes = Uint8Array<ArrayBuffer>;

// Of an import in the binary format: its kind, and the flags of a memory's limits.
const MEMORY = 2;
const BOUNDED = 1;
const SHARED = 2;

/**
 * Returns a copy of a build that imports shared memory. The two differ in one bit: a flag of the imported memory's limits.
 *
 * @internal
 * @param bytes A build that imports a memory of its own.
 * @returns The patched copy.
 * @throws {TypeError} The build imports no bounded memory.
 */
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
