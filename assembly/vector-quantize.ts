// The nearest code of every row, from products of rows and codes.
import { addScaled, scale } from './elementwise';
import { largest, placeOf } from './reduce';

/**
 * codes[r] = the first j with the largest 2·s[r, j] + bias[j], as i32: with s = z·eᵀ and bias = −|e|² the nearest code.
 * Overwrites s.
 */
export function nearestCodes(codes: usize, s: usize, bias: usize, rows: u32, cols: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    scale(s, s, cols, 2);
    addScaled(s, bias, cols, 1);
    store<u32>(codes, placeOf(largest(s, cols), s, cols));
    codes += 4;
    s += (<usize>cols) << 2;
  }
}
