// The register tiles of matrix multiplication for fused multiply-adds: as in tiles.ts, but with six rows.
import { Simd } from '../simd/simd';
import { Tile } from './tile';

/**
 * Six rows and eight columns: 12 sums, 2 vectors of b and a splat of a are 15 registers. Two units with a latency of
 * four cycles need 8 sums to be busy, so there is slack. V8 before 13 moves the six splats above the arithmetic and
 * spills: `load` does without there.
 */
export function fused8(c: usize, a: usize, b: usize, rows: u32, last: u32, depth: u32, stride: usize, add: bool): void {
  const zero = f32x4.splat(0);
  let s00 = zero;
  let s01 = zero;
  let s10 = zero;
  let s11 = zero;
  let s20 = zero;
  let s21 = zero;
  let s30 = zero;
  let s31 = zero;
  let s40 = zero;
  let s41 = zero;
  let s50 = zero;
  let s51 = zero;
  do {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    s00 = Simd.madd(a0, b0, s00);
    s01 = Simd.madd(a0, b1, s01);
    const a1 = v128.load32_splat(a, 4);
    s10 = Simd.madd(a1, b0, s10);
    s11 = Simd.madd(a1, b1, s11);
    const a2 = v128.load32_splat(a, 8);
    s20 = Simd.madd(a2, b0, s20);
    s21 = Simd.madd(a2, b1, s21);
    const a3 = v128.load32_splat(a, 12);
    s30 = Simd.madd(a3, b0, s30);
    s31 = Simd.madd(a3, b1, s31);
    const a4 = v128.load32_splat(a, 16);
    s40 = Simd.madd(a4, b0, s40);
    s41 = Simd.madd(a4, b1, s41);
    const a5 = v128.load32_splat(a, 20);
    s50 = Simd.madd(a5, b0, s50);
    s51 = Simd.madd(a5, b1, s51);
    a += 24;
    b += 32;
    depth--;
  } while (depth);
  Tile.put(c, s00, 4, add);
  Tile.put(c + 16, s01, last, add);
  if (rows === 1) return;
  c += stride;
  Tile.put(c, s10, 4, add);
  Tile.put(c + 16, s11, last, add);
  if (rows === 2) return;
  c += stride;
  Tile.put(c, s20, 4, add);
  Tile.put(c + 16, s21, last, add);
  if (rows === 3) return;
  c += stride;
  Tile.put(c, s30, 4, add);
  Tile.put(c + 16, s31, last, add);
  if (rows === 4) return;
  c += stride;
  Tile.put(c, s40, 4, add);
  Tile.put(c + 16, s41, last, add);
  if (rows === 5) return;
  c += stride;
  Tile.put(c, s50, 4, add);
  Tile.put(c + 16, s51, last, add);
}

/** Six rows and four columns. */
export function fused4(c: usize, a: usize, b: usize, rows: u32, last: u32, depth: u32, stride: usize, add: bool): void {
  const zero = f32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  let s4 = zero;
  let s5 = zero;
  do {
    const b0 = v128.load(b);
    s0 = Simd.madd(v128.load32_splat(a), b0, s0);
    s1 = Simd.madd(v128.load32_splat(a, 4), b0, s1);
    s2 = Simd.madd(v128.load32_splat(a, 8), b0, s2);
    s3 = Simd.madd(v128.load32_splat(a, 12), b0, s3);
    s4 = Simd.madd(v128.load32_splat(a, 16), b0, s4);
    s5 = Simd.madd(v128.load32_splat(a, 20), b0, s5);
    a += 24;
    b += 16;
    depth--;
  } while (depth);
  Tile.put(c, s0, last, add);
  if (rows > 1) Tile.put(c + stride, s1, last, add);
  if (rows > 2) Tile.put(c + 2 * stride, s2, last, add);
  if (rows > 3) Tile.put(c + 3 * stride, s3, last, add);
  if (rows > 4) Tile.put(c + 4 * stride, s4, last, add);
  if (rows > 5) Tile.put(c + 5 * stride, s5, last, add);
}
