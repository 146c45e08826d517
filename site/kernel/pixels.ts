// Which pixels of an image are given: drawn by the seed, even over the image, or chosen one by one.
import type { Random } from 'tapehead';
import { PIXELS, SIDE } from '../shell/pictures.js';

export type Pattern = 'random' | 'grid' | 'chosen';

/** The places of the pixels, row by row from the top. `chosen` is text as `join` makes it. */
export function pickPixels(pattern: Pattern, count: number, chosen: string, random: Random): readonly number[] {
  if (pattern === 'chosen') return readPixels(chosen);
  if (pattern === 'random') return [...random.permutation(PIXELS).subarray(0, count)];
  // As many rows as columns, so that the number is near the one asked for.
  const side = Math.max(1, Math.round(Math.sqrt(count)));
  const at = (i: number) => Math.floor(((i + 0.5) * SIDE) / side);
  return Array.from({ length: side * side }, (_, i) => SIDE * at(Math.floor(i / side)) + at(i % side));
}

/** Reads what `pixels.join()` writes; throws a RangeError for anything else than different places in an image. */
export function readPixels(text: string): readonly number[] {
  const pixels = text.split(',').map(Number);
  const places = pixels.every((pixel) => Number.isInteger(pixel) && pixel >= 0 && pixel < PIXELS);
  if (text !== '' && places && new Set(pixels).size === pixels.length) return pixels;
  throw new RangeError(`its pixels must be different numbers from 0 to ${PIXELS - 1}, got ${text.slice(0, 40)}`);
}
