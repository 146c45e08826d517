// Packing of matrix blocks into the panels that the register tiles of matrix multiplication read.
import { Simd } from '../simd/simd';
import { ROWS, Tile } from './tile';

/** Packs a block of A [rows, depth] into panels of ROWS rows, each [depth, ROWS]; with six they take 16 bytes more. */
export function packRows(panels: usize, a: usize, rows: u32, depth: u32, stride: usize, transposed: bool): void {
  if (ROWS === 4) {
    if (transposed) copyPanels(panels, a, 4, rows, depth, stride);
    else transposePanels(panels, a, 4, rows, depth, stride);
    return;
  }
  for (let i: u32 = 0; i < rows; i += ROWS) {
    const count = min(rows - i, ROWS);
    if (transposed) copyPanel(panels, a + ((<usize>i) << 2), ROWS, count, depth, stride);
    else packPanel(panels, a + <usize>i * stride, count, depth, stride);
    panels += (<usize>(ROWS * depth)) << 2;
  }
}

/** A panel of `count` (1 to ROWS) rows of x, which are `stride` bytes apart. */
export function packPanel(panel: usize, x: usize, count: u32, depth: u32, stride: usize): void {
  const step = (<usize>ROWS) << 2;
  Transpose.rows(panel, x, 0, min(count, 4), depth, stride, step, 4);
  if (count > 4) Transpose.rows(panel, x, 4, count, depth, stride, step, 2);
}

/** Packs a block of B [depth, cols] into panels of 8 columns, each [depth, 8], the last one of 4 if that is enough. */
export function packColumns(panels: usize, b: usize, cols: u32, depth: u32, stride: usize, transposed: bool): void {
  if (transposed) transposePanels(panels, b, 8, cols, depth, stride);
  else copyPanels(panels, b, 8, cols, depth, stride);
}

/** Panels of up to `widest` of the columns of x [depth, cols], whose rows are `stride` bytes apart. */
function copyPanels(panels: usize, x: usize, widest: u32, cols: u32, depth: u32, stride: usize): void {
  let left = cols;
  for (; left >= 16; left -= 16) {
    copySixteen(panels, x, widest, depth, stride);
    x += 64;
    panels += (<usize>depth) << 6;
  }
  while (left) {
    const width = min(widest, Tile.width(left));
    const count = min(width, left);
    copyPanel(panels, x, width, count, depth, stride);
    left -= count;
    x += (<usize>width) << 2;
    panels += (<usize>(width * depth)) << 2;
  }
}

/** Two panels of 8 columns, or four of 4, at once: they share a cache line, which may be evicted otherwise. */
function copySixteen(panels: usize, x: usize, width: u32, depth: u32, stride: usize): void {
  const step = (<usize>width) << 2;
  const panel = <usize>depth * step;
  const half = (<usize>depth) << 5;
  let p0 = panels;
  let p1 = p0 + (width === 8 ? 16 : panel);
  let p2 = p0 + half;
  let p3 = p1 + half;
  for (const end = p0 + panel; p0 < end; p0 += step) {
    v128.store(p0, v128.load(x));
    v128.store(p1, v128.load(x, 16));
    v128.store(p2, v128.load(x, 32));
    v128.store(p3, v128.load(x, 48));
    p1 += step;
    p2 += step;
    p3 += step;
    x += stride;
  }
}

/** panel[p, i] = x[p, i] for i < count. */
function copyPanel(panel: usize, x: usize, width: u32, count: u32, depth: u32, stride: usize): void {
  const step = (<usize>width) << 2;
  const tail = count & 3;
  const bytes = (<usize>(count - tail)) << 2;
  for (const end = panel + <usize>depth * step; panel < end; panel += step) {
    for (let i: usize = 0; i < bytes; i += 16) v128.store(panel + i, v128.load(x + i));
    if (tail) v128.store(panel + bytes, Simd.loadTail(x + bytes, tail));
    x += stride;
  }
}

/** Panels of up to `widest` of the rows of x [rows, depth], which are `stride` bytes apart. */
function transposePanels(panels: usize, x: usize, widest: u32, rows: u32, depth: u32, stride: usize): void {
  for (let left = rows; left; ) {
    const width = min(widest, Tile.width(left));
    const count = min(width, left);
    for (let i: u32 = 0; i < count; i += 4)
      if (width === 4) Transpose.rows(panels, x, i, count, depth, stride, 16, 4);
      else Transpose.rows(panels, x, i, count, depth, stride, 32, 4);
    left -= count;
    x += <usize>width * stride;
    panels += (<usize>(width * depth)) << 2;
  }
}

/** Inlined for a constant `step`, with which the addresses of stores cost nothing. */
export class Transpose {
  /**
   * panel[p, i] = x[i, p] for the `lanes` (2 or 4) i from `first` below `count`; rows of the panel are `step` bytes
   * apart.
   */
  @inline static rows(
    panel: usize,
    x: usize,
    first: u32,
    count: u32,
    depth: u32,
    stride: usize,
    step: usize,
    lanes: u32,
  ): void {
    // With fewer than four rows left, the last one is repeated.
    const last = count - 1;
    const x0 = x + <usize>first * stride;
    const x1 = x + <usize>min(last, first + 1) * stride;
    const x2 = x + <usize>min(last, first + 2) * stride;
    const x3 = x + <usize>min(last, first + 3) * stride;
    Transpose.four(panel + ((<usize>first) << 2), x0, x1, x2, x3, depth, step, lanes);
  }

  /** y[p, i] = xᵢ[p] for p < depth and i < lanes (2 or 4); rows of y are `step` bytes apart. */
  @inline static four(y: usize, x0: usize, x1: usize, x2: usize, x3: usize, depth: u32, step: usize, lanes: u32): void {
    const tail = depth & 3;
    const bytes = (<usize>(depth - tail)) << 2;
    for (let at: usize = 0; at < bytes; at += 16) {
      Transpose.square(
        y,
        step,
        v128.load(x0 + at),
        v128.load(x1 + at),
        v128.load(x2 + at),
        v128.load(x3 + at),
        4,
        lanes,
      );
      y += 4 * step;
    }
    if (tail) {
      const r0 = Simd.loadTail(x0 + bytes, tail);
      const r1 = Simd.loadTail(x1 + bytes, tail);
      const r2 = Simd.loadTail(x2 + bytes, tail);
      Transpose.square(y, step, r0, r1, r2, Simd.loadTail(x3 + bytes, tail), tail, lanes);
    }
  }

  /** Stores `lanes` rows of the first `count` columns of the 4×4 matrix with the rows r0 … r3, `step` bytes apart. */
  @inline private static square(
    y: usize,
    step: usize,
    r0: v128,
    r1: v128,
    r2: v128,
    r3: v128,
    count: u32,
    lanes: u32,
  ): void {
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    Transpose.put(y, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), lanes);
    if (count > 1) Transpose.put(y + step, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), lanes);
    if (count > 2) Transpose.put(y + 2 * step, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), lanes);
    if (count > 3) Transpose.put(y + 3 * step, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), lanes);
  }

  @inline private static put(y: usize, x: v128, lanes: u32): void {
    if (lanes === 4) v128.store(y, x);
    else v128.store_lane<u64>(y, x, 0);
  }
}
