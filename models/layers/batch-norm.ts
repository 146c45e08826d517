// Batch norm with its parameters and running statistics.
import { batchNorm } from '../../bindings/ops/batch-norm.js';
import { expectInteger } from '../../bindings/tensor/check.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** Whether a model learns from what it sees, or is used as it is. */
export interface Mode {
  /** True while it learns. */
  readonly training: boolean;
}

/**
 * PyTorch's `nn.BatchNorm1d` with its defaults (eps 1e-5, momentum 0.1): keys `weight` [C], ones at first, `bias` [C], and the
 * buffers `running_mean` [C], `running_var` [C], ones at first, and `num_batches_tracked` [].
 */
export class BatchNorm1d {
  readonly #weight: Tensor;
  readonly #bias: Tensor;
  readonly #runningMean: Tensor;
  readonly #runningVar: Tensor;
  readonly #batches: Tensor;

  constructor(parameters: ParameterScope, features: number) {
    expectInteger('BatchNorm1d', 'features', features, 1);
    const ones = new Float32Array(features).fill(1);
    this.#weight = parameters.create('weight', [features]).set(ones);
    this.#bias = parameters.create('bias', [features]);
    this.#runningMean = parameters.createBuffer('running_mean', [features]);
    this.#runningVar = parameters.createBuffer('running_var', [features]).set(ones);
    this.#batches = parameters.createBuffer('num_batches_tracked', []);
  }

  /** `x: [B, C] → [B, C]`; in training by the batch's own statistics, which need at least two rows. */
  forward(x: Tensor, { training }: Mode): Tensor {
    const y = batchNorm(x, this.#weight, this.#bias, this.#runningMean, this.#runningVar, { training });
    if (training) this.#batches.set([this.#batches.item() + 1]);
    return y;
  }
}
