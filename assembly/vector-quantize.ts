// The nearest code of every row, from products of rows and codes.
import { addScaled } from './elementwise';
import { indexOf, largest, sumSquares } from './reduce';
import { Simd } from './simd/simd';

/** The code of a row without a nearest one: it or a code holds a NaN. */
const NONE: u32 = u32.MAX_VALUE;

/**
 * codes[r] = the first j with the largest s[r, j] + bias[j], as u32: with s = z·eᵀ and bias = −½|e|² the nearest code,
 * up to rounding errors. Overwrites s with these scores.
 */
export function nearestCodes(codes: usize, s: usize, bias: usize, rows: u32, cols: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    addScaled(s, bias, cols, 1);
    store<u32>(codes, indexOf(largest(s, cols), s, cols));
    codes += 4;
    s += (<usize>cols) << 2;
  }
}

/**
 * Corrects the codes of nearestCodes: among those whose scores are equal up to rounding errors, takes the first with
 * the smallest float64 distance from z [rows, width] to the codebook [cols, width]. `centered` is z as nearestCodes had
 * it.
 *
 * With E = max |e|, the error of a score z·e − ½|e|² is at most (width + 8)·2^-24·E·(|z| + E/2).
 */
export function exactCodes(
  codes: usize,
  s: usize,
  bias: usize,
  centered: usize,
  z: usize,
  codebook: usize,
  rows: u32,
  cols: u32,
  width: u32,
): void {
  const row = (<usize>width) << 2;
  const norm = greatestNorm(bias, cols);
  const share = <f64>(width + 8) * 2 * 2 ** -24 * norm;
  for (let r: u32 = 0; r < rows; r++) {
    const code = load<u32>(codes);
    let threshold: f32 = NaN;
    if (code !== NONE) {
      const error = share * (sqrt<f64>(sumSquares(centered, width)) + norm / 2);
      threshold = <f32>(<f64>load<f32>(s + ((<usize>code) << 2)) - error);
    }
    if (candidates(s, threshold, cols) !== 1) store<u32>(codes, nearestOf(s, threshold, z, codebook, cols, width));
    codes += 4;
    z += row;
    centered += row;
    s += (<usize>cols) << 2;
  }
}

/** Number of scores that are not below the threshold, NaNs included. */
function candidates(s: usize, threshold: f32, n: u32): u32 {
  const limit = f32x4.splat(threshold);
  const tail = n & 3;
  let below = i32x4.splat(0);
  for (const end = s + ((<usize>(n - tail)) << 2); s < end; s += 16) {
    below = i32x4.sub(below, f32x4.lt(v128.load(s), limit));
  }
  if (tail) {
    const there = i32x4.gt_u(i32x4.splat(tail), i32x4(0, 1, 2, 3));
    below = i32x4.sub(below, v128.and(there, f32x4.lt(Simd.loadTail(s, tail), limit)));
  }
  below = i32x4.add(below, v128.shuffle<i32>(below, below, 2, 3, 0, 1));
  return n - i32x4.extract_lane(below, 0) - i32x4.extract_lane(below, 1);
}

/** The nearest code of z among those whose score is not below the threshold. */
function nearestOf(s: usize, threshold: f32, z: usize, codebook: usize, cols: u32, width: u32): u32 {
  let nearest = NONE;
  let least = Infinity;
  for (let j: u32 = 0; j < cols; j++) {
    if (load<f32>(s + ((<usize>j) << 2)) < threshold) continue;
    const distance = squaredDistance(z, codebook + ((<usize>j * width) << 2), width);
    // Both are false for a NaN only.
    if (!(distance <= least) && !(distance > least)) return NONE;
    if (distance < least || nearest === NONE) {
      least = distance;
      nearest = j;
    }
  }
  return nearest;
}

/** |x − y|² in float64. */
function squaredDistance(x: usize, y: usize, n: u32): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < (<usize>n) << 2; i += 4) {
    const difference = <f64>load<f32>(x + i) - <f64>load<f32>(y + i);
    sum += difference * difference;
  }
  return sum;
}

/** max |e| of the codes, from −½|e|². */
function greatestNorm(bias: usize, n: u32): f64 {
  let least: f64 = 0;
  for (let j: u32 = 0; j < n; j++) least = min<f64>(least, load<f32>(bias + ((<usize>j) << 2)));
  return sqrt<f64>(-2 * least);
}
