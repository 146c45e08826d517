// Reductions.

import { addScaled } from './elementwise';
import { Each, Op } from './simd/each';
import { Fold, Term } from './simd/fold';
import { Simd } from './simd/simd';

/**
 * y[o, i] = factor·sum over j of x[o, j, i], with x: [outer, size, inner].
 *
 * Summed in float64 and rounded once, so that long sums are exact. factor = 1 / size gives the mean.
 */
export function sum(y: usize, x: usize, outer: u32, size: u32, inner: u32, factor: f64): void {
  const slice = (<usize>size * inner) << 2;
  for (let o: u32 = 0; o < outer; o++) {
    if (inner === 1) store<f32>(y, <f32>(factor * sumElements(x, size)));
    else sumColumns(y, x, size, inner, factor, 1, false);
    x += slice;
    y += (<usize>inner) << 2;
  }
}

/** dx[o, j, i] += factor·dy[o, i]. */
export function sumBackward(dx: usize, dy: usize, outer: u32, size: u32, inner: u32, factor: f32): void {
  const row = (<usize>inner) << 2;
  for (let o: u32 = 0; o < outer; o++) {
    if (inner === 1) {
      Each.run(Op.offset, size, dx, dx, 0, 0, factor * load<f32>(dy));
      dx += (<usize>size) << 2;
    } else {
      for (let j: u32 = 0; j < size; j++) {
        addScaled(dx, dy, inner, factor);
        dx += row;
      }
    }
    dy += row;
  }
}

/** Sum of the elements, in float64. */
export function sumElements(x: usize, n: u32): f64 {
  return Fold.run(Term.value, n, x);
}

/** Sum of a ⊙ b, in float64. */
export function dot(a: usize, b: usize, n: u32): f64 {
  return Fold.run(Term.product, n, a, b);
}

/** Sum of the squares, in float64. */
export function sumSquares(x: usize, n: u32): f64 {
  return Fold.run(Term.square, n, x);
}

/** 1 if every element is finite, 0 if any is infinite or NaN. */
export function allFinite(x: usize, n: u32): i32 {
  const bytes = (<usize>n) << 2;
  const whole = bytes & ~15;
  // x - x is 0 for every finite number, NaN for the others.
  let found = f32x4.splat(0);
  let i: usize = 0;
  for (; i < whole; i += 16) {
    const v = v128.load(x + i);
    found = v128.or(found, f32x4.sub(v, v));
  }
  if (i < bytes) {
    const v = Simd.load(x + i, n & 3);
    found = v128.or(found, f32x4.sub(v, v));
  }
  return i32(!v128.any_true(found));
}

/** The largest element, -Infinity if there is none; ignores NaNs. */
export function largest(x: usize, n: u32): f32 {
  const bytes = (<usize>n) << 2;
  const unrolled = bytes & ~63;
  const whole = bytes & ~15;
  let top = f32x4.splat(-Infinity);
  let i: usize = 0;
  if (unrolled) {
    let top1 = top;
    let top2 = top;
    let top3 = top;
    do {
      top = f32x4.pmax(top, v128.load(x + i));
      top1 = f32x4.pmax(top1, v128.load(x + i, 16));
      top2 = f32x4.pmax(top2, v128.load(x + i, 32));
      top3 = f32x4.pmax(top3, v128.load(x + i, 48));
      i += 64;
    } while (i < unrolled);
    top = f32x4.pmax(f32x4.pmax(top, top1), f32x4.pmax(top2, top3));
  }
  for (; i < whole; i += 16) top = f32x4.pmax(top, v128.load(x + i));
  let result = Simd.max(top);
  for (; i < bytes; i += 4) {
    const v = load<f32>(x + i);
    if (v > result) result = v;
  }
  return result;
}

/**
 * y[i] = (add ? y[i] : 0) + factor·sum over j of x[j, i], with x: [size, inner], a cache line of columns at a time.
 *
 * Groups of `chain` numbers are added up in float32, their sums in float64.
 */
export function sumColumns(y: usize, x: usize, size: u32, inner: u32, factor: f64, chain: u32, add: bool): void {
  const row = (<usize>inner) << 2;
  const whole = row & ~63;
  let c: usize = 0;
  for (; c < whole; c += 64) {
    let l0 = f64x2.splat(0);
    let h0 = l0;
    let l1 = l0;
    let h1 = l0;
    let l2 = l0;
    let h2 = l0;
    let l3 = l0;
    let h3 = l0;
    let at = x + c;
    for (let left = size; left; ) {
      let s0 = v128.load(at);
      let s1 = v128.load(at, 16);
      let s2 = v128.load(at, 32);
      let s3 = v128.load(at, 48);
      let more = min(left, chain);
      left -= more;
      for (at += row; --more; at += row) {
        s0 = f32x4.add(s0, v128.load(at));
        s1 = f32x4.add(s1, v128.load(at, 16));
        s2 = f32x4.add(s2, v128.load(at, 32));
        s3 = f32x4.add(s3, v128.load(at, 48));
      }
      l0 = f64x2.add(l0, f64x2.promote_low_f32x4(s0));
      h0 = f64x2.add(h0, f64x2.promote_low_f32x4(Simd.high(s0)));
      l1 = f64x2.add(l1, f64x2.promote_low_f32x4(s1));
      h1 = f64x2.add(h1, f64x2.promote_low_f32x4(Simd.high(s1)));
      l2 = f64x2.add(l2, f64x2.promote_low_f32x4(s2));
      h2 = f64x2.add(h2, f64x2.promote_low_f32x4(Simd.high(s2)));
      l3 = f64x2.add(l3, f64x2.promote_low_f32x4(s3));
      h3 = f64x2.add(h3, f64x2.promote_low_f32x4(Simd.high(s3)));
    }
    putSums(y + c, l0, h0, factor, 4, add);
    putSums(y + c + 16, l1, h1, factor, 4, add);
    putSums(y + c + 32, l2, h2, factor, 4, add);
    putSums(y + c + 48, l3, h3, factor, 4, add);
  }
  for (; c < row; c += 16) {
    const count = min<u32>(4, <u32>(row - c) >> 2);
    let low = f64x2.splat(0);
    let high = low;
    let at = x + c;
    for (let left = size; left; ) {
      let s = Simd.load(at, count);
      let more = min(left, chain);
      left -= more;
      for (at += row; --more; at += row) s = f32x4.add(s, Simd.load(at, count));
      low = f64x2.add(low, f64x2.promote_low_f32x4(s));
      high = f64x2.add(high, f64x2.promote_low_f32x4(Simd.high(s)));
    }
    putSums(y + c, low, high, factor, count, add);
  }
}

/** The first `count` floats at y = (or +=) factor·(low, high). */
function putSums(y: usize, low: v128, high: v128, factor: f64, count: u32, add: bool): void {
  const sums = Simd.narrow(low, high, factor);
  Simd.store(y, add ? f32x4.add(Simd.load(y, count), sums) : sums, count);
}

/** The first i with x[i] = value; 2^32 − 1 if there is none. */
export function indexOf(value: f32, x: usize, n: u32): u32 {
  const wanted = f32x4.splat(value);
  const whole = n & ~3;
  let i: u32 = 0;
  for (; i < whole; i += 4) {
    const found = i32x4.bitmask(f32x4.eq(v128.load(x + ((<usize>i) << 2)), wanted));
    if (found) return i + ctz(found);
  }
  for (; i < n; i++) if (load<f32>(x + ((<usize>i) << 2)) === value) return i;
  return u32.MAX_VALUE;
}
