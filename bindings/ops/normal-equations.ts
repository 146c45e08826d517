// Values in closed form: the ridge regression of targets on weights, in float64, and the gradient of what it leaves over.

import { kernelsOf, regressionKernels } from '../engine/families.js';
import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import { expectInteger, expectNumber, fail } from '../tensor/check.js';
import { expectShape, expectTensor } from '../tensor/check-tensor.js';
import type { Runtime } from '../tensor/runtime.js';
import type { Tensor } from '../tensor/tensor.js';

/** The values V that minimize ½‖X − WV‖² + ½λ‖V‖². */
export interface RidgeSolution {
  /** V: [M, n]; overwritten by the next solution. */
  readonly values: Tensor;
  /** ½‖X − WV‖² over all rows added. */
  readonly loss: number;
  /** The λ that was used: the one asked for, or more where the matrix was not positive definite. */
  readonly ridge: number;
  /** Estimate of the 1-norm condition number of WᵀW + λI; at most three times too low as a rule. */
  readonly condition: number;
}

/** What is known of the targets beforehand. */
export interface NormalEquationsOptions {
  /** ‖X‖² of all rows that will be added, where it is known: it is then not summed again. */
  targetSquares?: number;
}

const EPSILON = 2 ** -52;
/** Where the factor fails, λ grows by this until it does not. */
const RAISE = 10;
const ROWS_AT_A_TIME = 1024;
/** Products of a batch up to which all of its sums are taken in float64: some milliseconds. */
const FEW_PRODUCTS = 2 ** 24;

/**
 * The equations (WᵀW + λI) V = WᵀX of a least-squares fit, gathered batch by batch. Made inside a step they are gone at its end,
 * made outside they stay, and batches can be added in steps of their own.
 *
 * WᵀW is summed in float64, where a product of two float32 numbers is exact: it stays positive semidefinite, and a small λ keeps
 * its meaning. So is WᵀX of small batches (up to 2^24 products); of larger ones, which have a test error of their own to lose it
 * in, it is summed in float32. Source: Hoerl and Kennard 1970.
 */
export class NormalEquations {
  readonly #gram: Tensor;
  readonly #cross: Tensor;
  readonly #values: Tensor;
  readonly #targetSquares: number | undefined;
  /** ‖X‖² of the rows added. */
  #squares: number;
  #solution: RidgeSolution | undefined;

  /** For weights [·, `memorySize`] and targets [·, `valueSize`]. */
  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    /** M. */
    readonly memorySize: number,
    /** n. */
    readonly valueSize: number,
    { targetSquares }: NormalEquationsOptions = {},
  ) {
    expectInteger('NormalEquations', 'memorySize', memorySize, 1);
    expectInteger('NormalEquations', 'valueSize', valueSize, 1);
    const kernels = kernelsOf('NormalEquations', regressionKernels, runtime);
    this.#gram = runtime.zeros([kernels.symmetricBytes(memorySize) / 4]);
    this.#cross = runtime.zeros([kernels.columnPanelBytes(memorySize, valueSize) / 4]);
    this.#values = runtime.zeros([memorySize, valueSize]);
    this.#targetSquares = targetSquares;
    this.#squares = targetSquares ?? 0;
  }

  /** Back to no rows. */
  reset(): void {
    this.#expectAlive('reset');
    for (const { pointer, size } of [this.#gram, this.#cross]) this.runtime.arena.zero(pointer, size);
    this.#squares = this.#targetSquares ?? 0;
    this.#solution = undefined;
  }

  /** Adds rows: `weights: [B, M]`, `targets: [B, n]`. Throws a RangeError where the sizes do not fit. */
  add(weights: Tensor, targets: Tensor): void {
    const rows = this.#expectRows('add', weights, targets);
    const { kernels, arena } = this.runtime;
    const { memorySize: m, valueSize: n } = this;
    const mark = arena.mark();
    const scratch = this.runtime.allocate(kernels.gramScratchBytes(m) / 4);
    const most = kernels.gramRows();
    const panels = Math.ceil(m / 4);
    for (let row = 0; row < rows; row += most) {
      const count = Math.min(most, rows - row);
      kernels.widenRows(scratch, weights.pointer + 4 * row * m, count, m, 0, panels);
      kernels.addGram(this.#gram.pointer, scratch, count, m, 0, panels);
    }
    if (this.#isSmall(rows)) {
      kernels.addCross(this.#cross.pointer, weights.pointer, targets.pointer, scratch, rows, m, n);
    } else {
      const product = this.runtime.allocate(m * n);
      kernels.matmul(product, weights.pointer, targets.pointer, arena.scratch, m, n, rows, TRANSPOSE_A);
      kernels.addToCross(this.#cross.pointer, product, m, n);
    }
    arena.reset(mark);
    if (this.#targetSquares === undefined) this.#squares += kernels.sumSquares(targets.pointer, targets.size);
    this.#solution = undefined;
  }

  /**
   * The values that fit best, with ridge λ at least 0. Where WᵀW + λI is not positive definite in float64, λ is raised tenfold until
   * it is, and the solution says to what.
   */
  solve(ridge: number): RidgeSolution {
    expectNumber('solve', 'ridge', ridge, 0);
    this.#expectAlive('solve');
    const { runtime, memorySize: m, valueSize: n } = this;
    const { kernels, arena } = runtime;
    const values = this.#values;
    const mark = arena.mark();
    const factor = runtime.allocate(kernels.symmetricBytes(m) / 4);
    const work = runtime.allocate(8 * (m + 3) * (runtime.threads?.count ?? 1));
    const panels = Math.ceil(n / 4);
    const parts = runtime.allocate(4 * panels);
    const norm = kernels.symmetricNorm(this.#gram.pointer, work, m);
    if (!Number.isFinite(norm)) fail('solve', 'the weights', 'be finite', norm);
    const tolerance = m * EPSILON * norm;
    let used = ridge;
    while (kernels.cholesky(factor, this.#gram.pointer, m, used, tolerance) !== 0) {
      used = Math.max(used * RAISE, tolerance * RAISE, Number.MIN_VALUE * 2 ** 60);
    }
    kernels.choleskySolve(values.pointer, parts, factor, this.#cross.pointer, work, m, n, 0, panels);
    const explained = kernels.sumExplained(parts, panels);
    const condition = (norm + used) * kernels.inverseNorm(factor, work, m);
    arena.reset(mark);
    const penalty = used * kernels.sumSquares(values.pointer, values.size);
    const loss = Math.max(0, this.#squares - explained - penalty) / 2;
    this.#solution = { values, loss, ridge: used, condition };
    return this.#solution;
  }

  /**
   * The loss ½‖X − WV‖² of the last solution, as an op: its gradient reaches `weights`, with V held fixed. It is that of the rows
   * given here; its value is that of all rows added, which the solution has already.
   *
   * `weights: [B, M], targets: [B, n] → [1]`. The gradient is (WV − X)Vᵀ, computed as W(VVᵀ) − XVᵀ where that takes fewer
   * operations (n > M), but not of small batches: the difference of two larger numbers is less exact.
   */
  loss(weights: Tensor, targets: Tensor): Tensor {
    const rows = this.#expectRows('loss', weights, targets);
    const solution = this.#solution;
    if (solution === undefined) return fail('loss', 'the equations', 'be solved first', 'no solution');
    const { runtime } = this;
    const y = runtime.tensor([solution.loss]);
    runtime.record('loss', [weights], [y], () => {
      const dw = runtime.gradient(weights);
      const dy = runtime.arena.readOne(y.gradPointer);
      if (this.valueSize > this.memorySize && !this.#isSmall(rows))
        this.#addExpandedGradient(dw, dy, weights, targets, solution.values);
      else this.#addResidualGradient(dw, dy, weights, targets, solution.values, rows);
    });
    return y;
  }

  /** dW += W·(dy·VVᵀ) + X·(−dy·V)ᵀ. */
  #addExpandedGradient(dw: number, dy: number, weights: Tensor, targets: Tensor, values: Tensor): void {
    const { runtime, memorySize: m, valueSize: n } = this;
    const { kernels, arena } = runtime;
    const rows = weights.shape[0] as number;
    const mark = arena.mark();
    const scaled = runtime.allocate(m * n);
    const square = runtime.allocate(m * m);
    kernels.scale(scaled, values.pointer, m * n, -dy);
    kernels.matmul(square, scaled, values.pointer, arena.scratch, m, m, n, TRANSPOSE_B);
    kernels.scale(square, square, m * m, -1);
    kernels.matmul(dw, weights.pointer, square, arena.scratch, rows, m, m, ACCUMULATE);
    kernels.matmul(dw, targets.pointer, scaled, arena.scratch, rows, m, n, TRANSPOSE_B | ACCUMULATE);
    arena.reset(mark);
  }

  /** dW += (X − WV)·(−dy·V)ᵀ, a block of rows at a time. */
  #addResidualGradient(dw: number, dy: number, weights: Tensor, targets: Tensor, values: Tensor, rows: number): void {
    const { runtime, memorySize: m, valueSize: n } = this;
    const { kernels, arena } = runtime;
    const mark = arena.mark();
    const negative = runtime.allocate(m * n);
    const residual = runtime.allocate(Math.min(rows, ROWS_AT_A_TIME) * n);
    for (let row = 0; row < rows; row += ROWS_AT_A_TIME) {
      const count = Math.min(ROWS_AT_A_TIME, rows - row);
      kernels.scale(negative, values.pointer, m * n, -1);
      arena.copy(residual, targets.pointer + 4 * row * n, count * n);
      kernels.matmul(residual, weights.pointer + 4 * row * m, negative, arena.scratch, count, n, m, ACCUMULATE);
      kernels.scale(negative, values.pointer, m * n, -dy);
      kernels.matmul(dw + 4 * row * m, residual, negative, arena.scratch, count, m, n, TRANSPOSE_B | ACCUMULATE);
    }
    arena.reset(mark);
  }

  #isSmall(rows: number): boolean {
    return rows * this.memorySize * this.valueSize <= FEW_PRODUCTS;
  }

  #expectRows(op: string, weights: Tensor, targets: Tensor): number {
    this.#expectAlive(op);
    expectShape(op, 'weights', weights, -1, this.memorySize);
    const rows = weights.shape[0] as number;
    expectShape(op, 'targets', targets, rows, this.valueSize);
    return rows;
  }

  #expectAlive(op: string): void {
    expectTensor(op, 'the equations', this.#gram);
  }
}
