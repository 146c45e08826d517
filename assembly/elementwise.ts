// Elementwise functions and their gradients. In every forward kernel y may be one of the inputs.
import { Each, Op } from './simd/each';

/** y[i] = a[i] + b[i]; the gradients are dy, by addScaled. */
export function add(y: usize, a: usize, b: usize, n: u32): void {
  Each.run(Op.add, n, y, a, b);
}

/** y[i] = a[i] - b[i]; the gradients are dy and -dy, by addScaled. */
export function sub(y: usize, a: usize, b: usize, n: u32): void {
  Each.run(Op.sub, n, y, a, b);
}

/** y[i] = a[i]·b[i]. */
export function mul(y: usize, a: usize, b: usize, n: u32): void {
  Each.run(Op.mul, n, y, a, b);
}

/** da += dy ⊙ b and db += dy ⊙ a; either may be absent. */
export function mulBackward(da: usize, db: usize, dy: usize, a: usize, b: usize, n: u32): void {
  if (da) addProduct(da, dy, b, n);
  if (db) addProduct(db, dy, a, n);
}

/** y[i] = a[i] / b[i]. */
export function div(y: usize, a: usize, b: usize, n: u32): void {
  Each.run(Op.div, n, y, a, b);
}

/** da += dy / b and db -= (dy / b) ⊙ y; either may be absent. */
export function divBackward(da: usize, db: usize, dy: usize, y: usize, b: usize, n: u32): void {
  if (da) addQuotient(da, dy, b, n);
  if (db) Each.run(Op.subQuotientProduct, n, db, dy, b, y);
}

/** y[i] = x[i]·factor; the gradient is dy·factor, by addScaled. */
export function scale(y: usize, x: usize, n: u32, factor: f32): void {
  Each.run(Op.scale, n, y, x, 0, 0, factor);
}

/** y[i] += x[i]·factor. */
export function addScaled(y: usize, x: usize, n: u32, factor: f32): void {
  Each.run(Op.addScaled, n, y, x, 0, 0, factor);
}

/** y[i] = x[i] limited to [low, high]; a NaN stays one. */
export function clamp(y: usize, x: usize, n: u32, low: f32, high: f32): void {
  Each.run(Op.clamp, n, y, x, 0, 0, low, high);
}

/** y[i] = e^x[i], within 1 ulp. */
export function exp(y: usize, x: usize, n: u32): void {
  Each.run(Op.exp, n, y, x);
}

/** dx += dy ⊙ y. */
export function expBackward(dx: usize, dy: usize, y: usize, n: u32): void {
  addProduct(dx, dy, y, n);
}

/** y[i] = ln x[i], within 1 ulp. */
export function log(y: usize, x: usize, n: u32): void {
  Each.run(Op.log, n, y, x);
}

/** dx += dy / x. */
export function logBackward(dx: usize, dy: usize, x: usize, n: u32): void {
  addQuotient(dx, dy, x, n);
}

/** y[i] = tanh x[i], within 1.9 ulp. */
export function tanh(y: usize, x: usize, n: u32): void {
  Each.run(Op.tanh, n, y, x);
}

/** dx += dy ⊙ (1 - y²). */
export function tanhBackward(dx: usize, dy: usize, y: usize, n: u32): void {
  Each.run(Op.addTanhGradient, n, dx, dy, y);
}

/** y[i] = 1 / (1 + e^-x[i]), within 1.9 ulp. */
export function sigmoid(y: usize, x: usize, n: u32): void {
  Each.run(Op.sigmoid, n, y, x);
}

/** dx += dy ⊙ y ⊙ (1 - y). */
export function sigmoidBackward(dx: usize, dy: usize, y: usize, n: u32): void {
  Each.run(Op.addSigmoidGradient, n, dx, dy, y);
}

/** y[i] = max(x[i], 0); a NaN stays one. */
export function relu(y: usize, x: usize, n: u32): void {
  Each.run(Op.relu, n, y, x);
}

/** dx += dy unless y ≤ 0, so also where y is NaN. */
export function reluBackward(dx: usize, dy: usize, y: usize, n: u32): void {
  Each.run(Op.addReluGradient, n, dx, dy, y);
}

/** y[i] = ln(1 + e^x[i]), within 1.8 ulp. */
export function softplus(y: usize, x: usize, n: u32): void {
  Each.run(Op.softplus, n, y, x);
}

/** dx += dy ⊙ sigmoid(x). */
export function softplusBackward(dx: usize, dy: usize, x: usize, n: u32): void {
  Each.run(Op.addSoftplusGradient, n, dx, dy, x);
}

/** y += a ⊙ b. */
function addProduct(y: usize, a: usize, b: usize, n: u32): void {
  Each.run(Op.addProduct, n, y, a, b);
}

/** y += a / b. */
function addQuotient(y: usize, a: usize, b: usize, n: u32): void {
  Each.run(Op.addQuotient, n, y, a, b);
}
