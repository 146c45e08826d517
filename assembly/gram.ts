// WᵀW and WᵀX in float64: products of float32 are exact there, so WᵀW is positive semidefinite to within 1e-16.
import { addToPanel, ROW, tile, widenPanel } from './float64-tiles';
import { sumElements } from './reduce';
import { Simd } from './simd/simd';

/** Rows of w widened at a time: two panels of them stay in the first-level cache. */
const BLOCK: u32 = 256;

/** Maximum rows of widenRows, addGram and addCross. */
export function gramRows(): u32 {
  return BLOCK;
}

/** Size of the panels of a [rows, cols] matrix, in bytes; in float64, since it may be more than there is memory. */
export function columnPanelBytes(rows: u32, cols: u32): f64 {
  return 8 * ceil(<f64>rows / 4) * 4 * ceil(<f64>cols / 4) * 4;
}

/** Widens `count` panels from panel `first` on of w [rows, cols], for addGram; `rows` is at most gramRows. */
export function widenRows(panels: usize, w: usize, rows: u32, cols: u32, first: u32, count: u32): void {
  const from = 4 * first;
  const at = panels + <usize>(first * rows) * ROW;
  widenBlock(at, w + ((<usize>from) << 2), min(4 * count, cols - from), rows, (<usize>cols) << 2);
}

/**
 * a += wᵀw of the panels of w [rows, cols] that widenRows has made: panel i of `a` holds a[4i + r, k] at [k, r], for k
 * < 4i + 4; the rest of the panel is left as it is. Computes the `count` panels from panel `first` on.
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

/**
 * b += wᵀx of the panels of w [rows, m] that widenRows has made, and of x [rows, n]: panel j of b holds b[i, 4j + c] at
 * [i, c]. Computes the `count` panels from panel `first` on; `work` has room for a panel of x.
 */
export function addCross(
  b: usize,
  w: usize,
  x: usize,
  work: usize,
  rows: u32,
  m: u32,
  n: u32,
  first: u32,
  count: u32,
): void {
  const panels = (m + 3) >> 2;
  const blockBytes = <usize>rows * ROW;
  for (let j = first; j < first + count; j++) {
    widenPanel(work, x + ((<usize>j) << 4), min(n - 4 * j, 4), rows, (<usize>n) << 2);
    let at = b + <usize>j * (<usize>(4 * panels) * ROW);
    for (let i: u32 = 0; i < panels; i++) {
      tile(at, w + <usize>i * blockBytes, work, rows, false);
      at += 4 * ROW;
    }
  }
}

/** t[r] = 1 − Σ_j w[r, j]. */
export function shortfalls(t: usize, w: usize, rows: u32, cols: u32): void {
  for (let r: u32 = 0; r < rows; r++) {
    store<f32>(t, <f32>(1 - sumElements(w, cols)));
    t += 4;
    w += (<usize>cols) << 2;
  }
}

/** y[r, c] = x[r, c] − (1 − t[r])·mean[c], with t from shortfalls: targets minus the read of a memory of means. */
export function centerTargets(y: usize, x: usize, t: usize, mean: usize, rows: u32, cols: u32): void {
  const row = (<usize>cols) << 2;
  const whole = row & ~15;
  for (let r: u32 = 0; r < rows; r++) {
    const share = v128.load32_splat(t);
    let c: usize = 0;
    for (; c < whole; c += 16) v128.store(y + c, Target.centered(v128.load(x + c), share, v128.load(mean + c)));
    if (c < row) {
      const last = Target.centered(Simd.loadTail(x + c, cols & 3), share, Simd.loadTail(mean + c, cols & 3));
      Simd.storeTail(y + c, last, cols & 3);
    }
    t += 4;
    x += row;
    y += row;
  }
}

class Target {
  /** (x − mean) + t·mean: t is usually tiny, so x − mean is rounded once. */
  @inline static centered(x: v128, t: v128, mean: v128): v128 {
    return Simd.madd(t, mean, f32x4.sub(x, mean));
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
