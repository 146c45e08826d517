// Packing of matrix blocks into the panels that the register tiles of matrix multiplication read.
import { Tile } from './matmul-tiles';
import { Simd } from './simd';

/** Packs a block of A [rows, depth] into panels of 4 rows, each [depth, 4]. */
export function packRows(panels: usize, a: usize, rows: u32, depth: u32, stride: usize, transposed: bool): void {
  for (let i: u32 = 0; i < rows; i += 4) {
    const count = min(rows - i, 4);
    if (transposed) copyPanel(panels, a + ((<usize>i) << 2), 4, count, depth, stride);
    else transposePanel(panels, a + <usize>i * stride, 4, count, depth, stride);
    panels += (<usize>depth) << 4;
  }
}

/** Packs a block of B [depth, cols] into panels of 8 columns, each [depth, 8], the last one of 4 if that is enough. */
export function packColumns(panels: usize, b: usize, cols: u32, depth: u32, stride: usize, transposed: bool): void {
  for (let j: u32 = 0; j < cols; ) {
    const width = Tile.width(cols - j);
    const count = min(cols - j, width);
    if (transposed) transposePanel(panels, b + <usize>j * stride, width, count, depth, stride);
    else copyPanel(panels, b + ((<usize>j) << 2), width, count, depth, stride);
    j += width;
    panels += (<usize>(width * depth)) << 2;
  }
}

/** panel[p, i] = x[p, i] for i < count; rows of x are `stride` bytes apart, rows of the panel `width` floats. */
function copyPanel(panel: usize, x: usize, width: u32, count: u32, depth: u32, stride: usize): void {
  const step = (<usize>width) << 2;
  const end = panel + <usize>depth * step;
  const tail = count & 3;
  const bytes = (<usize>(count - tail)) << 2;
  if (count === 8) {
    for (; panel < end; panel += 32) {
      v128.store(panel, v128.load(x));
      v128.store(panel, v128.load(x, 16), 16);
      x += stride;
    }
    return;
  }
  for (; panel < end; panel += step) {
    for (let i: usize = 0; i < bytes; i += 16) v128.store(panel + i, v128.load(x + i));
    if (tail) v128.store(panel + bytes, Simd.loadTail(x + bytes, tail));
    x += stride;
  }
}

/** panel[p, i] = x[i, p] for i < count; rows of x are `stride` bytes apart, rows of the panel `width` floats. */
function transposePanel(panel: usize, x: usize, width: u32, count: u32, depth: u32, stride: usize): void {
  const step = (<usize>width) << 2;
  const tail = depth & 3;
  for (let i: u32 = 0; i < count; i += 4) {
    // Where fewer than four rows are left, the last one again stands in for the missing.
    const last = count - i - 1;
    let x0 = x + <usize>i * stride;
    let x1 = x0 + min<usize>(last, 1) * stride;
    let x2 = x0 + min<usize>(last, 2) * stride;
    let x3 = x0 + min<usize>(last, 3) * stride;
    let y = panel + ((<usize>i) << 2);
    for (const end = x0 + ((<usize>(depth - tail)) << 2); x0 < end; x0 += 16) {
      transpose(y, step, v128.load(x0), v128.load(x1), v128.load(x2), v128.load(x3), 4);
      y += 4 * step;
      x1 += 16;
      x2 += 16;
      x3 += 16;
    }
    if (tail) {
      const r0 = Simd.loadTail(x0, tail);
      const r1 = Simd.loadTail(x1, tail);
      const r2 = Simd.loadTail(x2, tail);
      transpose(y, step, r0, r1, r2, Simd.loadTail(x3, tail), tail);
    }
  }
}

/** Stores the first `count` columns of the 4×4 matrix with the rows r0 … r3, `step` bytes apart. */
function transpose(y: usize, step: usize, r0: v128, r1: v128, r2: v128, r3: v128, count: u32): void {
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  if (count > 1) v128.store(y + step, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  if (count > 2) v128.store(y + 2 * step, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  if (count > 3) v128.store(y + 3 * step, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}
