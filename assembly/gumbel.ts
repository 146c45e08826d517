// Weights of a noisy choice among addresses, and the address chosen.
import { Each, Op } from './each';
import { scale } from './elementwise';
import { Fold, Term } from './fold';
import { largest, placeOf } from './reduce';
import { copyRows } from './shaping';

/**
 * y[r] = softmax((x[r] + g[r]) / tau) with the Gumbel noise g = −ln(−ln u), none without u (0), and addresses[r] the first
 * place of the largest.
 *
 * u is kept within [2^-126, 1 − 2^-24], so that noise drawn as 0 or 1 gives no infinity.
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
  if (u) Each.run(Op.addGumbel, rows * cols, y, x, u);
  else copyRows(y, x, 1, rows * cols, 0, 0);
  const row = (<usize>cols) << 2;
  for (const end = y + row * rows; y < end; y += row) {
    const top = largest(y, cols);
    store<u32>(addresses, placeOf(top, y, cols));
    addresses += 4;
    Each.run(Op.scaledShiftedExp, cols, y, y, 0, 0, top, inverseTau);
    scale(y, y, cols, <f32>(1 / Fold.run(Term.value, cols, y)));
  }
}
