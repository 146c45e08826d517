// Gumbel-softmax weights, and the address of the largest.

import { clamp, log, scale, sub } from './elementwise';
import { indexOf, largest } from './reduce';
import { copyRows } from './shaping';
import { Each, Op } from './simd/each';
import { softmax } from './softmax';

/**
 * y[r] = softmax((x[r] + g[r]) / tau) with the Gumbel noise g = −ln(−ln u), none without u (0), and addresses[r] the
 * index of the first largest one, 2^32 − 1 if the weights are NaN.
 *
 * u is clamped to [2^-126, 1 − 2^-24], so that 0 and 1 give finite noise.
 */
export function gumbelWeights(
  y: usize,
  addresses: usize,
  x: usize,
  u: usize,
  rows: u32,
  cols: u32,
  inverseTau: f32,
): void {
  if (u) addNoise(y, x, u, rows * cols);
  else copyRows(y, x, 1, rows * cols, 0, 0);
  for (let r: u32 = 0; r < rows; r++) {
    const row = y + ((<usize>r * cols) << 2);
    const top = largest(row, cols);
    store<u32>(addresses + ((<usize>r) << 2), indexOf(top, row, cols));
    // Before the division by tau, so that only weights of 0 overflow.
    Each.run(Op.offset, cols, row, row, 0, 0, -top);
  }
  scale(y, y, rows * cols, inverseTau);
  softmax(y, y, rows, cols);
  // One NaN in a row makes all of its weights NaN.
  for (let r: u32 = 0; r < rows; r++) {
    if (!(load<f32>(y + ((<usize>r * cols) << 2)) >= 0)) store<u32>(addresses + ((<usize>r) << 2), u32.MAX_VALUE);
  }
}

/** y = x − ln(−ln u), with u clamped so that neither logarithm is 0 or infinite. */
function addNoise(y: usize, x: usize, u: usize, n: u32): void {
  clamp(y, u, n, 1.17549435e-38, 0.99999994);
  log(y, y, n);
  scale(y, y, n, -1);
  log(y, y, n);
  sub(y, x, y, n);
}
