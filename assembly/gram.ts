// The Gram matrix WᵀW in float64: products of float32 are exact there, so that it is positive semidefinite but for 1e-16.
import { ROW, tile, widenPanel } from './float64-tiles';

/** Rows of w that are widened at a time: two panels of them stay in the first-level cache. */
const BLOCK: u32 = 256;

/** Size of the panels of an [n, n] symmetric matrix, and of a factor of it, in bytes. */
export function symmetricBytes(n: u32): u32 {
  const padded = (n + 3) & ~3;
  return 8 * padded * padded;
}

/** Size of addGram's `scratch`, in bytes. */
export function gramScratchBytes(cols: u32): u32 {
  return BLOCK * ((cols + 3) & ~3) * 8;
}

/**
 * a += wᵀw, of w [rows, cols]: panel i of `a` holds a[4i + r, k] at [k, r], for k < 4i + 4; what lies above is not touched.
 * cols is rounded up to a multiple of 4: rows and columns beyond are zeros.
 */
export function addGram(a: usize, w: usize, scratch: usize, rows: u32, cols: u32): void {
  const stride = (<usize>cols) << 2;
  const panels = (cols + 3) >> 2;
  const panelBytes = <usize>(4 * panels) * ROW;
  for (let r: u32 = 0; r < rows; r += BLOCK) {
    const depth = min(rows - r, BLOCK);
    const blockBytes = <usize>depth * ROW;
    const x = w + <usize>r * stride;
    for (let i: u32 = 0; i < panels; i++) {
      const own = scratch + <usize>i * blockBytes;
      widenPanel(own, x + ((<usize>i) << 4), min(cols - 4 * i, 4), depth, stride);
      for (let j: u32 = 0; j <= i; j++) {
        const at = a + <usize>i * panelBytes + <usize>(4 * j) * ROW;
        tile(at, scratch + <usize>j * blockBytes, own, depth, false);
      }
    }
  }
}
