// Matrix multiplication where one operand is a vector: no element of the matrix is used twice, so nothing is packed.
import { Simd } from '../simd/simd';
import { Tile } from './tile';

/** Columns of a strip: their running sums stay in the first-level cache. */
const STRIP: u32 = 1024;

/** y[cols] (+)= x·w of a plain matrix w [depth, cols]. Rows are walked: a walk down columns is slow at some strides. */
export function vectorTimesMatrix(
  y: usize,
  x: usize,
  w: usize,
  scratch: usize,
  cols: u32,
  depth: u32,
  block: u32,
  add: bool,
): void {
  const stride = (<usize>cols) << 2;
  for (let j: u32 = 0; j < cols; j += STRIP) {
    const count = min(cols - j, STRIP);
    const strip = w + ((<usize>j) << 2);
    for (let p: u32 = 0; p < depth; p += block) {
      memory.fill(scratch, 0, (<usize>count) << 2);
      const end = min(depth, p + block);
      let i = p;
      for (; i + 4 <= end; i += 4) Rows.add4(scratch, x + ((<usize>i) << 2), strip + <usize>i * stride, count, stride);
      for (; i < end; i++) Rows.add(scratch, x + ((<usize>i) << 2), strip + <usize>i * stride, count);
      putStrip(y + ((<usize>j) << 2), scratch, count, add || p > 0);
    }
  }
}

/** y (+)= x. */
function putStrip(y: usize, x: usize, count: u32, add: bool): void {
  const tail = count & 3;
  for (const end = y + ((<usize>(count - tail)) << 2); y < end; y += 16) {
    Tile.put(y, v128.load(x), 4, add);
    x += 16;
  }
  if (tail) Tile.put(y, v128.load(x), tail, add);
}

/** y[rows] (+)= w·x of a plain matrix w [rows, depth]: four dot products at a time, each in four interleaved sums. */
export function matrixTimesVector(y: usize, w: usize, x: usize, rows: u32, depth: u32, block: u32, add: bool): void {
  const stride = (<usize>depth) << 2;
  for (let p: u32 = 0; p < depth; p += block) {
    const count = min(depth - p, block);
    const at = (<usize>p) << 2;
    for (let i: u32 = 0; i < rows; i += 4) {
      const dots = Rows.dot4(w + <usize>i * stride + at, x + at, rows - i, count, stride);
      Tile.put(y + ((<usize>i) << 2), dots, min(rows - i, 4), add || p > 0);
    }
  }
}

/** Inlined, because V8 unrolls an innermost loop more often the deeper it is nested. */
class Rows {
  /** y += x[0]·w[0, :] + … + x[3]·w[3, :], one after the other. */
  @inline static add4(y: usize, x: usize, w: usize, cols: u32, stride: usize): void {
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x, 4);
    const x2 = v128.load32_splat(x, 8);
    const x3 = v128.load32_splat(x, 12);
    const w1 = w + stride;
    const w2 = w1 + stride;
    const w3 = w2 + stride;
    let at: usize = 0;
    for (const end = (<usize>(cols & ~7)) << 2; at < end; at += 32) {
      let s = Simd.madd(x0, v128.load(w + at), v128.load(y + at));
      let t = Simd.madd(x0, v128.load(w + at, 16), v128.load(y + at, 16));
      s = Simd.madd(x1, v128.load(w1 + at), s);
      t = Simd.madd(x1, v128.load(w1 + at, 16), t);
      s = Simd.madd(x2, v128.load(w2 + at), s);
      t = Simd.madd(x2, v128.load(w2 + at, 16), t);
      v128.store(y + at, Simd.madd(x3, v128.load(w3 + at), s));
      v128.store(y + at, Simd.madd(x3, v128.load(w3 + at, 16), t), 16);
    }
    for (let left = cols & 7; left; ) {
      const count = min(left, 4);
      let s = Simd.madd(x0, Tile.get(w + at, count), v128.load(y + at));
      s = Simd.madd(x1, Tile.get(w1 + at, count), s);
      s = Simd.madd(x2, Tile.get(w2 + at, count), s);
      v128.store(y + at, Simd.madd(x3, Tile.get(w3 + at, count), s));
      at += 16;
      left -= count;
    }
  }

  /** y += x[0]·w[:]. */
  @inline static add(y: usize, x: usize, w: usize, cols: u32): void {
    const x0 = v128.load32_splat(x);
    for (let left = cols; left; ) {
      const count = min(left, 4);
      v128.store(y, Simd.madd(x0, Tile.get(w, count), v128.load(y)));
      y += 16;
      w += 16;
      left -= count;
    }
  }

  /** Four rows of w times x. */
  @inline static dot4(w: usize, x: usize, rows: u32, depth: u32, stride: usize): v128 {
    // With fewer than four rows left, the last one is repeated.
    const w1 = w + (rows > 1 ? stride : 0);
    const w2 = w1 + (rows > 2 ? stride : 0);
    const w3 = w2 + (rows > 3 ? stride : 0);
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    const tail = depth & 3;
    let at: usize = 0;
    for (const end = (<usize>(depth - tail)) << 2; at < end; at += 16) {
      const v = v128.load(x + at);
      s0 = Simd.madd(v128.load(w + at), v, s0);
      s1 = Simd.madd(v128.load(w1 + at), v, s1);
      s2 = Simd.madd(v128.load(w2 + at), v, s2);
      s3 = Simd.madd(v128.load(w3 + at), v, s3);
    }
    if (tail) {
      const v = Simd.loadTail(x + at, tail);
      s0 = Simd.madd(Simd.loadTail(w + at, tail), v, s0);
      s1 = Simd.madd(Simd.loadTail(w1 + at, tail), v, s1);
      s2 = Simd.madd(Simd.loadTail(w2 + at, tail), v, s2);
      s3 = Simd.madd(Simd.loadTail(w3 + at, tail), v, s3);
    }
    const even = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
    const odd = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
    return f32x4.add(v128.shuffle<f32>(even, odd, 0, 1, 4, 5), v128.shuffle<f32>(even, odd, 2, 3, 6, 7));
  }
}

/** y[cols] (+)= x·w of a block of w in the panels of packColumns. */
export function vectorTimesPanels(y: usize, x: usize, w: usize, cols: u32, depth: u32, add: bool): void {
  const column = (<usize>depth) << 2;
  let j: u32 = 0;
  for (; j + 12 < cols; j += 16)
    Panels.sixteen(y + ((<usize>j) << 2), x, w + <usize>j * column, min(cols - j, 16), depth, add);
  for (; j < cols; j += 4) {
    // The last panel has 4 columns, or 8, of which these are the first or the second half.
    const half = j & 4;
    const width = Tile.width(cols - (j - half));
    const at = <usize>(j - half) * column + ((<usize>half) << 2);
    Panels.four(y + ((<usize>j) << 2), x, w + at, (<usize>width) << 2, min(cols - j, 4), depth, add);
  }
}

class Panels {
  /** y[cols] (+)= x·w of two panels of eight columns, 13 to 16 of them valid. */
  @inline static sixteen(y: usize, x: usize, w: usize, cols: u32, depth: u32, add: bool): void {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let p = w;
    let q = w + ((<usize>depth) << 5);
    let v = x;
    for (const end = q; p < end; p += 32) {
      const x0 = v128.load32_splat(v);
      s0 = Simd.madd(x0, v128.load(p), s0);
      s1 = Simd.madd(x0, v128.load(p, 16), s1);
      s2 = Simd.madd(x0, v128.load(q), s2);
      s3 = Simd.madd(x0, v128.load(q, 16), s3);
      q += 32;
      v += 4;
    }
    Tile.put(y, s0, 4, add);
    Tile.put(y + 16, s1, 4, add);
    Tile.put(y + 32, s2, 4, add);
    Tile.put(y + 48, s3, cols - 12, add);
  }

  /** y[cols] (+)= x·w of four columns of a panel whose rows are `step` bytes apart. */
  @inline static four(y: usize, x: usize, w: usize, step: usize, cols: u32, depth: u32, add: bool): void {
    let s = f32x4.splat(0);
    let p = x;
    let q = w;
    for (const end = p + ((<usize>depth) << 2); p < end; p += 4) {
      s = Simd.madd(v128.load32_splat(p), v128.load(q), s);
      q += step;
    }
    Tile.put(y, s, cols, add);
  }
}
