// WᵀW and WᵀX in float64: products of float32 are exact there, so that WᵀW is positive semidefinite but for 1e-16.
import { addToPanel, ROW, tile, widenPanel } from './float64-tiles';

/** Rows of w that are widened at a time: two panels of them stay in the first-level cache. */
const BLOCK: u32 = 256;

/** Rows that widenRows and addGram take at most: BLOCK. */
export function gramRows(): u32 {
  return BLOCK;
}

/** Size of the panels of an [n, n] symmetric matrix, and of a factor of it, in bytes. */
export function symmetricBytes(n: u32): u32 {
  const padded = (n + 3) & ~3;
  return 8 * padded * padded;
}

/** Size of the panels of a [rows, cols] matrix, in bytes. */
export function columnPanelBytes(rows: u32, cols: u32): u32 {
  return 8 * ((rows + 3) & ~3) * ((cols + 3) & ~3);
}

/** Size of the panels of widenRows, and of the `scratch` of addCross, in bytes. */
export function gramScratchBytes(cols: u32): u32 {
  return columnPanelBytes(BLOCK, cols + 4);
}

/** Widens `count` panels from panel `first` on of w [rows, cols], for addGram; `rows` is at most gramRows. */
export function widenRows(panels: usize, w: usize, rows: u32, cols: u32, first: u32, count: u32): void {
  const from = 4 * first;
  const at = panels + <usize>(first * rows) * ROW;
  widenBlock(at, w + ((<usize>from) << 2), min(4 * count, cols - from), rows, (<usize>cols) << 2);
}

/**
 * a += wᵀw of the panels of w [rows, cols] that widenRows has made: panel i of `a` holds a[4i + r, k] at [k, r], for k < 4i + 4; what lies
 * above is not touched. Does the `count` panels from panel `first` on.
 * cols is rounded up to a multiple of 4: rows and columns beyond are zeros.
 */
export function addGram(a: usize, panels: usize, rows: u32, cols: u32, first: u32, count: u32): void {
  const panelBytes = <usize>((cols + 3) & ~3) * ROW;
  const blockBytes = <usize>rows * ROW;
  for (let i = first; i < first + count; i++) {
    for (let j: u32 = 0; j <= i; j++) {
      const at = a + <usize>i * panelBytes + <usize>(4 * j) * ROW;
      tile(at, panels + <usize>j * blockBytes, panels + <usize>i * blockBytes, rows, false);
    }
  }
}

/** b += wᵀx, of w [rows, m] and x [rows, n]: panel j of b holds b[i, 4j + c] at [i, c]. Slow, and exact but for 1e-16. */
export function addCross(b: usize, w: usize, x: usize, scratch: usize, rows: u32, m: u32, n: u32): void {
  const stride = (<usize>m) << 2;
  const step = (<usize>n) << 2;
  const panels = (m + 3) >> 2;
  const panelBytes = <usize>(4 * panels) * ROW;
  for (let r: u32 = 0; r < rows; r += BLOCK) {
    const depth = min(rows - r, BLOCK);
    const blockBytes = <usize>depth * ROW;
    const targets = scratch + <usize>panels * blockBytes;
    widenBlock(scratch, w + <usize>r * stride, m, depth, stride);
    for (let c: u32 = 0; c < n; c += 4) {
      widenPanel(targets, x + <usize>r * step + ((<usize>c) << 2), min(n - c, 4), depth, step);
      let at = b + <usize>(c >> 2) * panelBytes;
      for (let i: u32 = 0; i < panels; i++) {
        tile(at, scratch + <usize>i * blockBytes, targets, depth, false);
        at += 4 * ROW;
      }
    }
  }
}

/** Widens `depth` rows of x, `cols` wide and `stride` bytes apart, into panels. */
function widenBlock(panels: usize, x: usize, cols: u32, depth: u32, stride: usize): void {
  for (let c: u32 = 0; c < cols; c += 4) {
    widenPanel(panels, x + ((<usize>c) << 2), min(cols - c, 4), depth, stride);
    panels += <usize>depth * ROW;
  }
}

/** The panels b of addCross += c [m, n], in float32. */
export function addToCross(b: usize, c: usize, m: u32, n: u32): void {
  const panelBytes = <usize>((m + 3) & ~3) * ROW;
  for (let j: u32 = 0; j < n; j += 4) {
    addToPanel(b, c + ((<usize>j) << 2), min(n - j, 4), m, (<usize>n) << 2);
    b += panelBytes;
  }
}
