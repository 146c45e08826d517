// The register tiles of matrix multiplication: a packed block of A times a packed block of B.
//
// A block of A [rows, depth] lies in panels of ROWS rows, each [depth, ROWS]; a block of B [depth, cols] in panels of 8
// columns, each [depth, 8], and one of 4 where the remainder fits it. Padding is arbitrary: its products only reach
// lanes that are never stored. Every element of C is one chain of multiply-adds over depth.

import { Simd } from '../simd/simd';
import { ROWS, Tile } from './tile';
import { fused4, fused8 } from './tiles-fused';

/** c[rows, cols] = (add ? c : 0) + a·b of packed blocks; consecutive rows of c are `stride` bytes apart. */
export function multiplyPanels(
  c: usize,
  a: usize,
  b: usize,
  rows: u32,
  cols: u32,
  depth: u32,
  stride: usize,
  add: bool,
): void {
  const step = (<usize>depth) << 2;
  for (let j: u32 = 0; j < cols; j += 8) {
    const left = min(cols - j, 8);
    let row = c + ((<usize>j) << 2);
    for (let i: u32 = 0; i < rows; i += ROWS) {
      const p = a + <usize>i * step;
      const q = b + <usize>j * step;
      if (ASC_FEATURE_RELAXED_SIMD) {
        if (left > 4) fused8(row, p, q, rows - i, left - 4, depth, stride, add);
        else fused4(row, p, q, rows - i, left, depth, stride, add);
      } else {
        if (left > 4) tile8(row, a, <usize>i * step, b, <usize>j * step, rows - i, left - 4, depth, stride, add);
        else tile4(row, a, <usize>i * step, b, <usize>j * step, rows - i, left, depth, stride, add);
      }
      row += <usize>ROWS * stride;
    }
  }
}

/**
 * Four rows and eight columns: 8 sums, 2 vectors of b, 4 splats of a and a product fill the 15 registers of V8.
 *
 * V8 before 13 moves all loads of a basic block above its arithmetic, so two steps in one block would spill: the
 * exits between the steps keep them apart, and cost one instruction each. p advances every step because V8 folds no
 * offset into a splatting load. p and q begin as sums because V8 then knows their upper halves to be zero, and need
 * not extend them in the loop: 5 points of the peak. A step takes 24 instructions; the minimum is 22.
 */
function tile8(
  c: usize,
  a: usize,
  atA: usize,
  b: usize,
  atB: usize,
  rows: u32,
  last: u32,
  depth: u32,
  stride: usize,
  add: bool,
): void {
  const zero = f32x4.splat(0);
  let s00 = zero;
  let s01 = zero;
  let s10 = zero;
  let s11 = zero;
  let s20 = zero;
  let s21 = zero;
  let s30 = zero;
  let s31 = zero;
  let p = a + atA;
  let q = b + atB;
  while (true) {
    let b0 = v128.load(q);
    let b1 = v128.load(q, 16);
    let a0 = v128.load32_splat(p);
    let a1 = v128.load32_splat(p, 4);
    let a2 = v128.load32_splat(p, 8);
    let a3 = v128.load32_splat(p, 12);
    s00 = Simd.madd(a0, b0, s00);
    s01 = Simd.madd(a0, b1, s01);
    s10 = Simd.madd(a1, b0, s10);
    s11 = Simd.madd(a1, b1, s11);
    s20 = Simd.madd(a2, b0, s20);
    s21 = Simd.madd(a2, b1, s21);
    s30 = Simd.madd(a3, b0, s30);
    s31 = Simd.madd(a3, b1, s31);
    p += 16;
    if (depth === 1) break;

    b0 = v128.load(q, 32);
    b1 = v128.load(q, 48);
    a0 = v128.load32_splat(p);
    a1 = v128.load32_splat(p, 4);
    a2 = v128.load32_splat(p, 8);
    a3 = v128.load32_splat(p, 12);
    s00 = Simd.madd(a0, b0, s00);
    s01 = Simd.madd(a0, b1, s01);
    s10 = Simd.madd(a1, b0, s10);
    s11 = Simd.madd(a1, b1, s11);
    s20 = Simd.madd(a2, b0, s20);
    s21 = Simd.madd(a2, b1, s21);
    s30 = Simd.madd(a3, b0, s30);
    s31 = Simd.madd(a3, b1, s31);
    p += 16;
    if (depth === 2) break;

    b0 = v128.load(q, 64);
    b1 = v128.load(q, 80);
    a0 = v128.load32_splat(p);
    a1 = v128.load32_splat(p, 4);
    a2 = v128.load32_splat(p, 8);
    a3 = v128.load32_splat(p, 12);
    s00 = Simd.madd(a0, b0, s00);
    s01 = Simd.madd(a0, b1, s01);
    s10 = Simd.madd(a1, b0, s10);
    s11 = Simd.madd(a1, b1, s11);
    s20 = Simd.madd(a2, b0, s20);
    s21 = Simd.madd(a2, b1, s21);
    s30 = Simd.madd(a3, b0, s30);
    s31 = Simd.madd(a3, b1, s31);
    p += 16;
    if (depth === 3) break;

    b0 = v128.load(q, 96);
    b1 = v128.load(q, 112);
    a0 = v128.load32_splat(p);
    a1 = v128.load32_splat(p, 4);
    a2 = v128.load32_splat(p, 8);
    a3 = v128.load32_splat(p, 12);
    s00 = Simd.madd(a0, b0, s00);
    s01 = Simd.madd(a0, b1, s01);
    s10 = Simd.madd(a1, b0, s10);
    s11 = Simd.madd(a1, b1, s11);
    s20 = Simd.madd(a2, b0, s20);
    s21 = Simd.madd(a2, b1, s21);
    s30 = Simd.madd(a3, b0, s30);
    s31 = Simd.madd(a3, b1, s31);
    p += 16;
    q += 128;
    depth -= 4;
    if (depth === 0) break;
  }
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
}

/** Four rows and four columns. */
function tile4(
  c: usize,
  a: usize,
  atA: usize,
  b: usize,
  atB: usize,
  rows: u32,
  last: u32,
  depth: u32,
  stride: usize,
  add: bool,
): void {
  const zero = f32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  let p = a + atA;
  let q = b + atB;
  do {
    const b0 = v128.load(q);
    s0 = Simd.madd(v128.load32_splat(p), b0, s0);
    s1 = Simd.madd(v128.load32_splat(p, 4), b0, s1);
    s2 = Simd.madd(v128.load32_splat(p, 8), b0, s2);
    s3 = Simd.madd(v128.load32_splat(p, 12), b0, s3);
    p += 16;
    q += 16;
    depth--;
  } while (depth);
  Tile.put(c, s0, last, add);
  if (rows > 1) Tile.put(c + stride, s1, last, add);
  if (rows > 2) Tile.put(c + 2 * stride, s2, last, add);
  if (rows > 3) Tile.put(c + 3 * stride, s3, last, add);
}
