// Ridge solves in float64: a Cholesky factor by register tiles, triangular solves, an estimate of the condition.
//
// A symmetric matrix, its factor and a block of right-hand sides all lie in panels of float64-tiles.ts: panel i of the
// factor holds L[4i + r, k] at [k, r]. So each update of a block, in the factor and in the solves, is one tile.
import { narrowPanel, ROW, tile } from './float64-tiles';

const HAGER_STEPS: u32 = 5;

/**
 * l = the Cholesky factor of a + ridge·I, of a [n, n] in the panels of addGram (n rounded up to a multiple of 4).
 * 0 if there is one; otherwise i + 1 for the first row i whose pivot is not above `tolerance`. l may not be a.
 */
export function cholesky(l: usize, a: usize, n: u32, ridge: f64, tolerance: f64): u32 {
  const panels = (n + 3) >> 2;
  const panelBytes = <usize>(4 * panels) * ROW;
  memory.copy(l, a, <usize>panels * panelBytes);
  for (let i: u32 = 0; i < 4 * panels; i++) {
    const at = l + <usize>(i >> 2) * panelBytes + <usize>i * ROW + ((<usize>(i & 3)) << 3);
    // Padding gets a diagonal of ones: independent rows.
    store<f64>(at, i < n ? load<f64>(at) + ridge : 1);
  }
  for (let j: u32 = 0; j < panels; j++) {
    const pivot = l + <usize>j * panelBytes;
    const column = <usize>(4 * j) * ROW;
    for (let i = j; i < panels; i++) {
      const own = l + <usize>i * panelBytes;
      if (j > 0) tile(own + column, pivot, own, 4 * j, true);
      if (i === j) {
        const failed = factorBlock(pivot + column, tolerance);
        if (failed) return 4 * j + failed;
      } else solveBlock(own + column, pivot + column);
    }
  }
  return 0;
}

/**
 * v [n, cols] = (L·Lᵀ)⁻¹ b, of b [n, cols] in the panels of addCross, for `count` panels from panel `first` on.
 * explained[i] are two parts of panel i's Σ v ⊙ b = |L⁻¹ b|², before v is rounded to float32. `work` takes one panel:
 * 32 bytes a row.
 */
export function choleskySolve(
  v: usize,
  explained: usize,
  l: usize,
  b: usize,
  work: usize,
  n: u32,
  cols: u32,
  first: u32,
  count: u32,
): void {
  const panels = (n + 3) >> 2;
  const padded = 4 * panels;
  const bytes = <usize>padded * ROW;
  for (let i = first; i < first + count; i++) {
    memory.copy(work, b + <usize>i * bytes, bytes);
    solveForward(work, l, panels);
    v128.store(explained + ((<usize>i) << 4), squares(work, padded));
    solveBackward(work, l, panels);
    narrowPanel(v + ((<usize>i) << 4), work, min(cols - 4 * i, 4), n, (<usize>cols) << 2);
  }
}

/** Sum of `explained` of choleskySolve over all panels, in their order. */
export function sumExplained(explained: usize, panels: u32): f64 {
  let total = f64x2.splat(0);
  for (let i: u32 = 0; i < panels; i++) total = f64x2.add(total, v128.load(explained + ((<usize>i) << 4)));
  return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
}

/** Largest sum of absolute values in a row of a: its 1-norm. `work` takes a double a row. */
export function symmetricNorm(a: usize, work: usize, n: u32): f64 {
  const panelBytes = <usize>((n + 3) & ~3) * ROW;
  memory.fill(work, 0, (<usize>n) << 3);
  for (let i: u32 = 0; i < n; i++) {
    const row = a + <usize>(i >> 2) * panelBytes + ((<usize>(i & 3)) << 3);
    let sum = abs<f64>(load<f64>(row + <usize>i * ROW));
    for (let k: u32 = 0; k < i; k++) {
      const x = abs<f64>(load<f64>(row + <usize>k * ROW));
      const other = work + ((<usize>k) << 3);
      store<f64>(other, load<f64>(other) + x);
      sum += x;
    }
    store<f64>(work + ((<usize>i) << 3), sum);
  }
  let most: f64 = 0;
  for (let i: u32 = 0; i < n; i++) most = max(most, load<f64>(work + ((<usize>i) << 3)));
  return most;
}

/**
 * A lower bound, rarely less than a third of it, of the 1-norm of (L·Lᵀ)⁻¹. Source: Hager 1984.
 * `work` takes one panel.
 */
export function inverseNorm(l: usize, work: usize, n: u32): f64 {
  const panels = (n + 3) >> 2;
  const padded = 4 * panels;
  let norm: f64 = 0;
  let peak: u32 = n;
  for (let step: u32 = 0; step < HAGER_STEPS; step++) {
    memory.fill(work, 0, <usize>padded * ROW);
    if (step === 0) for (let i: u32 = 0; i < n; i++) store<f64>(work + <usize>i * ROW, 1 / <f64>n);
    else store<f64>(work + <usize>peak * ROW, 1);
    solveForward(work, l, panels);
    solveBackward(work, l, panels);
    let sum: f64 = 0;
    for (let i: u32 = 0; i < n; i++) {
      const at = work + <usize>i * ROW;
      sum += abs<f64>(load<f64>(at));
      // The signs of the solution are the next right-hand side.
      store<f64>(at, load<f64>(at) < 0 ? -1 : 1);
    }
    if (sum <= norm) break;
    norm = sum;
    solveForward(work, l, panels);
    solveBackward(work, l, panels);
    let most: f64 = -1;
    let next: u32 = 0;
    for (let i: u32 = 0; i < n; i++) {
      const x = abs<f64>(load<f64>(work + <usize>i * ROW));
      if (x > most) {
        most = x;
        next = i;
      }
    }
    if (next === peak) break;
    peak = next;
  }
  return norm;
}

/** Factors the 4×4 block [k, r] in place: 0, or r + 1 where the pivot of row r is not above `tolerance`. */
function factorBlock(block: usize, tolerance: f64): u32 {
  for (let k: u32 = 0; k < 4; k++) {
    const row = block + <usize>k * ROW;
    const square = load<f64>(row + ((<usize>k) << 3));
    // False for a NaN too.
    if (!(square > tolerance)) return k + 1;
    const pivot = sqrt<f64>(square);
    for (let r = k; r < 4; r++) {
      const at = row + ((<usize>r) << 3);
      store<f64>(at, load<f64>(at) / pivot);
    }
    for (let q = k + 1; q < 4; q++) {
      const factor = load<f64>(row + ((<usize>q) << 3));
      for (let r = q; r < 4; r++) {
        const at = block + <usize>q * ROW + ((<usize>r) << 3);
        store<f64>(at, load<f64>(at) - factor * load<f64>(row + ((<usize>r) << 3)));
      }
    }
  }
  return 0;
}

/** Four rows x of a panel, in place: L·y = x for the 4×4 diagonal block `l`. */
function solveBlock(x: usize, l: usize): void {
  for (let k: u32 = 0; k < 4; k++) {
    const row = x + <usize>k * ROW;
    let low = v128.load(row);
    let high = v128.load(row, 16);
    for (let q: u32 = 0; q < k; q++) {
      const factor = v128.load64_splat(l + <usize>q * ROW + ((<usize>k) << 3));
      const solved = x + <usize>q * ROW;
      low = f64x2.sub(low, f64x2.mul(factor, v128.load(solved)));
      high = f64x2.sub(high, f64x2.mul(factor, v128.load(solved, 16)));
    }
    const pivot = v128.load64_splat(l + <usize>k * ROW + ((<usize>k) << 3));
    v128.store(row, f64x2.div(low, pivot));
    v128.store(row, f64x2.div(high, pivot), 16);
  }
}

/** Four rows y of a panel, in place: Lᵀ·v = y for the 4×4 diagonal block `l`. */
function solveTransposedBlock(y: usize, l: usize): void {
  for (let k: i32 = 3; k >= 0; k--) {
    const row = y + <usize>k * ROW;
    const own = l + <usize>k * ROW;
    let low = v128.load(row);
    let high = v128.load(row, 16);
    for (let q = k + 1; q < 4; q++) {
      const factor = v128.load64_splat(own + ((<usize>q) << 3));
      const solved = y + <usize>q * ROW;
      low = f64x2.sub(low, f64x2.mul(factor, v128.load(solved)));
      high = f64x2.sub(high, f64x2.mul(factor, v128.load(solved, 16)));
    }
    const pivot = v128.load64_splat(own + ((<usize>k) << 3));
    v128.store(row, f64x2.div(low, pivot));
    v128.store(row, f64x2.div(high, pivot), 16);
  }
}

/** The panel x of four right-hand sides becomes L⁻¹ x. */
function solveForward(x: usize, l: usize, panels: u32): void {
  const panelBytes = <usize>(4 * panels) * ROW;
  for (let i: u32 = 0; i < panels; i++) {
    const own = l + <usize>i * panelBytes;
    const block = <usize>(4 * i) * ROW;
    if (i > 0) tile(x + block, own, x, 4 * i, true);
    solveBlock(x + block, own + block);
  }
}

/** The panel x of four right-hand sides becomes L⁻ᵀ x. */
function solveBackward(x: usize, l: usize, panels: u32): void {
  const panelBytes = <usize>(4 * panels) * ROW;
  for (let i = panels; i-- > 0; ) {
    const own = l + <usize>i * panelBytes;
    const block = <usize>(4 * i) * ROW;
    solveTransposedBlock(x + block, own + block);
    subtractProduct(x, own, x + block, 4 * i);
  }
}

/** Sums of the squares of a panel's even and odd columns. */
function squares(x: usize, rows: u32): v128 {
  let total = f64x2.splat(0);
  for (const end = x + <usize>rows * ROW; x < end; x += ROW) {
    const low = v128.load(x);
    const high = v128.load(x, 16);
    total = f64x2.add(total, f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high)));
  }
  return total;
}

/** x[k, c] -= Σ_r l[k, r]·v[r, c] for k < rows: subtracts four solved rows from the unsolved ones. */
function subtractProduct(x: usize, l: usize, v: usize, rows: u32): void {
  const low0 = v128.load(v);
  const high0 = v128.load(v, 16);
  const low1 = v128.load(v, 32);
  const high1 = v128.load(v, 48);
  const low2 = v128.load(v, 64);
  const high2 = v128.load(v, 80);
  const low3 = v128.load(v, 96);
  const high3 = v128.load(v, 112);
  for (const end = x + <usize>rows * ROW; x < end; x += ROW) {
    const l0 = v128.load64_splat(l);
    const l1 = v128.load64_splat(l, 8);
    const l2 = v128.load64_splat(l, 16);
    const l3 = v128.load64_splat(l, 24);
    const low = f64x2.add(
      f64x2.add(f64x2.mul(l0, low0), f64x2.mul(l1, low1)),
      f64x2.add(f64x2.mul(l2, low2), f64x2.mul(l3, low3)),
    );
    const high = f64x2.add(
      f64x2.add(f64x2.mul(l0, high0), f64x2.mul(l1, high1)),
      f64x2.add(f64x2.mul(l2, high2), f64x2.mul(l3, high3)),
    );
    v128.store(x, f64x2.sub(v128.load(x), low));
    v128.store(x, f64x2.sub(v128.load(x, 16), high), 16);
    l += ROW;
  }
}
