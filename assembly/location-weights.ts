// Location weights of a head: interpolate with the previous weights, shift around the ring of rows, sharpen.
import { dot } from './columns';
import { addScaled, clamp, log, scale } from './elementwise';
import { Simd } from './simd/simd';
import { softmax } from './softmax';

/** Lower bound of shifted weights: its logarithm is finite, its power negligible. */
const TINY: f32 = 1e-30;

/**
 * With q = g · content + (1 − g) · previous and v[i] = Σ_j s[j] · q[(i + j − maxShift) mod N], j from 0 to 2·maxShift:
 * w = v^γ / Σ v^γ, computed as softmax(γ · ln max(v, 1e-30)).
 * `saved` gets ln v, N floats a sample, after 2·(N + 2·maxShift) floats for q and v of one sample at a time;
 * N and 2·maxShift rounded up to a multiple of 4. The rest is recomputed, which is faster than storing it.
 */
export function locationWeights(
  w: usize,
  saved: usize,
  content: usize,
  previous: usize,
  gate: usize,
  shift: usize,
  sharpness: usize,
  batch: u32,
  rows: u32,
  maxShift: u32,
): void {
  const taps = 2 * maxShift + 1;
  const margin = (<usize>maxShift) << 2;
  const row = (<usize>rows) << 2;
  const whole = (row + 15) & ~15;
  const ring = whole + ((2 * margin + 15) & ~15);
  const q = saved;
  const v = saved + ring + margin;
  let logs = saved + 2 * ring;
  let z = w;
  for (let b: u32 = 0; b < batch; b++) {
    const at = (<usize>b) << 2;
    shiftWeights(v, q, content, previous, load<f32>(gate + at), shift, rows, maxShift);
    log(logs, v, rows);
    scale(z, logs, rows, load<f32>(sharpness + at));
    z += row;
    logs += whole;
    content += row;
    previous += row;
    shift += (<usize>taps) << 2;
  }
  softmax(w, w, batch, rows);
}

/**
 * With dz = w ⊙ (dw − Σ_i dw[i] · w[i]), dv = γ · dz / max(v, 1e-30), dq[i] = Σ_j s[j] · dv[(i − j + maxShift) mod N]:
 * dγ += Σ_i dz[i] · ln v[i], ds[j] += Σ_i dv[i] · q[(i + j − maxShift) mod N], dcontent += g · dq,
 * dprevious += (1 − g) · dq and dg += Σ_i dq[i] · (content[i] − previous[i]). Each gradient may be 0.
 * Derived in docs/derivations.md#locationweights.
 */
export function locationWeightsBackward(
  dcontent: usize,
  dprevious: usize,
  dgate: usize,
  dshift: usize,
  dsharpness: usize,
  dw: usize,
  w: usize,
  saved: usize,
  content: usize,
  previous: usize,
  gate: usize,
  shift: usize,
  sharpness: usize,
  batch: u32,
  rows: u32,
  maxShift: u32,
): void {
  const taps = 2 * maxShift + 1;
  const margin = (<usize>maxShift) << 2;
  const row = (<usize>rows) << 2;
  const whole = (row + 15) & ~15;
  const ring = whole + ((2 * margin + 15) & ~15);
  const q = saved;
  const v = saved + ring + margin;
  let logs = saved + 2 * ring;
  for (let b: u32 = 0; b < batch; b++) {
    const at = (<usize>b) << 2;
    const g = load<f32>(gate + at);
    shiftWeights(v, q, content, previous, g, shift, rows, maxShift);
    const dgamma = sharpenBackward(v, logs, dw, w, load<f32>(sharpness + at), rows);
    if (dsharpness) store<f32>(dsharpness + at, load<f32>(dsharpness + at) + dgamma);
    if (dshift) addCorrelation(dshift + at * taps, v, q, taps, rows);
    if (dcontent || dprevious || dgate) {
      closeRing(v - margin, rows, maxShift);
      correlate(q, v - margin, shift + 2 * margin, -4, taps, rows);
      if (dcontent) addScaled(dcontent, q, rows, g);
      if (dprevious) addScaled(dprevious, q, rows, 1 - g);
      if (dgate) store<f32>(dgate + at, load<f32>(dgate + at) + dotDifference(q, content, previous, rows));
    }
    if (dcontent) dcontent += row;
    if (dprevious) dprevious += row;
    dw += row;
    w += row;
    logs += whole;
    content += row;
    previous += row;
    shift += (<usize>taps) << 2;
  }
}

/** v[i], at least 1e-30; leaves q in its ring. */
function shiftWeights(
  v: usize,
  q: usize,
  content: usize,
  previous: usize,
  gate: f32,
  shift: usize,
  rows: u32,
  maxShift: u32,
): void {
  interpolate(q + ((<usize>maxShift) << 2), content, previous, gate, rows);
  closeRing(q, rows, maxShift);
  correlate(v, q, shift, 4, 2 * maxShift + 1, rows);
  clamp(v, v, rows, TINY, Infinity);
}

/** q[i] = g · content[i] + (1 − g) · previous[i]; q has room for whole vectors. */
function interpolate(q: usize, content: usize, previous: usize, gate: f32, rows: u32): void {
  const g = f32x4.splat(gate);
  const rest = f32x4.splat(1 - gate);
  const whole = rows & ~3;
  let i: u32 = 0;
  for (; i < whole; i += 4) {
    const at = (<usize>i) << 2;
    v128.store(q + at, Simd.madd(g, v128.load(content + at), f32x4.mul(rest, v128.load(previous + at))));
  }
  if (i < rows) {
    const at = (<usize>i) << 2;
    const kept = f32x4.mul(rest, Simd.loadTail(previous + at, rows & 3));
    v128.store(q + at, Simd.madd(g, Simd.loadTail(content + at, rows & 3), kept));
  }
}

/** Σ_i d[i] · (x[i] − y[i]). */
function dotDifference(d: usize, x: usize, y: usize, count: u32): f32 {
  const tail = count & 3;
  let total = f32x4.splat(0);
  for (const end = x + ((<usize>(count - tail)) << 2); x < end; x += 16) {
    total = Simd.madd(v128.load(d), f32x4.sub(v128.load(x), v128.load(y)), total);
    d += 16;
    y += 16;
  }
  if (tail) {
    const difference = f32x4.sub(Simd.loadTail(x, tail), Simd.loadTail(y, tail));
    total = Simd.madd(Simd.loadTail(d, tail), difference, total);
  }
  return Simd.sum(total);
}

/**
 * Extends the N numbers from maxShift on into a ring: copies the last maxShift before them and the first maxShift
 * after.
 */
function closeRing(ring: usize, rows: u32, maxShift: u32): void {
  const row = (<usize>rows) << 2;
  const margin = (<usize>maxShift) << 2;
  // One at a time: if maxShift exceeds N, copied numbers are copied again.
  for (let i = margin; i > 0; i -= 4) store<f32>(ring + i - 4, load<f32>(ring + i - 4 + row));
  for (let i: usize = 0; i < margin; i += 4) store<f32>(ring + margin + row + i, load<f32>(ring + margin + i));
}

/** y[i] = Σ_j taps[j] · ring[i + j], the taps `step` bytes apart; y has room for whole vectors. */
function correlate(y: usize, ring: usize, tap: usize, step: usize, taps: u32, rows: u32): void {
  const first = v128.load32_splat(tap);
  const bytes = (<usize>rows) << 2;
  if (taps === 3) {
    const second = v128.load32_splat(tap + step);
    const third = v128.load32_splat(tap + 2 * step);
    for (let i: usize = 0; i < bytes; i += 16) {
      const sum = Simd.madd(second, v128.load(ring + i, 4), f32x4.mul(first, v128.load(ring + i)));
      v128.store(y + i, Simd.madd(third, v128.load(ring + i, 8), sum));
    }
    return;
  }
  for (let i: usize = 0; i < bytes; i += 16) v128.store(y + i, f32x4.mul(first, v128.load(ring + i)));
  for (let j: u32 = 1; j < taps; j++) {
    tap += step;
    ring += 4;
    const next = v128.load32_splat(tap);
    for (let i: usize = 0; i < bytes; i += 16) {
      v128.store(y + i, Simd.madd(next, v128.load(ring + i), v128.load(y + i)));
    }
  }
}

/** d[j] += Σ_i x[i] · ring[i + j]. */
function addCorrelation(d: usize, x: usize, ring: usize, taps: u32, rows: u32): void {
  for (let j: u32 = 0; j < taps; j++) {
    store<f32>(d, load<f32>(d) + dot(x, ring, rows));
    d += 4;
    ring += 4;
  }
}

/** v[i] becomes its gradient; returns that of γ. */
function sharpenBackward(v: usize, log: usize, dw: usize, w: usize, gamma: f32, rows: u32): f32 {
  const mean = dot(dw, w, rows);
  const whole = rows & ~3;
  let total = f32x4.splat(0);
  let i: u32 = 0;
  for (; i < whole; i += 4) total = f32x4.add(total, Sharpen.backward(v, log, dw, w, mean, gamma, i, 4));
  if (i < rows) total = f32x4.add(total, Sharpen.backward(v, log, dw, w, mean, gamma, i, rows & 3));
  return Simd.sum(total);
}

class Sharpen {
  /** Four weights from i on, or the remaining `count`. */
  @inline static backward(v: usize, log: usize, dw: usize, w: usize, mean: f32, gamma: f32, i: u32, count: u32): v128 {
    const at = (<usize>i) << 2;
    const dz = f32x4.mul(Simd.load(w + at, count), f32x4.sub(Simd.load(dw + at, count), f32x4.splat(mean)));
    v128.store(v + at, f32x4.div(f32x4.mul(f32x4.splat(gamma), dz), v128.load(v + at)));
    return f32x4.mul(dz, Simd.load(log + at, count));
  }
}
