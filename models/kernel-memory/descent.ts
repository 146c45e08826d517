// The iterations of a fit: values in closed form, keys by Adam, the best state kept.
import type { RidgeSolution } from '../../bindings/ops/normal-equations.js';
import { Adam } from '../../bindings/optim/adam.js';
import { expectNumber } from '../../bindings/tensor/check.js';
import type { Parameters } from '../../bindings/tensor/parameters.js';
import type { Rows } from '../../bindings/tensor/rows.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { allOrNothing } from '../layers/check-model.js';
import { BestState } from './best-state.js';
import type { CheckedFit } from './check-fit.js';
import { setInitialKeys } from './initial-keys.js';
import type { FitReport, FitStep } from './options.js';
import { Regression } from './regression.js';

/** The parts of a memory that a fit changes. */
interface Fitted {
  readonly runtime: Runtime;
  readonly parameters: Parameters;
  readonly keys: Tensor;
  readonly values: Tensor;
  weights(q: Tensor): Tensor;
  read(q: Tensor): Tensor;
}

/** Fits a memory to Q and X, an iteration at a time. */
export class Descent {
  readonly #memory: Fitted;
  readonly #options: CheckedFit;
  readonly #regression: Regression;
  readonly #optimizer: Adam;
  readonly #best: BestState;
  #iteration = 0;
  #largestRidge: number;
  /** Whether the Adam step of the last iteration is still to be taken. */
  #pending = false;
  #ended = false;

  constructor(memory: Fitted, Q: Rows, X: Rows, options: CheckedFit) {
    const { runtime, parameters, keys } = memory;
    const { random, initialKeys, batchSize, ridge } = options;
    const weights = (q: Tensor) => memory.weights(q);
    this.#memory = memory;
    this.#options = options;
    this.#largestRidge = ridge;
    this.#regression = new Regression({ runtime, Q, X, memorySize: keys.shape[0] as number, batchSize, weights });
    this.#optimizer = new Adam(parameters);
    allOrNothing(random, () => setInitialKeys(keys, Q, initialKeys, random));
    this.#best = new BestState(parameters);
  }

  /** Iterations done. */
  get iteration(): number {
    return this.#iteration;
  }

  /** Solves for the values and computes the gradient of the keys, after the Adam step of the iteration before. */
  step(): FitStep {
    this.#expectRunning('step');
    this.#moveKeys();
    this.#optimizer.learningRate = this.#learningRate();
    const solution = this.#solve(true);
    this.#best.offer(solution.loss);
    this.#pending = true;
    this.#iteration++;
    return { iteration: this.#iteration, ...this.#figures(solution) };
  }

  /** Restores the best keys, solves for their values and frees the working memory. */
  finish(): FitReport {
    this.#expectRunning('finish');
    this.#moveKeys();
    let solution = this.#solve(false);
    if (this.#best.restore(solution.loss)) solution = this.#solve(false);
    // What the memory reads, in float32, is not quite what the equations say.
    const rmse = this.#regression.error((q) => this.#memory.read(q));
    this.dispose();
    const [iteration, largestRidge] = [this.#iteration, this.#largestRidge];
    return { iteration, iterations: iteration, ...this.#figures(solution), rmse, largestRidge, aborted: false };
  }

  /** Frees the moments of Adam and the equations. */
  dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#optimizer.dispose();
    this.#regression.dispose();
  }

  #expectRunning(method: string): void {
    if (this.#ended) throw new ReferenceError(`KernelMemoryFit.${method}: the fit has ended`);
  }

  #learningRate(): number {
    const { op, learningRate } = this.#options;
    if (typeof learningRate === 'number') return learningRate;
    const rate = learningRate(this.#iteration);
    expectNumber(op, `learningRate(${this.#iteration})`, rate, 0);
    return rate;
  }

  #moveKeys(): void {
    if (!this.#pending) return;
    this.#pending = false;
    this.#optimizer.step();
    this.#optimizer.zeroGrad();
  }

  #solve(backward: boolean): RidgeSolution {
    const solution = this.#regression.solve(this.#options.ridge, backward);
    this.#largestRidge = Math.max(this.#largestRidge, solution.ridge);
    this.#memory.values.set(solution.values.toArray());
    return solution;
  }

  #figures({ loss, ridge, condition }: RidgeSolution) {
    return { rmse: Math.sqrt((2 * loss) / this.#regression.targetCount), ridge, condition };
  }
}
