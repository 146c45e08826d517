// Softmax and its logarithm over the rows of a matrix.

import { scale } from './elementwise';
import { largest, sumElements } from './reduce';
import { Each, Op } from './simd/each';
import { Fold, Term } from './simd/fold';
import { Simd } from './simd/simd';

/** y[r, c] = exp(x[r, c] - max_c x[r, c]) / sum over the row. */
export function softmax(y: usize, x: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    Each.run(Op.shiftedExp, cols, y, x, 0, 0, largest(x, cols));
    scale(y, y, cols, <f32>(1 / Fold.run(Term.value, cols, y)));
    x += row;
    y += row;
  }
}

/** dx += y ⊙ (dy - sum over the row of dy ⊙ y). */
export function softmaxBackward(dx: usize, dy: usize, y: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    const mean = <f32>Fold.run(Term.product, cols, dy, y);
    Each.run(Op.addShiftedProduct, cols, dx, y, dy, 0, mean);
    dx += row;
    dy += row;
    y += row;
  }
}

/** y[r, c] = (x[r, c] - max_c x[r, c]) - ln(sum over the row of exp(x[r, c] - max_c x[r, c])). */
export function logSoftmax(y: usize, x: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    const top = largest(x, cols);
    const total = <f32>sumExp(x, cols, top);
    Each.run(Op.shift, cols, y, x, 0, 0, top, f32x4.extract_lane(Simd.log(f32x4.splat(total)), 0));
    x += row;
    y += row;
  }
}

/** dx += dy - exp(y)·(sum over the row of dy). */
export function logSoftmaxBackward(dx: usize, dy: usize, y: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    Each.run(Op.addLogSoftmaxGradient, cols, dx, dy, y, 0, <f32>sumElements(dy, cols));
    dx += row;
    dy += row;
    y += row;
  }
}

/** Sum of e^(x[i] - shift), in float64. */
export function sumExp(x: usize, n: u32, shift: f32): f64 {
  return Fold.run(Term.exp, n, x, 0, shift);
}
