// Matrix multiplication where one operand is a vector: no element of the matrix is used twice, so nothing is packed.
import { Tile } from './matmul-tiles';
import { Simd } from './simd';

/** Columns summed at a time: their running sums stay in the first-level cache. */
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
    for (let p: u32 = 0; p < depth; p += block) {
      memory.fill(scratch, 0, (<usize>count) << 2);
      const end = min(depth, p + block);
      let i = p;
      for (; i + 4 <= end; i += 4)
        addRows4(scratch, x + ((<usize>i) << 2), w + <usize>i * stride + ((<usize>j) << 2), count, stride);
      for (; i < end; i++)
        addRow(scratch, load<f32>(x + ((<usize>i) << 2)), w + <usize>i * stride + ((<usize>j) << 2), count);
      putStrip(y + ((<usize>j) << 2), scratch, count, add || p > 0);
    }
  }
}

/** y += x[0]·w[0, :] + … + x[3]·w[3, :], one after the other. */
function addRows4(y: usize, x: usize, w: usize, cols: u32, stride: usize): void {
  const x0 = v128.load32_splat(x);
  const x1 = v128.load32_splat(x, 4);
  const x2 = v128.load32_splat(x, 8);
  const x3 = v128.load32_splat(x, 12);
  let w1 = w + stride;
  let w2 = w1 + stride;
  let w3 = w2 + stride;
  const tail = cols & 3;
  for (const end = y + ((<usize>(cols - tail)) << 2); y < end; y += 16) {
    let s = Simd.madd(x0, v128.load(w), v128.load(y));
    s = Simd.madd(x1, v128.load(w1), s);
    s = Simd.madd(x2, v128.load(w2), s);
    v128.store(y, Simd.madd(x3, v128.load(w3), s));
    w += 16;
    w1 += 16;
    w2 += 16;
    w3 += 16;
  }
  if (tail) {
    let s = Simd.madd(x0, Simd.loadTail(w, tail), v128.load(y));
    s = Simd.madd(x1, Simd.loadTail(w1, tail), s);
    s = Simd.madd(x2, Simd.loadTail(w2, tail), s);
    v128.store(y, Simd.madd(x3, Simd.loadTail(w3, tail), s));
  }
}

/** y += x·w[:]. */
function addRow(y: usize, x: f32, w: usize, cols: u32): void {
  const x0 = f32x4.splat(x);
  const tail = cols & 3;
  for (const end = y + ((<usize>(cols - tail)) << 2); y < end; y += 16) {
    v128.store(y, Simd.madd(x0, v128.load(w), v128.load(y)));
    w += 16;
  }
  if (tail) v128.store(y, Simd.madd(x0, Simd.loadTail(w, tail), v128.load(y)));
}

/** y (+)= x. */
function putStrip(y: usize, x: usize, count: u32, add: bool): void {
  const tail = count & 3;
  for (const end = y + ((<usize>(count - tail)) << 2); y < end; y += 16) {
    v128.store(y, add ? f32x4.add(v128.load(y), v128.load(x)) : v128.load(x));
    x += 16;
  }
  if (tail) Simd.storeTail(y, add ? f32x4.add(Simd.loadTail(y, tail), v128.load(x)) : v128.load(x), tail);
}

/** y[rows] (+)= w·x of a plain matrix w [rows, depth]: four dot products at a time, each in four interleaved sums. */
export function matrixTimesVector(y: usize, w: usize, x: usize, rows: u32, depth: u32, block: u32, add: bool): void {
  const stride = (<usize>depth) << 2;
  for (let p: u32 = 0; p < depth; p += block) {
    const count = min(depth - p, block);
    for (let i: u32 = 0; i < rows; i += 4) {
      const at = (<usize>p) << 2;
      dot4(y + ((<usize>i) << 2), w + <usize>i * stride + at, x + at, rows - i, count, stride, add || p > 0);
    }
  }
}

function dot4(y: usize, w: usize, x: usize, rows: u32, depth: u32, stride: usize, add: bool): void {
  // Where fewer than four rows are left, the last one again stands in for the missing.
  const last = <usize>(min(rows, 4) - 1);
  let w1 = w + min<usize>(last, 1) * stride;
  let w2 = w + min<usize>(last, 2) * stride;
  let w3 = w + last * stride;
  let s0 = f32x4.splat(0),
    s1 = s0,
    s2 = s0,
    s3 = s0;
  const tail = depth & 3;
  for (const end = x + ((<usize>(depth - tail)) << 2); x < end; x += 16) {
    const v = v128.load(x);
    s0 = Simd.madd(v128.load(w), v, s0);
    s1 = Simd.madd(v128.load(w1), v, s1);
    s2 = Simd.madd(v128.load(w2), v, s2);
    s3 = Simd.madd(v128.load(w3), v, s3);
    w += 16;
    w1 += 16;
    w2 += 16;
    w3 += 16;
  }
  if (tail) {
    const v = Simd.loadTail(x, tail);
    s0 = Simd.madd(Simd.loadTail(w, tail), v, s0);
    s1 = Simd.madd(Simd.loadTail(w1, tail), v, s1);
    s2 = Simd.madd(Simd.loadTail(w2, tail), v, s2);
    s3 = Simd.madd(Simd.loadTail(w3, tail), v, s3);
  }
  const even = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const odd = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  const sums = f32x4.add(v128.shuffle<f32>(even, odd, 0, 1, 4, 5), v128.shuffle<f32>(even, odd, 2, 3, 6, 7));
  if (rows >= 4) v128.store(y, add ? f32x4.add(v128.load(y), sums) : sums);
  else Simd.storeTail(y, add ? f32x4.add(Simd.loadTail(y, rows), sums) : sums, rows);
}

/** y[cols] (+)= x·w of a block of w in the panels of packColumns. */
export function vectorTimesPanels(y: usize, x: usize, w: usize, cols: u32, depth: u32, add: bool): void {
  const column = (<usize>depth) << 2;
  let j: u32 = 0;
  for (; j + 12 < cols; j += 16)
    vectorTimesPanelPair(y + ((<usize>j) << 2), x, w, <usize>j * column, min(cols - j, 16), depth, add);
  for (; j < cols; j += 4) {
    // The last panel has 4 columns, or 8 and these are the first or the second half of them.
    const half = j & 4;
    const width = Tile.width(cols - (j - half));
    const at = <usize>(j - half) * column + ((<usize>half) << 2);
    vectorTimesHalfPanel(y + ((<usize>j) << 2), x, w, at, (<usize>width) << 2, min(cols - j, 4), depth, add);
  }
}

/** y[cols] (+)= x·w of two panels of eight columns, of which 13 to 16 are there. */
function vectorTimesPanelPair(y: usize, x: usize, w: usize, at: usize, cols: u32, depth: u32, add: bool): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let p = w + at;
  let q = p + ((<usize>depth) << 5);
  for (const end = q; p < end; p += 32) {
    const v = v128.load32_splat(x);
    s0 = Simd.madd(v, v128.load(p), s0);
    s1 = Simd.madd(v, v128.load(p, 16), s1);
    s2 = Simd.madd(v, v128.load(q), s2);
    s3 = Simd.madd(v, v128.load(q, 16), s3);
    x += 4;
    q += 32;
  }
  Tile.put(y, s0, 4, add);
  Tile.put(y + 16, s1, 4, add);
  Tile.put(y + 32, s2, 4, add);
  Tile.put(y + 48, s3, cols - 12, add);
}

/** y[cols] (+)= x·w of four columns of a panel whose rows are `step` bytes apart. */
function vectorTimesHalfPanel(
  y: usize,
  x: usize,
  w: usize,
  at: usize,
  step: usize,
  cols: u32,
  depth: u32,
  add: bool,
): void {
  let s = f32x4.splat(0);
  let q = w + at;
  for (const end = x + ((<usize>depth) << 2); x < end; x += 4) {
    s = Simd.madd(v128.load32_splat(x), v128.load(q), s);
    q += step;
  }
  Tile.put(y, s, cols, add);
}
