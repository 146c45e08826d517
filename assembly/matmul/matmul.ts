// Matrix multiplication: packed blocks through register tiles, a path for vectors, and prepacked operands.
//
// Each element of C is a sum over blocks of k; a block is one chain of multiply-adds in the order of k. (Where an
// operand is a vector and the matrix is stored with k innermost, a block is four interleaved chains.) Block boundaries
// depend on k alone. So C may be computed in parts, by rows or columns, in any order and by any thread, with the same
// bits, as long as no part is a single row or a single column unless C is.
import { packColumns, packRows } from './pack';
import { ROWS } from './tile';
import { multiplyPanels } from './tiles';
import { matrixTimesVector, vectorTimesMatrix, vectorTimesPanels } from './vector';

/** Bits of `flags`. */
const A_TRANSPOSED: u32 = 1;
const B_TRANSPOSED: u32 = 2;
const ACCUMULATE: u32 = 4;

/** Largest blocks: a panel of B (KC×8) fits the first-level cache, blocks of A (MC×KC) and B (KC×NC) the second. */
export const MC: u32 = ROWS === 4 ? 64 : 66;
export const KC: u32 = 256;
export const NC: u32 = 256;
/** Blocks to split a large product into for multithreading. */
const ENOUGH_BLOCKS: u32 = 8;
// packRows may take 16 bytes more.
const A_BYTES: u32 = 4 * MC * KC + 64;
const B_BYTES: u32 = 4 * KC * NC;

/** Size of the scratch memory that every kernel here takes, in bytes. */
export function matmulScratchBytes(): u32 {
  return A_BYTES + B_BYTES;
}

/** Size of a [k, n] matrix in the panels of packPanels, in bytes. */
export function panelBytes(k: u32, n: u32): u32 {
  return 4 * k * ((n + 3) & ~3);
}

/**
 * c[m, n] = op(a)·op(b), or c += op(a)·op(b).
 *
 * flags: 1: a is stored transposed, [k, m]; 2: b is stored transposed, [n, k]; 4: accumulate.
 */
export function matmul(c: usize, a: usize, b: usize, scratch: usize, m: u32, n: u32, k: u32, flags: u32): void {
  const add = (flags & ACCUMULATE) !== 0;
  if (k === 0) clear(c, m, n, add);
  else if (m === 1 && flags & B_TRANSPOSED) matrixTimesVector(c, b, a, n, k, 4 * KC, add);
  else if (m === 1) vectorTimesMatrix(c, a, b, scratch, n, k, KC, add);
  else if (n === 1 && flags & A_TRANSPOSED) vectorTimesMatrix(c, b, a, scratch, m, k, KC, add);
  else if (n === 1) matrixTimesVector(c, a, b, m, k, 4 * KC, add);
  else multiply(c, a, b, scratch, m, n, k, flags, false, 0, m, 0, n);
}

/** Packs b [k, n], or [n, k] if transposed, for matmulPacked: block after block of k, each in panels of columns. */
export function packPanels(panels: usize, b: usize, k: u32, n: u32, transposed: bool): void {
  const step = (<usize>(transposed ? k : n)) << 2;
  const most = depthOf(k);
  for (let p: u32 = 0; p < k; p += most) {
    const depth = min(k - p, most);
    packColumns(panels, element(b, p, 0, k, n, transposed), n, depth, step, transposed);
    panels += panelBytes(depth, n);
  }
}

/** matmul with an operand b that packPanels has packed, plain or transposed; flag 2 has no meaning here. */
export function matmulPacked(
  c: usize,
  a: usize,
  panels: usize,
  scratch: usize,
  m: u32,
  n: u32,
  k: u32,
  flags: u32,
): void {
  const add = (flags & ACCUMULATE) !== 0;
  if (k === 0) clear(c, m, n, add);
  else if (m === 1) {
    const most = depthOf(k);
    for (let p: u32 = 0; p < k; p += most) {
      const depth = min(k - p, most);
      vectorTimesPanels(c, a + ((<usize>p) << 2), panels, n, depth, add || p > 0);
      panels += panelBytes(depth, n);
    }
  } else multiply(c, a, panels, scratch, m, n, k, flags, true, 0, m, 0, n);
}

/** Number of blocks of c for multithreading; matmulBlock computes one. */
export function matmulBlocks(m: u32, n: u32): u32 {
  return quotient(m, blockRows(m, n)) * quotient(n, blockCols(n));
}

/** Block `block` of c in matmul, or matmulPacked if b is packed; m, n and k are at least 2. */
export function matmulBlock(
  c: usize,
  a: usize,
  b: usize,
  scratch: usize,
  m: u32,
  n: u32,
  k: u32,
  flags: u32,
  packed: bool,
  block: u32,
): void {
  const rows = blockRows(m, n);
  const cols = blockCols(n);
  // Consecutive blocks share columns of b: threads that work on them at the same time read them from memory once.
  const down = quotient(m, rows);
  const i = (block % down) * rows;
  const j = (block / down) * cols;
  multiply(c, a, b, scratch, m, n, k, flags, packed, i, min(i + rows, m), j, min(j + cols, n));
}

/** Blocks of columns as in `multiply`, but of equal width: b is packed at most once for every blockRows. */
function blockCols(n: u32): u32 {
  return (quotient(n, quotient(n, NC)) + 7) & ~7;
}

/** Few enough rows for a block per thread, but enough to amortise packing b. */
function blockRows(m: u32, n: u32): u32 {
  const across = quotient(n, blockCols(n));
  let rows: u32 = 4 * MC;
  while (rows > MC && quotient(m, rows) * across < ENOUGH_BLOCKS) rows >>= 1;
  return rows;
}

/** a / b, rounded up. */
function quotient(a: u32, b: u32): u32 {
  return (a + b - 1) / b;
}

/**
 * The blocked product, for rows `top` to `bottom` and columns `left` (a multiple of 8) to `right` of c. Packs blocks of
 * A, and of B unless b is packed.
 */
function multiply(
  c: usize,
  a: usize,
  b: usize,
  scratch: usize,
  m: u32,
  n: u32,
  k: u32,
  flags: u32,
  packed: bool,
  top: u32,
  bottom: u32,
  left: u32,
  right: u32,
): void {
  const aTransposed = (flags & A_TRANSPOSED) !== 0;
  const bTransposed = (flags & B_TRANSPOSED) !== 0;
  const aStep = (<usize>(aTransposed ? m : k)) << 2;
  const bStep = (<usize>(bTransposed ? k : n)) << 2;
  const aPanels = scratch + B_BYTES;
  const most = depthOf(k);
  for (let p: u32 = 0; p < k; p += most) {
    const depth = min(k - p, most);
    const add = (flags & ACCUMULATE) !== 0 || p > 0;
    for (let j = left; j < right; j += NC) {
      const cols = min(right - j, NC);
      let bPanels = scratch;
      if (packed) bPanels = b + panelBytes(p, n) + ((<usize>(j * depth)) << 2);
      else packColumns(bPanels, element(b, p, j, k, n, bTransposed), cols, depth, bStep, bTransposed);
      for (let i = top; i < bottom; i += MC) {
        const rows = min(bottom - i, MC);
        packRows(aPanels, element(a, i, p, m, k, aTransposed), rows, depth, aStep, aTransposed);
        multiplyPanels(element(c, i, j, m, n, false), aPanels, bPanels, rows, cols, depth, (<usize>n) << 2, add);
      }
    }
  }
}

/** Address of element (row, col) of a [rows, cols] matrix, plain or stored transposed. */
function element(x: usize, row: u32, col: u32, rows: u32, cols: u32, transposed: bool): usize {
  return x + ((<usize>(transposed ? col * rows + row : row * cols + col)) << 2);
}

/**
 * Depth of the blocks of a sum of k products. Within and between blocks, rounding errors grow with the root of the
 * number of additions, so √k would be the most accurate; shorter blocks are slower.
 */
export function depthOf(k: u32): u32 {
  return k > 2048 && k <= 32768 ? 128 : KC;
}

/** c = 0 unless added to: a product over no terms. */
function clear(c: usize, m: u32, n: u32, add: bool): void {
  if (!add) memory.fill(c, 0, (<usize>(m * n)) << 2);
}
