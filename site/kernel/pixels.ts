// Selection of the query pixels: random, a regular grid, or custom.
import type { Random } from 'tapehead';
import { PIXELS, SIDE } from '../shell/pictures.js';

export type Pattern = 'random' | 'grid' | 'chosen';

/** Returns the row-major indices of the query pixels. `chosen` is a comma-separated list. */
export function pickPixels(pattern: Pattern, count: number, chosen: string, random: Random): readonly number[] {
  if (pattern === 'chosen') return readPixels(chosen);
  if (pattern === 'random') return [...random.permutation(PIXELS).subarray(0, count)];
  // A square grid: its size is close to the requested number.
  const side = Math.max(1, Math.round(Math.sqrt(count)));
  const at = (i: number) => Math.floor(((i + 0.5) * SIDE) / side);
  return Array.from({ length: side * side }, (_, i) => SIDE * at(Math.floor(i / side)) + at(i % side));
}

/** Parses a comma-separated list of pixels. Throws a RangeError unless they are distinct indices. */
export function readPixels(text: string): readonly number[] {
  const pixels = text.split(',').map(Number);
  const valid = pixels.every((pixel) => Number.isInteger(pixel) && pixel >= 0 && pixel < PIXELS);
  if (text !== '' && valid && new Set(pixels).size === pixels.length) return pixels;
  throw new RangeError(`pixels must be distinct integers from 0 to ${PIXELS - 1}, got ${text.slice(0, 40)}`);
}
