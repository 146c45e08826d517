// Attention: softmax of scaled scores, by dot product, squared distance or cosine.

import { addScaled, scale } from './elementwise';
import { dot, sumSquares } from './reduce';
import { Each, Op } from './simd/each';
import { Simd } from './simd/simd';
import { softmax } from './softmax';

/** The smallest norm a cosine divides by, as in PyTorch. */
const SMALLEST_NORM: f64 = 1e-8;

/**
 * w[r, j] = softmax over j of β·(factor·s[r, j] + bias[j]). `bias` may be 0, w may be s; β is one float.
 *
 * With s = q·kᵀ, factor 1 and no bias give dot products; factor 2 and bias −|k|² give squared distances, since −|q|²
 * cancels in the softmax. So do s = −½|q − k|², factor 2 and no bias.
 */
export function attentionWeights(
  w: usize,
  s: usize,
  bias: usize,
  strength: usize,
  factor: f32,
  rows: u32,
  cols: u32,
): void {
  const beta = load<f32>(strength);
  const row = (<usize>cols) << 2;
  let y = w;
  for (let r: u32 = 0; r < rows; r++) {
    scale(y, s, cols, beta * factor);
    if (bias) addScaled(y, bias, cols, beta);
    softmax(y, y, 1, cols);
    s += row;
    y += row;
  }
}

/**
 * With dz = w ⊙ (dw − Σ_j dw[j]·w[j]): ds = β·factor·dz, totals[r] = Σ_j dz·(factor·s + bias) in float64.
 *
 * ds is overwritten and may be dw, but not s; `totals` may be 0, and `s` and `bias` are read for them alone.
 * Derived in docs/derivations.md#attention.
 */
export function attentionWeightsBackward(
  ds: usize,
  totals: usize,
  dw: usize,
  w: usize,
  s: usize,
  bias: usize,
  strength: usize,
  factor: f32,
  rows: u32,
  cols: u32,
): void {
  const beta = load<f32>(strength);
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    const mean = <f32>dot(dw, w, cols);
    Each.run(Op.shiftedProduct, cols, ds, w, dw, 0, mean);
    if (totals) {
      let total = <f64>factor * dot(ds, s, cols);
      if (bias) total += dot(ds, bias, cols);
      store<f64>(totals, total);
      totals += 8;
      s += row;
    }
    scale(ds, ds, cols, beta * factor);
    ds += row;
    dw += row;
    w += row;
  }
}

/** dβ += Σ_r totals[r], of totals as above. */
export function addTotals(dstrength: usize, totals: usize, rows: u32): void {
  let total: f64 = 0;
  for (let r: u32 = 0; r < rows; r++) total += load<f64>(totals + ((<usize>r) << 3));
  store<f32>(dstrength, load<f32>(dstrength) + <f32>total);
}

/** y[r] = −|x[r]|². */
export function negativeSquaredNorms(y: usize, x: usize, rows: u32, cols: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    store<f32>(y, <f32>-sumSquares(x, cols));
    x += (<usize>cols) << 2;
    y += 4;
  }
}

/** y[r] −= weights[r]·x[r]. */
export function subtractWeightedRows(y: usize, weights: usize, x: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    addScaled(y, x, cols, -load<f32>(weights));
    y += row;
    x += row;
    weights += 4;
  }
}

/**
 * s[r, j] = −½|q[r] − k[j]|², with q [rows, width] and the keys transposed, [width, cols]; accurate far from 0 as well.
 */
export function halfSquaredDistances(s: usize, q: usize, keys: usize, rows: u32, cols: u32, width: u32): void {
  const stride = (<usize>cols) << 2;
  const whole = stride & ~63;
  const next = (<usize>width) << 2;
  const factor = f32x4.splat(-0.5);
  for (let r: u32 = 0; r < rows; r++) {
    let j: usize = 0;
    for (; j < whole; j += 64) {
      let s0 = f32x4.splat(0);
      let s1 = s0;
      let s2 = s0;
      let s3 = s0;
      let k = keys + j;
      for (let c: usize = 0; c < next; c += 4) {
        const x = v128.load32_splat(q + c);
        const d0 = f32x4.sub(x, v128.load(k));
        const d1 = f32x4.sub(x, v128.load(k, 16));
        const d2 = f32x4.sub(x, v128.load(k, 32));
        const d3 = f32x4.sub(x, v128.load(k, 48));
        s0 = Simd.madd(d0, d0, s0);
        s1 = Simd.madd(d1, d1, s1);
        s2 = Simd.madd(d2, d2, s2);
        s3 = Simd.madd(d3, d3, s3);
        k += stride;
      }
      v128.store(s + j, f32x4.mul(s0, factor));
      v128.store(s + j, f32x4.mul(s1, factor), 16);
      v128.store(s + j, f32x4.mul(s2, factor), 32);
      v128.store(s + j, f32x4.mul(s3, factor), 48);
    }
    for (; j < stride; j += 16) {
      const count = min<u32>(4, <u32>(stride - j) >> 2);
      let sum = f32x4.splat(0);
      let k = keys + j;
      for (let c: usize = 0; c < next; c += 4) {
        const d = f32x4.sub(v128.load32_splat(q + c), Simd.load(k, count));
        sum = Simd.madd(d, d, sum);
        k += stride;
      }
      Simd.store(s + j, f32x4.mul(sum, factor), count);
    }
    s += stride;
    q += next;
  }
}

/** y[r] = x[r] / max(|x[r]|, 1e-8). */
export function normalizeRows(y: usize, x: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    scale(y, x, cols, inverseNorm(x, cols));
    x += row;
    y += row;
  }
}

/** dx[r] += (dy[r] − y[r]·(dy[r]·y[r])) / max(|x[r]|, 1e-8), with y[r] as of normalizeRows. */
export function normalizeRowsBackward(dx: usize, dy: usize, x: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    const inverse = inverseNorm(x, cols);
    const along = <f32>dot(dy, x, cols) * inverse * inverse;
    addScaled(dx, dy, cols, inverse);
    addScaled(dx, x, cols, -along * inverse);
    dx += row;
    dy += row;
    x += row;
  }
}

function inverseNorm(x: usize, cols: u32): f32 {
  return <f32>(1 / max(sqrt<f64>(sumSquares(x, cols)), SMALLEST_NORM));
}
