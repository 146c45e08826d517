// Unpacks the embedded builds.

/**
 * Decodes and inflates an embedded build.
 *
 * @internal
 * @param base64 The deflated bytes (zlib format), in base64.
 * @returns The bytes.
 */
export async function inflated(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const characters = atob(base64);
  const deflated = new Uint8Array(characters.length);
  for (let i = 0; i < deflated.length; i++) deflated[i] = characters.charCodeAt(i);
  // The first Response in a Node process takes longer than all the rest of `load`. Not inflateSync: workers of closed runtimes exit only
  // when the event loop turns, and in a loop of `load` and `close` nothing else would let it.
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  if (zlib !== undefined) {
    return new Promise((resolve, reject) => {
      zlib.inflate(deflated, (error, bytes) => (error ? reject(error) : resolve(new Uint8Array(bytes))));
    });
  }
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
