// The variance of pixels, which scales reconstruction errors.
/** Variance of all pixels of these images, scaled from bytes to [0, 1]. */
export function pixelVariance(images: Iterable<Uint8Array>): number {
  const counts = new Float64Array(256);
  for (const image of images) for (const byte of image) counts[byte] = (counts[byte] as number) + 1;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const moment = (of: (value: number) => number) =>
    counts.reduce((sum, count, byte) => sum + count * of(byte / 255), 0) / total;
  const mean = moment((value) => value);
  return moment((value) => (value - mean) ** 2);
}
