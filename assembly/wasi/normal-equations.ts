// The ridge regression of targets on weights: what bindings/ops/normal-equations.ts does with one small batch.
import { cholesky, choleskySolve, sumExplained, symmetricNorm } from '../cholesky';
import { scale } from '../elementwise';
import { addCross, addGram, columnPanelBytes, gramRows, gramScratchBytes, symmetricBytes, widenRows } from '../gram';
import { matmul } from '../matmul/matmul';
import { sumSquares } from '../reduce';
import { clear, copy } from '../shaping';

const B_TRANSPOSED: u32 = 2;
const ACCUMULATE: u32 = 4;
const RAISE: f64 = 10;
const SMALLEST_RAISE: f64 = 256 * f64.MIN_NORMAL_VALUE;

/** (WᵀW + λI) V = WᵀX of weights W [rows, m] and targets X [rows, n], at most gramRows of them. */
export class NormalEquations {
  private readonly gram: usize;
  private readonly cross: usize;
  private readonly factor: usize;
  private readonly panels: usize;
  private readonly work: usize;
  private readonly explained: usize;
  private readonly negative: usize;
  private readonly residual: usize;

  constructor(
    readonly m: u32,
    readonly n: u32,
    readonly rows: u32,
    /** ‖X‖². */
    readonly squares: f64,
    /** Where V goes. */
    readonly values: usize,
    readonly scratch: usize,
  ) {
    assert(rows <= gramRows());
    this.gram = heap.alloc(symmetricBytes(m));
    this.cross = heap.alloc(columnPanelBytes(m, n));
    this.factor = heap.alloc(symmetricBytes(m));
    this.panels = heap.alloc(gramScratchBytes(m));
    this.work = heap.alloc(32 * (m + 3));
    this.explained = heap.alloc(16 * ((n + 3) / 4));
    this.negative = heap.alloc(4 * m * n);
    this.residual = heap.alloc(4 * rows * n);
  }

  /** WᵀW and WᵀX of these rows alone. */
  add(weights: usize, targets: usize): void {
    const m = this.m;
    const count = (m + 3) / 4;
    clear(this.gram, symmetricBytes(m) / 4);
    clear(this.cross, columnPanelBytes(m, this.n) / 4);
    widenRows(this.panels, weights, this.rows, m, 0, count);
    addGram(this.gram, this.panels, this.rows, m, 0, count);
    addCross(this.cross, weights, targets, this.panels, this.rows, m, this.n);
  }

  /** V, with λ raised where it must be. Returns ½‖X − WV‖². */
  solve(ridge: f64): f64 {
    const m = this.m;
    const count = (this.n + 3) / 4;
    const tolerance = <f64>m * f64.EPSILON * symmetricNorm(this.gram, this.work, m);
    let used = ridge;
    while (cholesky(this.factor, this.gram, m, used, tolerance) !== 0) {
      used = max(used * RAISE, max(tolerance * RAISE, SMALLEST_RAISE));
    }
    choleskySolve(this.values, this.explained, this.factor, this.cross, this.work, m, this.n, 0, count);
    const penalty = used * sumSquares(this.values, m * this.n);
    return max<f64>(0, this.squares - sumExplained(this.explained, count) - penalty) / 2;
  }

  /** dW = (X − WV)·(−V)ᵀ. */
  gradient(dweights: usize, weights: usize, targets: usize): void {
    const m = this.m;
    const n = this.n;
    scale(this.negative, this.values, m * n, -1);
    copy(this.residual, targets, this.rows * n);
    matmul(this.residual, weights, this.negative, this.scratch, this.rows, n, m, ACCUMULATE);
    clear(dweights, this.rows * m);
    matmul(dweights, this.residual, this.negative, this.scratch, this.rows, m, n, B_TRANSPOSED | ACCUMULATE);
  }
}
