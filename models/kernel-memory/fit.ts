// How a kernel memory is fitted: values in closed form, keys by Adam, the best state kept.
import { mul } from '../../bindings/ops/elementwise.js';
import { NormalEquations, type RidgeSolution } from '../../bindings/ops/normal-equations.js';
import { sum } from '../../bindings/ops/reduce.js';
import { Adam } from '../../bindings/optim/adam.js';
import { expectInteger, expectNumber, fail, failType } from '../../bindings/tensor/check.js';
import type { Parameters } from '../../bindings/tensor/parameters.js';
import { expectRows, type Rows, rowsOf } from '../../bindings/tensor/rows.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import type { FitOptions, FitReport, KernelMemoryOptions } from './options.js';

/** What a fit needs to know of a memory. */
interface Fittable {
  readonly runtime: Runtime;
  readonly parameters: Parameters;
  readonly keys: Tensor;
  readonly values: Tensor;
  report: FitReport | undefined;
  weights(q: Tensor): Tensor;
}

/** The event loop gets a turn this often, so that signals and pages are not kept waiting. */
const BREATH_EVERY_MS = 50;

/** So small that at first every query looks everywhere alike, and keys part as they are needed. */
const INITIAL_STD = 0.01;

/** See KernelMemory.fit; `make` makes the empty memory. */
export async function fitMemory<Memory extends Fittable>(
  Q: Rows,
  X: Rows,
  options: FitOptions,
  make: (sizes: KernelMemoryOptions) => Memory,
): Promise<Memory> {
  const sizes = expectArguments(Q, X, options);
  options.signal?.throwIfAborted();
  const memory = make({ ...options, ...sizes });
  setInitialKeys(memory, Q, options);
  const regression = new Regression(memory, Q, X, options.batchSize ?? sizes.rows);
  memory.report = await descend(memory, regression, options);
  return memory;
}

/** The iterations. Leaves the best keys found in the memory, with the values for them. */
async function descend(memory: Fittable, regression: Regression, options: FitOptions): Promise<FitReport> {
  const { iterations = 1000, learningRate = 5e-4, ridge = 1e-6, onProgress, signal } = options;
  const optimizer = new Adam(memory.parameters);
  const trained = () => [...memory.parameters.entries()].map(([, tensor]) => tensor);
  const snapshot = () => trained().map((tensor) => tensor.toArray());
  let best = { loss: Infinity, state: snapshot() };
  let breath = performance.now();
  let iteration = 0;
  let largestRidge = ridge;
  while (iteration < iterations && !signal?.aborted) {
    const state = snapshot();
    const solution = regression.solve(ridge, true);
    largestRidge = Math.max(largestRidge, solution.ridge);
    if (solution.loss < best.loss) best = { loss: solution.loss, state };
    optimizer.learningRate = typeof learningRate === 'number' ? learningRate : learningRate(iteration);
    optimizer.step();
    optimizer.zeroGrad();
    iteration++;
    await onProgress?.({ iteration, iterations, ...regression.figures(solution) });
    if (performance.now() - breath >= BREATH_EVERY_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      breath = performance.now();
    }
  }
  let solution = regression.solve(ridge, false);
  if (!(solution.loss <= best.loss)) {
    for (const [i, tensor] of trained().entries()) tensor.set(best.state[i] as Float32Array);
    solution = regression.solve(ridge, false);
  }
  memory.values.set(solution.values.toArray());
  largestRidge = Math.max(largestRidge, solution.ridge);
  return { iteration, iterations, ...regression.figures(solution), largestRidge, aborted: signal?.aborted ?? false };
}

/** The ridge regression of X on where the rows of Q look, and what it leaves over. */
class Regression {
  readonly #equations: NormalEquations;

  constructor(
    readonly memory: Fittable,
    readonly Q: Rows,
    readonly X: Rows,
    readonly batchSize: number,
  ) {
    const { runtime, keys, values } = memory;
    let targetSquares = 0;
    this.#eachBatch((row, count) => {
      targetSquares += runtime.noGrad(() => {
        const targets = rowsOf(runtime, X, row, count);
        return sum(mul(targets, targets)).item();
      });
    });
    const [memorySize, valueSize] = [keys.shape[0] as number, values.shape[1] as number];
    this.#equations = new NormalEquations(runtime, memorySize, valueSize, { targetSquares });
  }

  /** The best values for the keys as they are; with `backward`, adds the gradient of the loss to the trained parameters'. */
  solve(ridge: number, backward: boolean): RidgeSolution {
    const { runtime } = this.memory;
    const equations = this.#equations;
    equations.reset();
    const rows = this.Q.shape[0] as number;
    if (this.batchSize >= rows) {
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

  figures({ loss, ridge, condition }: RidgeSolution) {
    const [rows, columns] = this.X.shape as [number, number];
    return { rmse: Math.sqrt((2 * loss) / (rows * columns)), ridge, condition };
  }

  #batch(row: number, count: number) {
    const { memory } = this;
    const weights = memory.weights(rowsOf(memory.runtime, this.Q, row, count));
    return [weights, rowsOf(memory.runtime, this.X, row, count)] as const;
  }

  #eachBatch(use: (row: number, count: number) => void): void {
    const rows = this.Q.shape[0] as number;
    for (let row = 0; row < rows; row += this.batchSize) use(row, Math.min(this.batchSize, rows - row));
  }
}

/** Everything that can be wrong, before any work. */
function expectArguments(Q: Rows, X: Rows, options: FitOptions) {
  const { memorySize, iterations = 1000, learningRate = 5e-4, ridge = 1e-6, batchSize = 1, initialKeys } = options;
  const keys = expectRows('fit', 'Q', Q);
  const values = expectRows('fit', 'X', X);
  if (keys.count !== values.count) fail('fit', 'X', `have as many rows as Q (${keys.count})`, values.count);
  expectInteger('fit', 'memorySize', memorySize, 1);
  if (memorySize > keys.count) fail('fit', 'memorySize', `be at most the number of rows (${keys.count})`, memorySize);
  expectInteger('fit', 'iterations', iterations, 0);
  expectNumber('fit', 'ridge', ridge, 0);
  expectInteger('fit', 'batchSize', batchSize, 1);
  if (typeof learningRate !== 'function') expectNumber('fit', 'learningRate', learningRate, 0);
  if (options.random === undefined) failType('fit', 'random', 'be a Random', options.random);
  if (initialKeys instanceof Float32Array) {
    expectRows('fit', 'initialKeys', { shape: [memorySize, keys.columns], data: initialKeys });
  } else if (!['random', 'rows', undefined].includes(initialKeys)) {
    fail('fit', 'initialKeys', 'be random, rows or a Float32Array', initialKeys);
  }
  return { rows: keys.count, keySize: keys.columns, valueSize: values.columns };
}

function setInitialKeys(memory: Fittable, Q: Rows, { initialKeys = 'random', random }: FitOptions): void {
  const { runtime, keys } = memory;
  const [memorySize, keySize] = keys.shape as [number, number];
  if (initialKeys instanceof Float32Array) keys.set(initialKeys);
  else if (initialKeys === 'random') random.fillNormal(keys, 0, INITIAL_STD);
  else {
    const picked = new Float32Array(keys.size);
    for (const [i, row] of random
      .permutation(Q.shape[0] as number)
      .subarray(0, memorySize)
      .entries()) {
      picked.set(
        runtime.step(() => rowsOf(runtime, Q, row, 1).toArray()),
        i * keySize,
      );
    }
    keys.set(picked);
  }
}
