// RMSprop, in PyTorch's form and in that of Graves 2013.

import { kernelsOf, optimizerKernels } from '../engine/families.js';
import { expectBoolean, expectNumber, expectOptions, type OptionKeys } from '../tensor/check.js';
import type { Flat } from '../tensor/flat.js';
import type { Parameters } from '../tensor/parameters.js';
import { expectDecayRate, MIN_EPS, Optimizer } from './optimizer.js';

/** Options of RMSprop. */
export interface RMSpropOptions {
  /** Learning rate, ≥ 0. Default 1e-2. */
  lr?: number;
  /** Decay rate of the running averages, in [0, 1). Default 0.99. */
  alpha?: number;
  /** Term added to the denominator for numerical stability, ≥ 1e-30. Default 1e-8. */
  eps?: number;
  /** L2 penalty, ≥ 0. Default 0. */
  weightDecay?: number;
  /** Momentum factor, ≥ 0. Default 0. */
  momentum?: number;
  /** Divide by the gradient's standard deviation instead of its root mean square. Default false. */
  centered?: boolean;
  /** Add `eps` inside the square root (Graves 2013, eq. 40) instead of outside (PyTorch). Default false. */
  epsInsideRoot?: boolean;
}

const OPTIONS: OptionKeys<RMSpropOptions> = {
  lr: true,
  alpha: true,
  eps: true,
  weightDecay: true,
  momentum: true,
  centered: true,
  epsInsideRoot: true,
};

/**
 * RMSprop, as `torch.optim.RMSprop`: g += weightDecay·p; s and a are running averages of g² and g;
 * b = momentum·b + g / (sqrt(s - a²) + eps), where a = 0 unless `centered`; p -= lr·b.
 *
 * @example
 * ```ts
 * import { load, mul, Parameters, RMSprop, sum } from 'tapehead';
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * const x = parameters.create('x', [2]).set([3, -4]);
 * const optimizer = new RMSprop(parameters, { lr: 0.01, momentum: 0.9 });
 * for (let update = 0; update < 500; update++) {
 *   runtime.step(() => sum(mul(x, x)).backward());
 *   optimizer.step();
 *   optimizer.zeroGrad();
 * }
 * console.log(x.toArray().every((value) => Math.abs(value) < 0.1)); // → true
 * ```
 *
 * @see Graves 2013, eq. 38 to 41, for `centered` with `epsInsideRoot`.
 */
export class RMSprop extends Optimizer {
  readonly #options: Required<Omit<RMSpropOptions, 'lr' | 'centered'>>;

  /**
   * Creates the optimizer, with one to three moment buffers for every parameter.
   *
   * @param parameters The parameters to train, all created already.
   * @param options Hyperparameters.
   * @throws {RangeError} An option is out of its range, or memory runs out.
   * @throws {TypeError} An option is unknown or of the wrong type, or `parameters` is not a Parameters object.
   */
  constructor(parameters: Parameters, options: RMSpropOptions = {}) {
    const given = expectOptions('RMSprop', options, OPTIONS);
    const { lr = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 } = given;
    const { centered = false, epsInsideRoot = false } = given;
    expectDecayRate('RMSprop', 'alpha', alpha);
    expectNumber('RMSprop', 'eps', eps, MIN_EPS);
    expectNumber('RMSprop', 'weightDecay', weightDecay, 0);
    expectNumber('RMSprop', 'momentum', momentum, 0);
    expectBoolean('RMSprop', 'centered', centered);
    expectBoolean('RMSprop', 'epsInsideRoot', epsInsideRoot);
    super('RMSprop', parameters, lr, ['square_avg', centered && 'grad_avg', momentum > 0 && 'momentum_buffer']);
    this.#options = { alpha, eps, weightDecay, momentum, epsInsideRoot };
  }

  /** @internal */
  protected update(_step: number, range: Flat): void {
    const { alpha, eps, weightDecay, momentum, epsInsideRoot } = this.#options;
    kernelsOf('RMSprop.step', optimizerKernels, this.parameters.runtime).rmsprop(
      range.pointer,
      range.gradPointer,
      this.moment('square_avg'),
      this.moment('grad_avg'),
      this.moment('momentum_buffer'),
      range.length,
      this.learningRate,
      alpha,
      eps,
      weightDecay,
      momentum,
      epsInsideRoot,
    );
  }
}
