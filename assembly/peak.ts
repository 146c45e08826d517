// The bench's yardstick: the rate of multiply-adds that no kernel can exceed.
import { Simd } from './simd';

/**
 * Iterates s ← s/2 + 1 in 48 lanes, registers only: 12 multiply-adds of four lanes, 96 flop, an iteration.
 *
 * Twelve chains, because one takes six cycles a step and a core starts two multiply-adds a cycle. The result is the sum
 * of the lanes, 96 in the limit.
 */
export function peakMultiplyAdd(iterations: u32): f32 {
  const half = f32x4.splat(0.5);
  const one = f32x4.splat(1);
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
    s0 = Simd.madd(s0, half, one);
    s1 = Simd.madd(s1, half, one);
    s2 = Simd.madd(s2, half, one);
    s3 = Simd.madd(s3, half, one);
    s4 = Simd.madd(s4, half, one);
    s5 = Simd.madd(s5, half, one);
    s6 = Simd.madd(s6, half, one);
    s7 = Simd.madd(s7, half, one);
    s8 = Simd.madd(s8, half, one);
    s9 = Simd.madd(s9, half, one);
    s10 = Simd.madd(s10, half, one);
    s11 = Simd.madd(s11, half, one);
  }
  s0 = f32x4.add(s0, s1);
  s0 = f32x4.add(s0, s2);
  s0 = f32x4.add(s0, s3);
  s0 = f32x4.add(s0, s4);
  s0 = f32x4.add(s0, s5);
  s0 = f32x4.add(s0, s6);
  s0 = f32x4.add(s0, s7);
  s0 = f32x4.add(s0, s8);
  s0 = f32x4.add(s0, s9);
  s0 = f32x4.add(s0, s10);
  s0 = f32x4.add(s0, s11);
  return Simd.sum(s0);
}
