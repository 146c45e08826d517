// Rows of a smooth function, to fit kernel memories to.
import type { Rows } from '../../index.js';
import { gaussian, seeded } from './random-numbers.js';

/** Queries [count, 4] and targets [count, 3], a smooth function of them. */
export function smoothRows(count: number, seed = 1): { Q: Rows; X: Rows } {
  const random = seeded(seed);
  const Q = Float32Array.from({ length: count * 4 }, () => gaussian(random));
  const X = Float32Array.from({ length: count * 3 }, (_, at) => {
    const [row, column] = [Math.floor(at / 3), at % 3];
    return Math.sin(Q[4 * row + column]! + Q[4 * row + 3]!);
  });
  return { Q: { shape: [count, 4], data: Q }, X: { shape: [count, 3], data: X } };
}

/** The numbers of rows, row-major. */
export function numbers(rows: Rows): Float32Array {
  return 'data' in rows ? rows.data : rows.toArray();
}
