// Yardsticks for the benches: the rate of multiply-adds that no kernel can exceed, and a kernel that does nothing.
import { Simd } from '../simd/simd';

/** Does nothing: what a job with this kernel takes is the overhead of the threads. */
export function noop(): void {}

/**
 * Multiply-adds in registers only, at the machine's peak rate: 128 × 64 flop per iteration, 128 × 96 with relaxed SIMD.
 * Returns the sum over all lanes.
 */
export function peakMultiplyAdd(iterations: u32): f32 {
  return ASC_FEATURE_RELAXED_SIMD ? peakFused(iterations) : peakSeparate(iterations);
}

/**
 * Twelve independent sums with different initial values: more than two units with a latency of four cycles keep in
 * flight. a and b swap once per iteration: as constants, V8 would rematerialise them inside the loop.
 */
function peakFused(iterations: u32): f32 {
  let a = f32x4.splat(1);
  let b = f32x4.splat(2);
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(1);
  let s2 = f32x4.splat(2);
  let s3 = f32x4.splat(3);
  let s4 = f32x4.splat(4);
  let s5 = f32x4.splat(5);
  let s6 = f32x4.splat(6);
  let s7 = f32x4.splat(7);
  let s8 = f32x4.splat(8);
  let s9 = f32x4.splat(9);
  let s10 = f32x4.splat(10);
  let s11 = f32x4.splat(11);
  for (let i: u32 = 0; i < iterations; i++) {
    let j: u32 = 128;
    do {
      s0 = Simd.madd(a, b, s0);
      s1 = Simd.madd(a, b, s1);
      s2 = Simd.madd(a, b, s2);
      s3 = Simd.madd(a, b, s3);
      s4 = Simd.madd(a, b, s4);
      s5 = Simd.madd(a, b, s5);
      s6 = Simd.madd(a, b, s6);
      s7 = Simd.madd(a, b, s7);
      s8 = Simd.madd(a, b, s8);
      s9 = Simd.madd(a, b, s9);
      s10 = Simd.madd(a, b, s10);
      s11 = Simd.madd(a, b, s11);
      j--;
    } while (j);
    const c = a;
    a = b;
    b = c;
  }
  const low = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  const middle = f32x4.add(f32x4.add(s4, s5), f32x4.add(s6, s7));
  const high = f32x4.add(f32x4.add(s8, s9), f32x4.add(s10, s11));
  return Simd.sum(f32x4.add(low, f32x4.add(middle, high)));
}

/**
 * Eight independent sums s[i, j] ← s[i, j] + a[i]·b[j] of four lanes, 128 times. a[0] and a[1] swap each time, so no
 * product can be reused; b rotates once per iteration, so it cannot be folded into the inner loop.
 */
function peakSeparate(iterations: u32): f32 {
  let a0 = f32x4.splat(1);
  let a1 = f32x4.splat(2);
  let b0 = f32x4.splat(1);
  let b1 = f32x4.splat(2);
  let b2 = f32x4.splat(3);
  let b3 = f32x4.splat(4);
  let s00 = f32x4.splat(0);
  let s01 = f32x4.splat(0);
  let s02 = f32x4.splat(0);
  let s03 = f32x4.splat(0);
  let s10 = f32x4.splat(0);
  let s11 = f32x4.splat(0);
  let s12 = f32x4.splat(0);
  let s13 = f32x4.splat(0);
  for (let i: u32 = 0; i < iterations; i++) {
    for (let j: u32 = 0; j < 128; j++) {
      s00 = Simd.madd(a0, b0, s00);
      s01 = Simd.madd(a0, b1, s01);
      s02 = Simd.madd(a0, b2, s02);
      s03 = Simd.madd(a0, b3, s03);
      s10 = Simd.madd(a1, b0, s10);
      s11 = Simd.madd(a1, b1, s11);
      s12 = Simd.madd(a1, b2, s12);
      s13 = Simd.madd(a1, b3, s13);
      const a = a0;
      a0 = a1;
      a1 = a;
    }
    const b = b0;
    b0 = b1;
    b1 = b2;
    b2 = b3;
    b3 = b;
  }
  const top = f32x4.add(f32x4.add(s00, s01), f32x4.add(s02, s03));
  const bottom = f32x4.add(f32x4.add(s10, s11), f32x4.add(s12, s13));
  return Simd.sum(f32x4.add(top, bottom));
}
