// The register tiles of matrix multiplication: a packed block of A times a packed block of B.
//
// A block of A [rows, depth] lies in panels of 4 rows, each [depth, 4]; a block of B [depth, cols] in panels of 16
// columns, each [depth, 16], then one of 8 and one of 4 where the remainder asks for them. Padding holds anything: its
// products reach only lanes that are never stored. Every element of C is one chain of multiply-adds over depth.
import { Simd } from './simd';

export class Tile {
  /** Columns of the panel that begins where `left` columns are left. */
  @inline static width(left: u32): u32 {
    return left > 12 ? 16 : left > 4 ? 8 : 4;
  }

  /** c (+)= x in the first `count` (1 to 4) lanes. */
  @inline static put(c: usize, x: v128, count: u32, add: bool): void {
    if (count === 4) v128.store(c, add ? f32x4.add(v128.load(c), x) : x);
    else Simd.storeTail(c, add ? f32x4.add(Simd.loadTail(c, count), x) : x, count);
  }
}

/**
 * A packed block of A times a packed block of B.
 *
 * All of it is inlined into the loops of its caller: V8 unrolls an innermost loop more often the deeper it is nested,
 * and in its copies computes fewer addresses.
 */
export class Panels {
  /** c[rows, cols] = (add ? c : 0) + a·b of packed blocks; consecutive rows of c are `stride` bytes apart. */
  @inline static multiply(
    c: usize,
    a: usize,
    b: usize,
    rows: u32,
    cols: u32,
    depth: u32,
    stride: usize,
    add: bool,
  ): void {
    for (let j: u32 = 0; j < cols; ) {
      const width = Tile.width(cols - j);
      const last = min(cols - j, width) - (width - 4);
      if (width === 16) Panels.panel16(c, a, b, rows, depth, stride, last, add);
      else if (width === 8) Panels.panel8(c, a, b, rows, depth, stride, last, add);
      else Panels.panel4(c, a, b, rows, depth, stride, last, add);
      j += width;
      c += (<usize>width) << 2;
      b += (<usize>(width * depth)) << 2;
    }
  }

  /** Sixteen columns, two rows at a time: 8 sums, 4 vectors of b, 2 splats of a and a product fill 15 registers. */
  @inline private static panel16(
    c: usize,
    a: usize,
    b: usize,
    rows: u32,
    depth: u32,
    stride: usize,
    last: u32,
    add: bool,
  ): void {
    const end = b + ((<usize>depth) << 6);
    for (let i: u32 = 0; i < rows; i += 2) {
      const zero = f32x4.splat(0);
      let s00 = zero,
        s01 = zero,
        s02 = zero,
        s03 = zero;
      let s10 = zero,
        s11 = zero,
        s12 = zero,
        s13 = zero;
      let p = a + ((<usize>((i >> 2) * depth)) << 4) + ((i & 2) << 2);
      let q = b;
      do {
        const a0 = v128.load32_splat(p);
        const b0 = v128.load(q);
        s00 = Simd.madd(a0, b0, s00);
        const b1 = v128.load(q, 16);
        s01 = Simd.madd(a0, b1, s01);
        const b2 = v128.load(q, 32);
        s02 = Simd.madd(a0, b2, s02);
        const b3 = v128.load(q, 48);
        s03 = Simd.madd(a0, b3, s03);
        const a1 = v128.load32_splat(p, 4);
        s10 = Simd.madd(a1, b0, s10);
        s11 = Simd.madd(a1, b1, s11);
        s12 = Simd.madd(a1, b2, s12);
        s13 = Simd.madd(a1, b3, s13);
        p += 16;
        q += 64;
      } while (q < end);
      Tile.put(c, s00, 4, add);
      Tile.put(c + 16, s01, 4, add);
      Tile.put(c + 32, s02, 4, add);
      Tile.put(c + 48, s03, last, add);
      c += stride;
      if (i + 1 < rows) {
        Tile.put(c, s10, 4, add);
        Tile.put(c + 16, s11, 4, add);
        Tile.put(c + 32, s12, 4, add);
        Tile.put(c + 48, s13, last, add);
      }
      c += stride;
    }
  }

  /** Eight columns, four rows at a time. */
  @inline private static panel8(
    c: usize,
    a: usize,
    b: usize,
    rows: u32,
    depth: u32,
    stride: usize,
    last: u32,
    add: bool,
  ): void {
    const end = b + ((<usize>depth) << 5);
    for (let i: u32 = 0; i < rows; i += 4) {
      const zero = f32x4.splat(0);
      let s00 = zero,
        s01 = zero,
        s10 = zero,
        s11 = zero;
      let s20 = zero,
        s21 = zero,
        s30 = zero,
        s31 = zero;
      for (let q = b; q < end; q += 32) {
        const b0 = v128.load(q);
        const b1 = v128.load(q, 16);
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
        a += 16;
      }
      Tile.put(c, s00, 4, add);
      Tile.put(c + 16, s01, last, add);
      c += stride;
      if (i + 1 < rows) {
        Tile.put(c, s10, 4, add);
        Tile.put(c + 16, s11, last, add);
      }
      c += stride;
      if (i + 2 < rows) {
        Tile.put(c, s20, 4, add);
        Tile.put(c + 16, s21, last, add);
      }
      c += stride;
      if (i + 3 < rows) {
        Tile.put(c, s30, 4, add);
        Tile.put(c + 16, s31, last, add);
      }
      c += stride;
    }
  }

  /** Four columns, four rows at a time. */
  @inline private static panel4(
    c: usize,
    a: usize,
    b: usize,
    rows: u32,
    depth: u32,
    stride: usize,
    last: u32,
    add: bool,
  ): void {
    const end = b + ((<usize>depth) << 4);
    for (let i: u32 = 0; i < rows; i += 4) {
      const zero = f32x4.splat(0);
      let s0 = zero,
        s1 = zero,
        s2 = zero,
        s3 = zero;
      for (let q = b; q < end; q += 16) {
        const b0 = v128.load(q);
        s0 = Simd.madd(v128.load32_splat(a), b0, s0);
        s1 = Simd.madd(v128.load32_splat(a, 4), b0, s1);
        s2 = Simd.madd(v128.load32_splat(a, 8), b0, s2);
        s3 = Simd.madd(v128.load32_splat(a, 12), b0, s3);
        a += 16;
      }
      Tile.put(c, s0, last, add);
      if (i + 1 < rows) Tile.put(c + stride, s1, last, add);
      if (i + 2 < rows) Tile.put(c + 2 * stride, s2, last, add);
      if (i + 3 < rows) Tile.put(c + 3 * stride, s3, last, add);
      c += 4 * stride;
    }
  }
}
