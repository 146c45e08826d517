// Limit on the size of unpacked gzip data, which can expand a thousandfold.

const MIN_LIMIT = 2 ** 24;
/** Data sets expand at most tenfold. */
const MAX_RATIO = 100;

/** Maximum number of bytes to unpack from `packed` bytes. */
export function gunzipLimit(packed: number): number {
  return Math.max(MIN_LIMIT, MAX_RATIO * packed);
}
