// Stochastic gradient descent.

import { kernelsOf, optimizerKernels } from '../engine/families.js';
import { expectBoolean, expectNumber, expectOptions, fail, type OptionKeys } from '../tensor/check.js';
import type { Flat } from '../tensor/flat.js';
import type { Parameters } from '../tensor/parameters.js';
import { Optimizer } from './optimizer.js';

/** Options of SGD. */
export interface SGDOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** Momentum factor, ≥ 0. Default 0. */
  momentum?: number;
  /** Dampening for momentum. Default 0. */
  dampening?: number;
  /** L2 penalty, ≥ 0. Default 0. */
  weightDecay?: number;
  /** Use Nesterov momentum, which requires `momentum` > 0 and no dampening. Default false. */
  nesterov?: boolean;
}

const OPTIONS: OptionKeys<SGDOptions> = {
  lr: true,
  momentum: true,
  dampening: true,
  weightDecay: true,
  nesterov: true,
};

/**
 * Stochastic gradient descent with optional momentum and Nesterov momentum, as `torch.optim.SGD`:
 * d = g + weightDecay·p; b = momentum·b + (1 - dampening)·d (b = d at the first step); p -= lr·b, or with Nesterov
 * momentum p -= lr·(d + momentum·b).
 *
 * @example
 * ```ts
 * import { load, mul, Parameters, SGD, sum } from 'tapehead';
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * const x = parameters.create('x', [2]).set([3, -4]);
 * const optimizer = new SGD(parameters, { lr: 0.25 });
 * runtime.step(() => sum(mul(x, x)).backward());
 * optimizer.step();
 * console.log(x.toArray()); // → Float32Array(2) [ 1.5, -2 ]
 * ```
 */
export class SGD extends Optimizer {
  readonly #options: Required<Omit<SGDOptions, 'lr'>>;

  /**
   * Creates the optimizer, with a momentum buffer for every parameter if `momentum` > 0.
   *
   * @param parameters The parameters to train, all created already.
   * @param options Hyperparameters.
   * @throws {RangeError} An option is out of its range, or memory runs out.
   * @throws {TypeError} An option is unknown, or `parameters` is not a Parameters object.
   */
  constructor(parameters: Parameters, options: SGDOptions = {}) {
    const given = expectOptions('SGD', options, OPTIONS);
    const { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false } = given;
    expectNumber('SGD', 'momentum', momentum, 0);
    expectNumber('SGD', 'dampening', dampening);
    expectNumber('SGD', 'weightDecay', weightDecay, 0);
    expectBoolean('SGD', 'nesterov', nesterov);
    if (nesterov && momentum === 0) fail('SGD', 'momentum', 'be above 0 with nesterov', momentum);
    if (nesterov && dampening !== 0) fail('SGD', 'dampening', 'be 0 with nesterov', dampening);
    super('SGD', parameters, lr, [momentum > 0 && 'momentum_buffer']);
    this.#options = { momentum, dampening, weightDecay, nesterov };
  }

  /** @internal */
  protected update(step: number, range: Flat): void {
    const { pointer, gradPointer, length } = range;
    const { momentum, dampening, weightDecay, nesterov } = this.#options;
    const buffer = this.moment('momentum_buffer');
    const damping = step === 1 ? 0 : dampening;
    const kernels = kernelsOf('SGD.step', optimizerKernels, this.parameters.runtime);
    kernels.sgd(pointer, gradPointer, buffer, length, this.learningRate, momentum, damping, weightDecay, nesterov);
  }
}
