// Content weights of a head: cosine similarity of its key to every row, strength, softmax.
import { addWeighted, Columns, dot } from './columns';
import { addScaled } from './elementwise';
import { sumSquares } from './reduce';
import { Simd } from './simd/simd';
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
  const row = (<usize>rows) << 2;
  let z = w;
  for (let b: u32 = 0; b < batch; b++) {
    const beta = load<f32>(strength + ((<usize>b) << 2));
    const square = dot(key, key, cols);
    setDotsAndSquares(saved, memory, key, rows, cols);
    if (!(square < Infinity) || !setSimilarities(z, saved, inverseRoot(square), beta, rows)) {
      setLargeSimilarities(z, saved, memory, key, beta, rows, cols);
    }
    z += row;
    saved += ((row + 15) & ~15) << 1;
    key += (<usize>cols) << 2;
    memory += row * cols;
  }
  softmax(w, w, batch, rows);
}

/**
 * With dz = w ⊙ (dw − Σ_i dw[i] · w[i]), n[i] = 1 / max(|M[i]|, 1e-8) and n = 1 / max(|k|, 1e-8):
 * dk += β·n (Σ_i dz[i] · n[i] · M[i] − n·k Σ_i dz[i] · cos[i]), dβ += Σ_i dz[i] · cos[i] and
 * dM[i] += β · dz[i] · n[i] (n·k − n[i] · cos[i] · M[i]).
 * Each gradient may be 0. Overwrites `saved`. Derived in docs/derivations.md#contentweights.
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
    const total = setPairGradients(saved, dw, w, keyScale, beta, rows);
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
  const square = dot(x, x, cols);
  return square < Infinity ? inverseRoot(square) : <f32>(1 / norm(x, cols));
}

function inverseRoot(square: f32): f32 {
  return <f32>1 / sqrt<f32>(max<f32>(square, 1e-16));
}

/** max(|x|, 1e-8), in float64: squares of numbers above 1e19 are infinite in float32. */
function norm(x: usize, cols: u32): f64 {
  return max<f64>(sqrt(sumSquares(x, cols)), 1e-8);
}

/** setDotsAndSquares and setSimilarities in float64, for numbers of any magnitude. */
function setLargeSimilarities(z: usize, p: usize, memory: usize, key: usize, beta: f32, rows: u32, cols: u32): void {
  const length = norm(key, cols);
  for (let i: u32 = 0; i < rows; i++) {
    const own = norm(memory, cols);
    let product: f64 = 0;
    for (let c: usize = 0; c < (<usize>cols) << 2; c += 4) product += <f64>load<f32>(memory + c) * load<f32>(key + c);
    const cosine = <f32>(product / own / length);
    store<f32>(p, cosine);
    store<f32>(p, <f32>(1 / own), 4);
    store<f32>(z, cosine * beta);
    memory += (<usize>cols) << 2;
    p += 8;
    z += 4;
  }
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

/** Turns the pairs of sums into cos[i], n[i], and sets z[i] = β · cos[i]. False if a square is infinite or NaN. */
function setSimilarities(z: usize, p: usize, keyScale: f32, beta: f32, rows: u32): bool {
  const whole = rows & ~3;
  let squares = f32x4.splat(0);
  let i: u32 = 0;
  if (whole) {
    do {
      squares = f32x4.add(squares, Similarity.set(z, p, keyScale, beta, i, 4));
      i += 4;
    } while (i < whole);
  }
  if (i < rows) squares = f32x4.add(squares, Similarity.set(z, p, keyScale, beta, i, rows & 3));
  return Simd.sum(squares) < Infinity;
}

/** Turns the pairs cos[i], n[i] into β·n·dz[i]·n[i], β·dz[i]·n[i]²·cos[i], and returns Σ_i dz[i] · cos[i]. */
function setPairGradients(p: usize, dw: usize, w: usize, keyScale: f32, beta: f32, rows: u32): f32 {
  const mean = dot(dw, w, rows);
  const whole = rows & ~3;
  let total = f32x4.splat(0);
  let i: u32 = 0;
  for (; i < whole; i += 4) {
    total = f32x4.add(total, Similarity.setGradient(p, dw, w, mean, keyScale, beta, i, 4));
  }
  if (i < rows) total = f32x4.add(total, Similarity.setGradient(p, dw, w, mean, keyScale, beta, i, rows & 3));
  return Simd.sum(total);
}

/** Four rows from row i on, or the remaining `count`. */
class Similarity {
  /** Returns the squares. */
  @inline static set(z: usize, p: usize, keyScale: f32, beta: f32, i: u32, count: u32): v128 {
    const at = p + ((<usize>i) << 3);
    const low = v128.load(at);
    const high = v128.load(at, 16);
    const square = f32x4.pmax(v128.shuffle<f32>(low, high, 1, 3, 5, 7), f32x4.splat(1e-16));
    const scale = f32x4.div(f32x4.splat(1), f32x4.sqrt(square));
    const products = f32x4.mul(v128.shuffle<f32>(low, high, 0, 2, 4, 6), f32x4.splat(keyScale));
    const cosine = f32x4.mul(products, scale);
    v128.store(at, v128.shuffle<f32>(cosine, scale, 0, 4, 1, 5));
    v128.store(at, v128.shuffle<f32>(cosine, scale, 2, 6, 3, 7), 16);
    Simd.store(z + ((<usize>i) << 2), f32x4.mul(cosine, f32x4.splat(beta)), count);
    return square;
  }

  @inline static setGradient(
    p: usize,
    dw: usize,
    w: usize,
    mean: f32,
    keyScale: f32,
    beta: f32,
    i: u32,
    count: u32,
  ): v128 {
    const at = p + ((<usize>i) << 3);
    const row = (<usize>i) << 2;
    const low = v128.load(at);
    const high = v128.load(at, 16);
    const cosine = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
    const scale = v128.shuffle<f32>(low, high, 1, 3, 5, 7);
    const dz = f32x4.mul(Simd.load(w + row, count), f32x4.sub(Simd.load(dw + row, count), f32x4.splat(mean)));
    const scaled = f32x4.mul(f32x4.mul(dz, f32x4.splat(beta)), scale);
    const a = f32x4.mul(scaled, f32x4.splat(keyScale));
    const b = f32x4.mul(f32x4.mul(scaled, cosine), scale);
    v128.store(at, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
    v128.store(at, v128.shuffle<f32>(a, b, 2, 6, 3, 7), 16);
    return f32x4.mul(dz, cosine);
  }
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
