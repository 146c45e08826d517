// What kind of build this is, and the bench's yardstick: the rate of multiply-adds that no kernel can exceed.
import { Simd } from './simd';

/** Whether this is the build with relaxed SIMD. */
export function isRelaxed(): bool {
  return ASC_FEATURE_RELAXED_SIMD;
}

/**
 * Multiplies and adds in registers alone, as fast as the machine can: 128 × 64 flop an iteration.
 *
 * Eight independent sums s[i, j] ← s[i, j] + a[i]·b[j] of four lanes, 128 times; the result is the sum over all lanes.
 * a[0] and a[1] change places each time, so that no product can be kept from the time before; b rotates once an
 * iteration, so that it cannot be computed inside the inner loop.
 */
export function peakMultiplyAdd(iterations: u32): f32 {
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
