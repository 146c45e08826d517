// Unpacks the embedded builds.

/** Read at once: test frameworks replace timers. Browsers have none. */
const nextTurn = globalThis.setImmediate;

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
  // The first Response in a Node process takes longer than all the rest of `load`.
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  if (zlib !== undefined) {
    // Workers of closed runtimes exit only when the event loop turns, and in a loop of `load` and `close` nothing else would let it.
    await new Promise<void>((resolve) => nextTurn(resolve));
    return new Uint8Array(zlib.inflateSync(deflated));
  }
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
