// Batch norm of the columns of a matrix: statistics, normalization, backward. Four columns at a time, sums in float64.
import { Columns } from './columns';
import { Simd } from './simd/simd';

/**
 * y[r, c] = (x[r, c] − mean[c]) · scale[c] · weight[c] + bias[c], with the saved mean and scale = 1 / √(variance +
 * eps).
 *
 * In training, mean and variance are those of the column, and the running ones move towards them by `momentum`, the
 * variance towards Σ (x − mean)² / (rows − 1). Otherwise the running ones are used.
 */
export function batchNorm(
  y: usize,
  mean: usize,
  scale: usize,
  runningMean: usize,
  runningVar: usize,
  x: usize,
  weight: usize,
  bias: usize,
  rows: u32,
  cols: u32,
  training: bool,
  momentum: f32,
  eps: f64,
): void {
  const stride = (<usize>cols) << 2;
  for (let c: usize = 0; c < stride; c += 16) {
    const count = min<u32>(4, <u32>(stride - c) >> 2);
    if (training) {
      statistics(mean + c, scale + c, runningMean + c, runningVar + c, x + c, rows, stride, count, momentum, eps);
    } else {
      const variance = Simd.load(runningVar + c, count);
      const low = inverseRoot(f64x2.promote_low_f32x4(variance), eps);
      Simd.store(mean + c, Simd.load(runningMean + c, count), count);
      Simd.store(scale + c, Simd.narrow(low, inverseRoot(f64x2.promote_low_f32x4(Simd.high(variance)), eps), 1), count);
    }
    normalize(y + c, mean + c, scale + c, x + c, weight + c, bias + c, rows, stride, count);
  }
}

/**
 * With n = (x − mean)·scale: dbias += Σ_r dy, dweight += Σ_r dy ⊙ n, and dx += weight·scale·(dy − means), where in
 * training means = (Σ_r dy + n Σ_r dy ⊙ n) / rows, and 0 otherwise. Without a gradient (0) its sum is left out.
 */
export function batchNormBackward(
  dx: usize,
  dweight: usize,
  dbias: usize,
  dy: usize,
  x: usize,
  mean: usize,
  scale: usize,
  weight: usize,
  rows: u32,
  cols: u32,
  training: bool,
): void {
  const stride = (<usize>cols) << 2;
  for (let c: usize = 0; c < stride; c += 16) {
    const count = min<u32>(4, <u32>(stride - c) >> 2);
    const center = Simd.load(mean + c, count);
    const factor = Simd.load(scale + c, count);
    let low = f64x2.splat(0);
    let high = low;
    let lowProduct = low;
    let highProduct = low;
    for (let i = c; i < stride * rows; i += stride) {
      const d = Simd.load(dy + i, count);
      const product = f32x4.mul(d, f32x4.mul(f32x4.sub(Simd.load(x + i, count), center), factor));
      low = f64x2.add(low, f64x2.promote_low_f32x4(d));
      high = f64x2.add(high, f64x2.promote_low_f32x4(Simd.high(d)));
      lowProduct = f64x2.add(lowProduct, f64x2.promote_low_f32x4(product));
      highProduct = f64x2.add(highProduct, f64x2.promote_low_f32x4(Simd.high(product)));
    }
    if (dbias) Columns.add(dbias + c, Simd.narrow(low, high, 1), count);
    if (dweight) Columns.add(dweight + c, Simd.narrow(lowProduct, highProduct, 1), count);
    if (dx) {
      const share: f64 = training ? 1 / <f64>rows : 0;
      const shift = Simd.narrow(low, high, share);
      const tilt = f32x4.mul(factor, Simd.narrow(lowProduct, highProduct, share));
      const slope = f32x4.mul(factor, Simd.load(weight + c, count));
      addInputGradient(dx + c, dy + c, x + c, center, shift, tilt, slope, rows, stride, count);
    }
  }
}

/** dx += slope·(dy − shift − (x − center)·tilt) for `count` columns. */
function addInputGradient(
  dx: usize,
  dy: usize,
  x: usize,
  center: v128,
  shift: v128,
  tilt: v128,
  slope: v128,
  rows: u32,
  stride: usize,
  count: u32,
): void {
  for (let i: usize = 0; i < stride * rows; i += stride) {
    const pull = Simd.madd(f32x4.sub(Simd.load(x + i, count), center), tilt, shift);
    Columns.add(dx + i, f32x4.mul(slope, f32x4.sub(Simd.load(dy + i, count), pull)), count);
  }
}

/** Mean and scale of `count` columns; updates the running statistics. */
function statistics(
  mean: usize,
  scale: usize,
  runningMean: usize,
  runningVar: usize,
  x: usize,
  rows: u32,
  stride: usize,
  count: u32,
  momentum: f32,
  eps: f64,
): void {
  const end = stride * rows;
  let low = f64x2.splat(0);
  let high = low;
  for (let i: usize = 0; i < end; i += stride) {
    const v = Simd.load(x + i, count);
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(Simd.high(v)));
  }
  const share = f64x2.splat(1 / <f64>rows);
  const lowMean = f64x2.mul(low, share);
  const highMean = f64x2.mul(high, share);
  low = f64x2.splat(0);
  high = low;
  for (let i: usize = 0; i < end; i += stride) {
    const v = Simd.load(x + i, count);
    const l = f64x2.sub(f64x2.promote_low_f32x4(v), lowMean);
    const h = f64x2.sub(f64x2.promote_low_f32x4(Simd.high(v)), highMean);
    low = f64x2.add(low, f64x2.mul(l, l));
    high = f64x2.add(high, f64x2.mul(h, h));
  }
  const center = Simd.narrow(lowMean, highMean, 1);
  Simd.store(mean, center, count);
  const lowScale = inverseRoot(f64x2.mul(low, share), eps);
  Simd.store(scale, Simd.narrow(lowScale, inverseRoot(f64x2.mul(high, share), eps), 1), count);
  approach(runningMean, center, momentum, count);
  approach(runningVar, Simd.narrow(low, high, 1 / <f64>(rows - 1)), momentum, count);
}

/** y = (x − mean)·scale·weight + bias for `count` columns. */
function normalize(
  y: usize,
  mean: usize,
  scale: usize,
  x: usize,
  weight: usize,
  bias: usize,
  rows: u32,
  stride: usize,
  count: u32,
): void {
  const center = Simd.load(mean, count);
  const slope = f32x4.mul(Simd.load(scale, count), Simd.load(weight, count));
  const offset = Simd.load(bias, count);
  for (let i: usize = 0; i < stride * rows; i += stride) {
    const v = f32x4.sub(Simd.load(x + i, count), center);
    Simd.store(y + i, Simd.madd(v, slope, offset), count);
  }
}

/** 1 / √(x + eps). */
function inverseRoot(x: v128, eps: f64): v128 {
  return f64x2.div(f64x2.splat(1), f64x2.sqrt(f64x2.add(x, f64x2.splat(eps))));
}

/** x = (1 − momentum)·x + momentum·target for `count` numbers. */
function approach(address: usize, target: v128, momentum: f32, count: u32): void {
  const kept = f32x4.mul(Simd.load(address, count), f32x4.splat(1 - momentum));
  Simd.store(address, Simd.madd(target, f32x4.splat(momentum), kept), count);
}
