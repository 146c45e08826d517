// Safetensors files made by hand, sound or damaged.

/** A file with a header and bytes 0, 1, 2, … of data. */
export function fileOf(header: string | Uint8Array, dataBytes: number, size?: bigint): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, size ?? BigInt(text.length), true);
  file.set(text, 8);
  file.set(
    Uint8Array.from({ length: dataBytes }, (_, i) => i),
    8 + text.length,
  );
  return file;
}

/** An entry of a header, as JSON. */
export function entry(dtype: unknown, shape: unknown, offsets: unknown): string {
  return JSON.stringify({ dtype, shape, data_offsets: offsets });
}
