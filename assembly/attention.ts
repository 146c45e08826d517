// Attention: softmax of scaled scores, with what turns scores into squared distances or cosines.

import { addScaled, scale } from './elementwise';
import { dot, sumSquares } from './reduce';
import { Each, Op } from './simd/each';
import { softmax } from './softmax';

/** The smallest norm a cosine divides by, as in PyTorch. */
const SMALLEST_NORM: f64 = 1e-8;

/**
 * w[r, j] = softmax over j of β·(factor·s[r, j] + bias[j]). `bias` may be 0, w may be s; β is one float.
 *
 * With s = q·kᵀ: factor 1 and no bias is attention by dot product, factor 2 and bias −|k|² by squared distance, whose
 * −|q|² the softmax does not see.
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

/** Of ds and totals as above: dbias += Σ_r ds[r] / factor, dβ += Σ_r totals[r]. dbias or dβ may be 0; factor is a power of 2. */
export function attentionWeightsSums(
  dbias: usize,
  dstrength: usize,
  ds: usize,
  totals: usize,
  factor: f32,
  rows: u32,
  cols: u32,
): void {
  let total: f64 = 0;
  for (let r: u32 = 0; r < rows; r++) {
    if (dbias) addScaled(dbias, ds + ((<usize>r * cols) << 2), cols, 1 / factor);
    if (dstrength) total += load<f64>(totals + ((<usize>r) << 3));
  }
  if (dstrength) store<f32>(dstrength, load<f32>(dstrength) + <f32>total);
}

/** y[r] = −|x[r]|². */
export function negativeSquaredNorms(y: usize, x: usize, rows: u32, cols: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    store<f32>(y, <f32>-sumSquares(x, cols));
    x += (<usize>cols) << 2;
    y += 4;
  }
}

/** dx[r] += −2·dy[r]·x[r]. */
export function negativeSquaredNormsBackward(dx: usize, dy: usize, x: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    addScaled(dx, x, cols, -2 * load<f32>(dy));
    dx += row;
    x += row;
    dy += 4;
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
