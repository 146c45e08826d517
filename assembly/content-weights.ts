// Where a head looks: by content (cosine similarity, strength, softmax), then by location (interpolate, shift, sharpen).
import { addWeighted, Columns, dot } from './columns';
import { addScaled } from './elementwise';
import { Simd } from './simd';
import { softmax } from './softmax';

/**
 * w[b, i] = softmax over i of β[b] · cos(k[b], M[b, i]), with cos(x, y) = x·y / (max(|x|, 1e-8) · max(|y|, 1e-8)).
 * `saved` gets the pairs cos(k, M[i]), 1 / max(|M[i]|, 1e-8): 2·N floats a sample, N rounded up to a multiple of 4.
 */
export function contentWeights(
  w: usize,
  saved: usize,
  key: usize,
  strength: usize,
  memory: usize,
  batch: u32,
  rows: u32,
  cols: u32,
): void {
  const floor = f32x4.splat(1e-16);
  const one = f32x4.splat(1);
  for (let b: u32 = 0; b < batch; b++) {
    const keyScale = f32x4.splat(inverseNorm(key, cols));
    const beta = v128.load32_splat(strength + ((<usize>b) << 2));
    const weights = w + ((<usize>b * rows) << 2);
    setDotsAndSquares(saved, memory, key, rows, cols);
    for (let i: u32 = 0; i < rows; i += 4) {
      const low = v128.load(saved);
      const high = v128.load(saved, 16);
      const square = f32x4.pmax(v128.shuffle<f32>(low, high, 1, 3, 5, 7), floor);
      const scale = f32x4.div(one, f32x4.sqrt(square));
      const cosine = f32x4.mul(f32x4.mul(v128.shuffle<f32>(low, high, 0, 2, 4, 6), keyScale), scale);
      v128.store(saved, v128.shuffle<f32>(cosine, scale, 0, 4, 1, 5));
      v128.store(saved, v128.shuffle<f32>(cosine, scale, 2, 6, 3, 7), 16);
      Simd.store(weights + ((<usize>i) << 2), f32x4.mul(cosine, beta), rows - i);
      saved += 32;
    }
    key += (<usize>cols) << 2;
    memory += (<usize>rows * cols) << 2;
  }
  softmax(w, w, batch, rows);
}

/**
 * With dz = w ⊙ (dw − Σ_i dw[i] · w[i]), n[i] = 1 / max(|M[i]|, 1e-8), n = 1 / max(|k|, 1e-8): dβ += Σ_i dz[i] · cos[i],
 * dk += β·n (Σ_i dz[i] · n[i] · M[i] − n·k Σ_i dz[i] · cos[i]), dM[i] += β · dz[i] · n[i] (n·k − n[i] · cos[i] · M[i]).
 * Each gradient may be 0. Overwrites `saved`.
 */
export function contentWeightsBackward(
  dkey: usize,
  dstrength: usize,
  dmemory: usize,
  dw: usize,
  w: usize,
  saved: usize,
  key: usize,
  strength: usize,
  memory: usize,
  batch: u32,
  rows: u32,
  cols: u32,
): void {
  const stride = (<usize>cols) << 2;
  for (let b: u32 = 0; b < batch; b++) {
    const at = (<usize>b) << 2;
    const beta = load<f32>(strength + at);
    const keyScale = inverseNorm(key, cols);
    const total = toPairs(saved, dw, w, beta, keyScale, rows);
    if (dstrength) store<f32>(dstrength + at, load<f32>(dstrength + at) + total);
    if (dkey) addScaled(dkey, key, cols, -(total * beta * keyScale) * keyScale);
    if (dmemory) addSimilarityGradients(dkey, dmemory, saved, memory, key, rows, cols);
    else if (dkey) addWeighted(dkey, saved, 8, memory, rows, cols);
    if (dkey) dkey += stride;
    if (dmemory) dmemory += <usize>rows * stride;
    dw += (<usize>rows) << 2;
    w += (<usize>rows) << 2;
    saved += ((<usize>rows + 3) & ~3) << 3;
    key += stride;
    memory += <usize>rows * stride;
  }
}

/** 1 / max(|x|, 1e-8), a square below 1e-16 counting as 1e-16. */
function inverseNorm(x: usize, cols: u32): f32 {
  return <f32>1 / sqrt<f32>(max<f32>(dot(x, x, cols), 1e-16));
}

/** p[i] = Σ_c M[i, c] · x[c], Σ_c M[i, c]²: zeros from row N up to a multiple of 4. */
function setDotsAndSquares(p: usize, memory: usize, x: usize, rows: u32, cols: u32): void {
  const stride = (<usize>cols) << 2;
  const wide = stride >= 80;
  for (let i = wide ? rows : 0; i < ((rows + 3) & ~3); i++) store<u64>(p + ((<usize>i) << 3), 0);
  let c: usize = 0;
  if (wide) {
    Columns.dotsAndSquares(p, memory, x, rows, stride, 20, false);
    c = 80;
  }
  for (; c + 80 <= stride; c += 80) Columns.dotsAndSquares(p, memory + c, x + c, rows, stride, 20, true);
  for (; c + 16 <= stride; c += 16) Columns.dotsAndSquares(p, memory + c, x + c, rows, stride, 4, true);
  if (c < stride) Columns.dotsAndSquares(p, memory + c, x + c, rows, stride, cols & 3, true);
}

/** Turns the pairs cos[i], n[i] into β·n·dz[i]·n[i], β·dz[i]·n[i]²·cos[i], and returns Σ_i dz[i] · cos[i]. */
function toPairs(p: usize, dw: usize, w: usize, beta: f32, keyScale: f32, rows: u32): f32 {
  const mean = f32x4.splat(dot(dw, w, rows));
  const strength = f32x4.splat(beta);
  const keyFactor = f32x4.splat(keyScale);
  let total = f32x4.splat(0);
  for (let i: u32 = 0; i < rows; i += 4) {
    const at = (<usize>i) << 2;
    const low = v128.load(p);
    const high = v128.load(p, 16);
    const cosine = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
    const scale = v128.shuffle<f32>(low, high, 1, 3, 5, 7);
    const dz = f32x4.mul(Simd.load(w + at, rows - i), f32x4.sub(Simd.load(dw + at, rows - i), mean));
    total = Simd.madd(dz, cosine, total);
    const scaled = f32x4.mul(f32x4.mul(dz, strength), scale);
    const a = f32x4.mul(scaled, keyFactor);
    const b = f32x4.mul(f32x4.mul(scaled, cosine), scale);
    v128.store(p, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
    v128.store(p, v128.shuffle<f32>(a, b, 2, 6, 3, 7), 16);
    p += 32;
  }
  return Simd.sum(total);
}

function addSimilarityGradients(
  dx: usize,
  dmemory: usize,
  p: usize,
  memory: usize,
  x: usize,
  rows: u32,
  cols: u32,
): void {
  const stride = (<usize>cols) << 2;
  let c: usize = 0;
  for (; c + 80 <= stride; c += 80) Columns.addSimilarityGradients(dx, dmemory, p, memory, x, c, rows, stride, 20);
  for (; c + 16 <= stride; c += 16) Columns.addSimilarityGradients(dx, dmemory, p, memory, x, c, rows, stride, 4);
  if (c < stride) Columns.addSimilarityGradients(dx, dmemory, p, memory, x, c, rows, stride, cols & 3);
}
