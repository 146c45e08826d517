// Losses, each the mean over a batch, and their gradients.

import { addScaled } from './elementwise';
import { largest } from './reduce';
import { Each, Op } from './simd/each';
import { Fold, Term } from './simd/fold';
import { Simd } from './simd/simd';
import { sumExp } from './softmax';

/** loss = mean of ln(1 + e^x) - x·target: the binary cross-entropy of sigmoid(x), stable for every x. */
export function bceWithLogits(loss: usize, x: usize, target: usize, n: u32): void {
  store<f32>(loss, <f32>(Fold.run(Term.bce, n, x, target) / n));
}

/** dx += (dloss / n)·(sigmoid(x) - target) and dtarget -= (dloss / n)·x; either may be absent. */
export function bceWithLogitsBackward(dx: usize, dtarget: usize, dloss: usize, x: usize, target: usize, n: u32): void {
  const factor = load<f32>(dloss) / <f32>n;
  if (dx) Each.run(Op.addBceGradient, n, dx, x, target, 0, factor);
  if (dtarget) addScaled(dtarget, x, n, -factor);
}

/** loss = mean of (x - target)². */
export function mse(loss: usize, x: usize, target: usize, n: u32): void {
  store<f32>(loss, <f32>(Fold.run(Term.squaredDifference, n, x, target) / n));
}

/** dx += (2·dloss / n)·(x - target), and dtarget the negative of that; either may be absent. */
export function mseBackward(dx: usize, dtarget: usize, dloss: usize, x: usize, target: usize, n: u32): void {
  const factor = (load<f32>(dloss) * 2) / <f32>n;
  if (dx) addScaledDifference(dx, x, target, n, factor);
  if (dtarget) addScaledDifference(dtarget, x, target, n, -factor);
}

/**
 * loss = mean over rows of ln(sum over c of e^x[r, c]) - x[r, targets[r]], with targets of i32.
 *
 * saved[r] = (max_c x[r, c], 1 / sum over c of e^(x[r, c] - max)), two floats a row for the backward; may be absent.
 */
export function crossEntropy(loss: usize, saved: usize, x: usize, targets: usize, rows: u32, cols: u32): void {
  let total: f64 = 0;
  for (let r: usize = 0; r < rows; r++) {
    const top = largest(x, cols);
    const powers = sumExp(x, cols, top);
    const right = load<f32>(x + ((<usize>load<u32>(targets + (r << 2))) << 2));
    total += <f64>(top - right) + <f64>f32x4.extract_lane(Simd.log(f32x4.splat(<f32>powers)), 0);
    if (saved) {
      store<f32>(saved + (r << 3), top);
      store<f32>(saved + (r << 3), <f32>(1 / powers), 4);
    }
    x += (<usize>cols) << 2;
  }
  store<f32>(loss, <f32>(total / rows));
}

/** dx[r, c] += (dloss / rows)·(softmax(x)[r, c] - (1 where c = targets[r])). */
export function crossEntropyBackward(
  dx: usize,
  dloss: usize,
  saved: usize,
  x: usize,
  targets: usize,
  rows: u32,
  cols: u32,
): void {
  const factor = load<f32>(dloss) / <f32>rows;
  for (let r: usize = 0; r < rows; r++) {
    const top = load<f32>(saved + (r << 3));
    Each.run(Op.addScaledExp, cols, dx, x, 0, 0, top, factor * load<f32>(saved + (r << 3), 4));
    const right = dx + ((<usize>load<u32>(targets + (r << 2))) << 2);
    store<f32>(right, load<f32>(right) - factor);
    dx += (<usize>cols) << 2;
    x += (<usize>cols) << 2;
  }
}

/** y += (a - b)·factor. */
function addScaledDifference(y: usize, a: usize, b: usize, n: u32, factor: f32): void {
  Each.run(Op.addScaledDifference, n, y, a, b, 0, factor);
}
