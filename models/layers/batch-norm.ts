// Batch normalisation with its parameters and running statistics.
import { batchNorm } from '../../bindings/ops/batch-norm.js';
import { expectBoolean, expectOptions, type OptionKeys } from '../../bindings/tensor/check.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { expectInput, expectParameters, expectSizes, failShape, type Layout } from './check-model.js';

/** Training or evaluation mode. */
export interface Mode {
  /** Training mode if true, evaluation mode if false. */
  readonly training: boolean;
}

const MODE: OptionKeys<Mode> = { training: true };
const ROWS: Layout = { dims: ['B', 'features'], axis: 1, unit: 'columns (features)' };

/**
 * Batch normalisation of the columns of a matrix, as PyTorch's `nn.BatchNorm1d` with its defaults (eps 1e-5, momentum 0.1).
 *
 * State: the parameters `weight` [C], ones, and `bias` [C], zeros; the buffers `running_mean` [C], zeros, `running_var` [C], ones, and
 * `num_batches_tracked` []. Source: Ioffe and Szegedy 2015.
 *
 * @example
 * ```ts
 * import { BatchNorm1d, load, Parameters } from 'tapehead';
 *
 * const runtime = await load();
 * const norm = new BatchNorm1d(new Parameters(runtime), 2);
 * const y = runtime.noGrad(() => {
 *   const x = runtime.tensor([1, 10, 3, 30], [2, 2]);
 *   return norm.forward(x, { training: true }).toArray();
 * });
 * console.log(y.map(Math.round)); // → Float32Array(4) [ -1, -1, 1, 1 ]
 * ```
 */
export class BatchNorm1d {
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #runningMean: Tensor;
  readonly #runningVar: Tensor;
  readonly #batches: Tensor;

  /**
   * Creates weight, bias and running statistics.
   *
   * @param parameters Parameters object, or a scope of one, in which the layer creates its tensors.
   * @param features Number of columns C, at least 1.
   * @throws {RangeError} `features` is not an integer in [1, 2^30].
   * @throws {TypeError} `parameters` is missing or of another kind.
   */
  constructor(parameters: ParameterScope, features: number) {
    expectParameters('BatchNorm1d', 'parameters', parameters);
    expectSizes('BatchNorm1d', { features });
    this.#weight = parameters.create('weight', [features]);
    this.#bias = parameters.create('bias', [features]);
    this.#runningMean = parameters.createBuffer('running_mean', [features]);
    this.#runningVar = parameters.createBuffer('running_var', [features]);
    this.#batches = parameters.createBuffer('num_batches_tracked', []);
    const ones = new Float32Array(features).fill(1);
    this.#weight.set(ones);
    this.#runningVar.set(ones);
  }

  /**
   * Normalises the columns of `x`: in training by the statistics of the batch, which also move the running ones; in evaluation by the
   * running ones.
   *
   * @param x Rows, [B, C]; at least two in training.
   * @param options Training or evaluation mode.
   * @returns Normalised rows, [B, C].
   * @throws {RangeError} `x` has another shape, too few rows to train on, or belongs to another runtime.
   * @throws {TypeError} `options` is not `{ training }` with a boolean.
   */
  forward(x: Tensor, options: Mode): Tensor {
    const op = 'BatchNorm1d.forward';
    const training = expectMode(op, options);
    expectInput(op, 'x', x, this.#weight.runtime, ROWS, this.#weight.size);
    if (training && (x.shape[0] as number) < 2) failShape(op, 'x', 'have at least 2 rows in training', x.shape);
    const y = batchNorm(x, this.#weight, this.#bias, this.#runningMean, this.#runningVar, { training });
    if (training) this.#batches.set([this.#batches.item() + 1]);
    return y;
  }
}

/** Returns `training` of `options`, which must hold a boolean of that name and nothing else. */
export function expectMode(op: string, options: Mode): boolean {
  const { training } = expectOptions(op, options, MODE);
  expectBoolean(op, 'training', training);
  return training;
}
