// Values in closed form: the ridge regression of targets on weights, in float64, and the gradient of what it leaves
// over.

import { kernelsOf, regressionKernels } from '../engine/families.js';
import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import {
  expectBoolean,
  expectDimensions,
  expectFits,
  expectInteger,
  expectNumber,
  expectOptions,
  fail,
  failType,
  type OptionKeys,
} from '../tensor/check.js';
import { expectShape, expectTensor } from '../tensor/check-tensor.js';
import { Runtime } from '../tensor/runtime.js';
import { DISPOSE, type Tensor } from '../tensor/tensor.js';
import { CenteredTargets } from './centered-targets.js';

/** Result of `NormalEquations.solve`: the values V that minimise ½‖X − WV‖² + ½λ‖V‖². */
export interface RidgeSolution {
  /** Values V, [M, n]; overwritten by the next solution. */
  readonly values: Tensor;
  /** ½‖X − WV‖² over all rows added. */
  readonly loss: number;
  /** The λ used: the one given, or more where the matrix was not positive definite. */
  readonly ridge: number;
  /** Estimate of the 1-norm condition number of WᵀW + λI; rarely more than three times too low. */
  readonly condition: number;
}

/** Options of `NormalEquations`. */
export interface NormalEquationsOptions {
  /**
   * For weights whose rows sum to 1: penalise deviations from the targets' mean instead of from 0, so that targets with
   * a constant added give values with that constant added. The gradient of `loss` then lacks a constant in every row,
   * which such weights do not see. Default false.
   */
  center?: boolean;
}

const OPTIONS: OptionKeys<NormalEquationsOptions> = { center: true };

const EPSILON = 2 ** -52;
/** Factor by which λ grows until the Cholesky factor exists. */
const RAISE = 10;
/** Products of a batch, and columns of targets, up to which WᵀX is summed in float64 alone. */
const FEW_PRODUCTS = 2 ** 24;
const FEW_COLUMNS = 64;

/**
 * Gathers the normal equations (WᵀW + λI) V = WᵀX of a least-squares fit batch by batch, and solves them.
 *
 * WᵀW is summed in float64, where products of float32 are exact: it stays positive semidefinite, and a small λ keeps
 * its meaning. So are the squares of the targets, and WᵀX up to 2^24 products a batch or 64 columns of targets; beyond,
 * float32 adds up 1024 rows at a time. Targets are centred on their mean where the weights sum to 1, so that an offset
 * costs no digits.
 *
 * Created inside a step, the equations are freed at its end; created outside, batches can be added in steps of their
 * own.
 *
 * @example
 * ```ts
 * import { load, NormalEquations } from 'tapehead';
 * const runtime = await load();
 * const values = runtime.step(() => {
 *   const equations = new NormalEquations(runtime, 2, 1);
 *   equations.add(runtime.tensor([1, 0, 0, 1, 0.5, 0.5], [3, 2]), runtime.tensor([10, 20, 15], [3, 1]));
 *   return equations.solve(0).values.toArray();
 * });
 * console.log(values); // → Float32Array(2) [ 10, 20 ]
 * ```
 *
 * @see Hoerl & Kennard 1970.
 */
export class NormalEquations {
  readonly #gram: Tensor;
  readonly #cross: Tensor;
  readonly #values: Tensor;
  /** Values less the targets' mean. */
  readonly #deviations: Tensor;
  readonly #targets: CenteredTargets;
  readonly #center: boolean;
  /** Sum of squares of the centred targets. */
  #squares = 0;
  #solution: RidgeSolution | undefined;

  /**
   * Creates equations without rows.
   *
   * @param runtime Runtime whose memory holds the tensors.
   * @param memorySize Number of weights in a row M, at least 1.
   * @param valueSize Number of targets in a row n, at least 1.
   * @param options Kind of penalty.
   * @throws {RangeError} A size is no positive integer, or the equations do not fit in memory.
   * @throws {TypeError} `runtime` is not a Runtime, or an option is unknown or of the wrong type.
   */
  constructor(
    /** Runtime whose memory holds the tensors. */
    readonly runtime: Runtime,
    /** Number of weights in a row M. */
    readonly memorySize: number,
    /** Number of targets in a row n. */
    readonly valueSize: number,
    options: NormalEquationsOptions = {},
  ) {
    if (!(runtime instanceof Runtime)) failType('NormalEquations', 'runtime', 'be a Runtime', runtime);
    const { center = false } = expectOptions('NormalEquations', options, OPTIONS);
    expectInteger('NormalEquations', 'memorySize', memorySize, 1);
    expectInteger('NormalEquations', 'valueSize', valueSize, 1);
    expectBoolean('NormalEquations', 'center', center);
    const { columnPanelBytes } = kernelsOf('NormalEquations', regressionKernels, runtime);
    const [gram, cross] = [columnPanelBytes(memorySize, memorySize), columnPanelBytes(memorySize, valueSize)];
    // A factor as large as WᵀW comes with every solution.
    expectFits('NormalEquations', 2 * gram + 2 * cross);
    expectDimensions('NormalEquations', 'the values', [memorySize, valueSize]);
    const made: Tensor[] = [];
    const zeros = (...shape: number[]): Tensor => made[made.push(runtime.zeros(shape)) - 1] as Tensor;
    try {
      this.#gram = zeros(gram / 4);
      this.#cross = zeros(cross / 4);
      this.#values = zeros(memorySize, valueSize);
      this.#deviations = zeros(memorySize, valueSize);
      this.#targets = new CenteredTargets(runtime, memorySize, valueSize);
    } catch (error) {
      for (const tensor of made) tensor.dispose();
      throw error;
    }
    this.#center = center;
  }

  /** Frees the equations and the values of their solutions at once. Otherwise they are freed by garbage collection. */
  dispose(): void {
    for (const tensor of [this.#gram, this.#cross, this.#values, this.#deviations, this.#targets.mean])
      tensor.dispose();
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  /** Removes all rows. */
  reset(): void {
    this.#expectAlive('NormalEquations.reset');
    for (const { pointer, size } of [this.#gram, this.#cross]) this.runtime.arena.zero(pointer, size);
    this.#targets.reset();
    this.#squares = 0;
    this.#solution = undefined;
  }

  /**
   * Adds rows.
   *
   * @param weights Weights W, [B, M].
   * @param targets Targets X, [B, n].
   * @throws {RangeError} The shapes do not fit.
   */
  add(weights: Tensor, targets: Tensor): void {
    const rows = this.#expectRows('NormalEquations.add', weights, targets);
    this.#solution = undefined;
    if (rows === 0) return;
    this.#targets.setMean(weights, targets);
    const { kernels, arena } = this.runtime;
    const { memorySize: m, valueSize: n } = this;
    const mark = arena.mark();
    const most = kernels.gramRows();
    const panels = this.runtime.allocate(kernels.columnPanelBytes(most, m) / 4);
    const exact = n <= FEW_COLUMNS || this.#isSmall(rows);
    const product = this.runtime.allocate(exact ? kernels.columnPanelBytes(most, 4) / 4 : m * n);
    this.#targets.eachBlock(weights, targets, (w, centered, count) => {
      this.#squares += kernels.sumSquares(centered, count * n);
      for (let row = 0; row < count; row += most) {
        const depth = Math.min(most, count - row);
        const [from, x] = [w + 4 * row * m, centered + 4 * row * n];
        kernels.widenRows(panels, from, depth, m, 0, Math.ceil(m / 4));
        kernels.addGram(this.#gram.pointer, panels, depth, m, 0, Math.ceil(m / 4));
        if (exact) kernels.addCross(this.#cross.pointer, panels, x, product, depth, m, n, 0, Math.ceil(n / 4));
      }
      if (exact) return;
      kernels.matmul(product, w, centered, arena.scratch, m, n, count, TRANSPOSE_A);
      kernels.addToCross(this.#cross.pointer, product, m, n);
    });
    arena.reset(mark);
  }

  /**
   * Solves for the values that fit best. Where WᵀW + λI is not positive definite in float64, λ is raised tenfold until
   * it is.
   *
   * @param ridge Ridge λ, non-negative.
   * @returns The values, the loss, the λ used and the condition.
   * @throws {RangeError} `ridge` is negative or not finite, or a weight is not finite.
   */
  solve(ridge: number): RidgeSolution {
    expectNumber('NormalEquations.solve', 'ridge', ridge, 0);
    this.#expectAlive('NormalEquations.solve');
    const { runtime, memorySize: m, valueSize: n } = this;
    const { kernels, arena } = runtime;
    const [values, deviations] = [this.#values, this.#deviations.pointer];
    const mark = arena.mark();
    const factor = runtime.allocate(this.#gram.size);
    const work = runtime.allocate(8 * (m + 3) * (runtime.threads?.count ?? 1));
    const panels = Math.ceil(n / 4);
    const parts = runtime.allocate(4 * panels);
    const norm = kernels.symmetricNorm(this.#gram.pointer, work, m);
    if (!Number.isFinite(norm)) fail('NormalEquations.solve', 'the weights', 'be finite', norm);
    const tolerance = m * EPSILON * norm;
    let used = ridge;
    while (kernels.cholesky(factor, this.#gram.pointer, m, used, tolerance) !== 0) {
      used = Math.max(used * RAISE, tolerance * RAISE, Number.MIN_VALUE * 2 ** 60);
    }
    const right = this.#center ? this.#cross.pointer : this.#targets.penalised(this.#cross, used);
    kernels.choleskySolve(deviations, parts, factor, right, work, m, n, 0, panels);
    const explained = kernels.sumExplained(parts, panels);
    const condition = (norm + used) * kernels.inverseNorm(factor, work, m);
    arena.reset(mark);
    kernels.addBias(values.pointer, deviations, this.#targets.mean.pointer, m, n);
    runtime.changed(values);
    const penalty =
      kernels.sumSquares(deviations, m * n) + (this.#center ? 0 : 2 * this.#targets.alongMean(deviations));
    const loss = Math.max(0, this.#squares - explained - used * penalty) / 2;
    this.#solution = { values, loss, ridge: used, condition };
    return this.#solution;
  }

  /**
   * Computes the loss ½‖X − WV‖² of the last solution as an op, with a gradient to `weights` while V is held fixed.
   *
   * The gradient (WV − X)Vᵀ is that of the rows given; the value is that of all rows added, which the solution has
   * already. With `center` and more targets than weights, large batches take fewer operations as W(VVᵀ) − XVᵀ.
   *
   * @param weights Weights W, [B, M].
   * @param targets Targets X, [B, n].
   * @returns The loss, [1].
   * @throws {RangeError} The shapes do not fit, or the equations have no solution yet.
   */
  loss(weights: Tensor, targets: Tensor): Tensor {
    const rows = this.#expectRows('NormalEquations.loss', weights, targets);
    const solution = this.#solution;
    if (solution === undefined) return fail('NormalEquations.loss', 'the equations', 'be solved first', 'no solution');
    const { runtime } = this;
    runtime.expectStep('NormalEquations.loss');
    const y = runtime.tensor([solution.loss]);
    const expanded = this.#center && this.valueSize > this.memorySize && !this.#isSmall(rows);
    const backward = () => {
      const [dw, dy] = [runtime.gradient(weights), runtime.arena.readOne(y.gradPointer)];
      if (expanded) this.#addExpandedGradient(dw, dy, weights, targets);
      else this.#addResidualGradient(dw, dy, weights, targets);
    };
    const read = [weights, targets, solution.values, this.#targets.mean];
    runtime.record('NormalEquations.loss', [weights], [y], backward, read);
    return y;
  }

  /** dW += W·(dy·DDᵀ) + Z·(−dy·D)ᵀ, of deviations D and centred targets Z. */
  #addExpandedGradient(dw: number, dy: number, weights: Tensor, targets: Tensor): void {
    const { runtime, memorySize: m, valueSize: n } = this;
    const { kernels, arena } = runtime;
    const mark = arena.mark();
    const [scaled, square] = [runtime.allocate(m * n), runtime.allocate(m * m)];
    kernels.scale(scaled, this.#deviations.pointer, m * n, -dy);
    kernels.matmul(square, this.#deviations.pointer, scaled, arena.scratch, m, m, n, TRANSPOSE_B);
    kernels.scale(square, square, m * m, -1);
    this.#targets.eachBlock(weights, targets, (w, centered, count, row) => {
      const to = dw + 4 * row * m;
      kernels.matmul(to, w, square, arena.scratch, count, m, m, ACCUMULATE);
      kernels.matmul(to, centered, scaled, arena.scratch, count, m, n, TRANSPOSE_B | ACCUMULATE);
    });
    arena.reset(mark);
  }

  /** dW += (Z − WD)·(−dy·V)ᵀ, with `center` D in place of V: the difference is the same in a whole row. */
  #addResidualGradient(dw: number, dy: number, weights: Tensor, targets: Tensor): void {
    const { runtime, memorySize: m, valueSize: n } = this;
    const { kernels, arena } = runtime;
    const mark = arena.mark();
    const [negative, scaled] = [runtime.allocate(m * n), runtime.allocate(m * n)];
    kernels.scale(negative, this.#deviations.pointer, m * n, -1);
    kernels.scale(scaled, (this.#center ? this.#deviations : this.#values).pointer, m * n, -dy);
    this.#targets.eachBlock(weights, targets, (w, residual, count, row) => {
      kernels.matmul(residual, w, negative, arena.scratch, count, n, m, ACCUMULATE);
      kernels.matmul(dw + 4 * row * m, residual, scaled, arena.scratch, count, m, n, TRANSPOSE_B | ACCUMULATE);
    });
    arena.reset(mark);
  }

  #isSmall(rows: number): boolean {
    return rows * this.memorySize * this.valueSize <= FEW_PRODUCTS;
  }

  #expectRows(op: string, weights: Tensor, targets: Tensor): number {
    this.#expectAlive(op);
    expectShape(op, 'weights', weights, -1, this.memorySize);
    const rows = weights.dims[0] as number;
    expectShape(op, 'targets', targets, rows, this.valueSize);
    return rows;
  }

  #expectAlive(op: string): void {
    expectTensor(op, 'the equations', this.#gram, this.runtime);
  }
}
