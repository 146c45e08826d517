// Ridge regression of targets on weights that sum to 1, as bindings/ops/normal-equations.ts for one small batch with
// `center`.
import { addBias } from '../bias';
import { cholesky, choleskySolve, sumExplained, symmetricNorm } from '../cholesky';
import { scale } from '../elementwise';
import { addCross, addGram, centerTargets, columnPanelBytes, gramRows, shortfalls, widenRows } from '../gram';
import { matmul } from '../matmul/matmul';
import { sum, sumSquares } from '../reduce';
import { clear } from '../shaping';

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
  private readonly targetPanel: usize;
  private readonly work: usize;
  private readonly explained: usize;
  private readonly mean: usize;
  private readonly missing: usize;
  /** Values less the mean, and minus these. */
  private readonly deviations: usize;
  private readonly negative: usize;
  /** Centred targets, from which the values' reads are subtracted. */
  private readonly residual: usize;
  private squares: f64 = 0;

  constructor(
    readonly m: u32,
    readonly n: u32,
    readonly rows: u32,
    /** Address of V. */
    readonly values: usize,
    readonly scratch: usize,
  ) {
    assert(rows <= gramRows());
    this.gram = heap.alloc(<usize>columnPanelBytes(m, m));
    this.cross = heap.alloc(<usize>columnPanelBytes(m, n));
    this.factor = heap.alloc(<usize>columnPanelBytes(m, m));
    this.panels = heap.alloc(<usize>columnPanelBytes(rows, m));
    this.targetPanel = heap.alloc(<usize>columnPanelBytes(rows, 4));
    this.work = heap.alloc(32 * (m + 3));
    this.explained = heap.alloc(16 * ((n + 3) / 4));
    this.mean = heap.alloc(4 * n);
    this.missing = heap.alloc(4 * rows);
    this.deviations = heap.alloc(4 * m * n);
    this.negative = heap.alloc(4 * m * n);
    this.residual = heap.alloc(4 * rows * n);
  }

  /** Computes WᵀW and WᵀX. */
  add(weights: usize, targets: usize): void {
    const m = this.m;
    const n = this.n;
    const count = (m + 3) / 4;
    clear(this.gram, <u32>(columnPanelBytes(m, m) / 4));
    clear(this.cross, <u32>(columnPanelBytes(m, n) / 4));
    sum(this.mean, targets, 1, this.rows, n, 1 / <f64>this.rows);
    this.center(weights, targets);
    this.squares = sumSquares(this.residual, this.rows * n);
    widenRows(this.panels, weights, this.rows, m, 0, count);
    addGram(this.gram, this.panels, this.rows, m, 0, count);
    addCross(this.cross, this.panels, this.residual, this.targetPanel, this.rows, m, n, 0, (n + 3) / 4);
  }

  /** Solves for V, with λ raised if necessary. Returns ½‖X − WV‖². */
  solve(ridge: f64): f64 {
    const m = this.m;
    const n = this.n;
    const count = (n + 3) / 4;
    const tolerance = <f64>m * f64.EPSILON * symmetricNorm(this.gram, this.work, m);
    let used = ridge;
    while (cholesky(this.factor, this.gram, m, used, tolerance) !== 0) {
      used = max(used * RAISE, max(tolerance * RAISE, SMALLEST_RAISE));
    }
    choleskySolve(this.deviations, this.explained, this.factor, this.cross, this.work, m, n, 0, count);
    addBias(this.values, this.deviations, this.mean, m, n);
    const penalty = used * sumSquares(this.deviations, m * n);
    return max<f64>(0, this.squares - sumExplained(this.explained, count) - penalty) / 2;
  }

  /** dW = (Z − WD)·(−D)ᵀ, of centred targets Z and deviations D. */
  gradient(dweights: usize, weights: usize, targets: usize): void {
    const m = this.m;
    const n = this.n;
    scale(this.negative, this.deviations, m * n, -1);
    this.center(weights, targets);
    matmul(this.residual, weights, this.negative, this.scratch, this.rows, n, m, ACCUMULATE);
    clear(dweights, this.rows * m);
    matmul(dweights, this.residual, this.negative, this.scratch, this.rows, m, n, B_TRANSPOSED | ACCUMULATE);
  }

  private center(weights: usize, targets: usize): void {
    shortfalls(this.missing, weights, this.rows, this.m);
    centerTargets(this.residual, targets, this.missing, this.mean, this.rows, this.n);
  }
}
