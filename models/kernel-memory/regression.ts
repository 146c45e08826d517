// The ridge regression of targets on attention weights, on all rows or batch by batch.
import { mseLoss } from '../../bindings/ops/loss.js';
import { NormalEquations, type RidgeSolution } from '../../bindings/ops/normal-equations.js';
import { type Rows, rowsOf } from '../../bindings/tensor/rows.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** Rows read at a time for their error. */
const READ_ROWS = 1024;

/** Data of a fit and how its weights are computed. */
export interface RegressionInput {
  readonly runtime: Runtime;
  /** Queries, [N, m]. */
  readonly Q: Rows;
  /** Targets, [N, n]. */
  readonly X: Rows;
  readonly memorySize: number;
  readonly batchSize: number;
  /** Attention weights of queries, `q: [B, m] → [B, M]`. */
  weights(q: Tensor): Tensor;
}

/** Solves for the values V that minimise ½‖X − WV‖² + ½λ‖V‖², with the weights W of the current keys. */
export class Regression {
  readonly #input: RegressionInput;
  readonly #equations: NormalEquations;

  constructor(input: RegressionInput) {
    this.#input = input;
    const { runtime, X, memorySize } = input;
    this.#equations = new NormalEquations(runtime, memorySize, X.shape[1] as number, { center: true });
  }

  /** Number of elements of X. */
  get targetCount(): number {
    const [rows, columns] = this.#input.X.shape as [number, number];
    return rows * columns;
  }

  /** The values for the current keys; with `backward`, adds the gradient of the loss to that of the trained parameters. */
  solve(ridge: number, backward: boolean): RidgeSolution {
    const { runtime, Q, batchSize } = this.#input;
    const equations = this.#equations;
    equations.reset();
    const rows = Q.shape[0] as number;
    if (batchSize >= rows) {
      return runtime.step(() => {
        const [weights, targets] = this.#batch(0, rows);
        equations.add(weights, targets);
        const solution = equations.solve(ridge);
        if (backward) equations.loss(weights, targets).backward();
        return solution;
      });
    }
    this.#eachBatch((row, count) => runtime.noGrad(() => equations.add(...this.#batch(row, count))));
    const solution = runtime.step(() => equations.solve(ridge));
    if (backward) {
      this.#eachBatch((row, count) => runtime.step(() => equations.loss(...this.#batch(row, count)).backward()));
    }
    return solution;
  }

  /** Root-mean-square error of what `read` returns for all rows of Q. */
  error(read: (q: Tensor) => Tensor): number {
    const { runtime, Q, X } = this.#input;
    const rows = Q.shape[0] as number;
    let squares = 0;
    for (let row = 0; row < rows; row += READ_ROWS) {
      const count = Math.min(READ_ROWS, rows - row);
      const mean = () => mseLoss(read(rowsOf(runtime, Q, row, count)), rowsOf(runtime, X, row, count)).item();
      squares += count * runtime.noGrad(mean);
    }
    return Math.sqrt(squares / rows);
  }

  /** Frees the equations; no more can be solved. */
  dispose(): void {
    this.#equations.dispose();
  }

  #batch(row: number, count: number): readonly [weights: Tensor, targets: Tensor] {
    const { runtime, Q, X } = this.#input;
    return [this.#input.weights(rowsOf(runtime, Q, row, count)), rowsOf(runtime, X, row, count)];
  }

  #eachBatch(use: (row: number, count: number) => void): void {
    const { Q, batchSize } = this.#input;
    const rows = Q.shape[0] as number;
    for (let row = 0; row < rows; row += batchSize) use(row, Math.min(batchSize, rows - row));
  }
}
