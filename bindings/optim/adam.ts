// Adam and AdamW.

import { expectBoolean, expectNumber, expectOptions, failType, isArray, type OptionKeys } from '../tensor/check.js';
import type { Flat } from '../tensor/flat.js';
import type { Parameters } from '../tensor/parameters.js';
import { expectDecayRate, MIN_EPS, Optimizer } from './optimizer.js';

/** Options of Adam and AdamW. */
export interface AdamOptions {
  /** Learning rate, ≥ 0. Default 1e-3. */
  lr?: number;
  /** Decay rates of the running averages of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Term added to the denominator for numerical stability, ≥ 1e-30. Default 1e-8. */
  eps?: number;
  /** Weight decay, ≥ 0: an L2 penalty in Adam, decoupled in AdamW. Default 0 in Adam, 1e-2 in AdamW. */
  weightDecay?: number;
  /** Use AMSGrad: divide by the maximum so far of the second moment. Default false. */
  amsgrad?: boolean;
}

const OPTIONS: OptionKeys<AdamOptions> = { lr: true, betas: true, eps: true, weightDecay: true, amsgrad: true };

/** Adam and AdamW, which differ in weight decay only. */
abstract class AdaptiveMoments extends Optimizer {
  readonly #options: Required<Omit<AdamOptions, 'lr' | 'amsgrad'>>;
  readonly #decoupled: boolean;

  constructor(op: string, parameters: Parameters, options: AdamOptions, defaultDecay: number, decoupled: boolean) {
    const given = expectOptions(op, options, OPTIONS);
    const { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = defaultDecay, amsgrad = false } = given;
    if (!isArray(betas) || betas.length !== 2) failType(op, 'betas', 'be two numbers', betas);
    for (const i of [0, 1] as const) expectDecayRate(op, `betas[${i}]`, betas[i]);
    expectNumber(op, 'eps', eps, MIN_EPS);
    expectNumber(op, 'weightDecay', weightDecay, 0);
    expectBoolean(op, 'amsgrad', amsgrad);
    super(op, parameters, lr, ['exp_avg', 'exp_avg_sq', amsgrad && 'max_exp_avg_sq']);
    this.#options = { betas: [betas[0], betas[1]], eps, weightDecay };
    this.#decoupled = decoupled;
  }

  /** @internal */
  protected update(step: number, range: Flat): void {
    const { betas, eps, weightDecay } = this.#options;
    this.parameters.runtime.kernels.adam(
      range.pointer,
      range.gradPointer,
      this.moment('exp_avg'),
      this.moment('exp_avg_sq'),
      this.moment('max_exp_avg_sq'),
      range.length,
      this.learningRate,
      ...betas,
      eps,
      weightDecay,
      this.#decoupled,
      1 - power(betas[0], step),
      1 - power(betas[1], step),
    );
  }
}

/**
 * Adam with optional AMSGrad, as `torch.optim.Adam`: g += weightDecay·p; m and v are running averages of g and g²;
 * p -= lr·m̂ / (sqrt(v̂) + eps) with the bias-corrected m̂ and v̂.
 *
 * @example
 * ```ts
 * import { Adam, load, mul, Parameters, sum } from 'tapehead';
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * const x = parameters.create('x', [2]).set([3, -4]);
 * const optimizer = new Adam(parameters, { lr: 0.1 });
 * for (let update = 0; update < 500; update++) {
 *   runtime.step(() => sum(mul(x, x)).backward());
 *   optimizer.step();
 *   optimizer.zeroGrad();
 * }
 * console.log(x.toArray().every((value) => Math.abs(value) < 1e-3)); // → true
 * ```
 *
 * @see Kingma & Ba 2015, algorithm 1; AMSGrad: Reddi et al. 2018, algorithm 2.
 */
export class Adam extends AdaptiveMoments {
  /**
   * Creates the optimizer, with two moment buffers for every parameter, or three with `amsgrad`.
   *
   * @param parameters The parameters to train, all created already.
   * @param options Hyperparameters.
   * @throws {RangeError} An option is out of its range, or memory runs out.
   * @throws {TypeError} An option is unknown or of the wrong type, or `parameters` is not a Parameters object.
   */
  constructor(parameters: Parameters, options: AdamOptions = {}) {
    super('Adam', parameters, options, 0, false);
  }
}

/**
 * Adam with decoupled weight decay, as `torch.optim.AdamW`: p *= 1 - lr·weightDecay, then Adam's update without an L2
 * penalty.
 *
 * @example
 * ```ts
 * import { AdamW, load, mul, Parameters, sum } from 'tapehead';
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * const x = parameters.create('x', [2]).set([3, -4]);
 * const optimizer = new AdamW(parameters, { lr: 0.1, weightDecay: 0.05 });
 * for (let update = 0; update < 500; update++) {
 *   runtime.step(() => sum(mul(x, x)).backward());
 *   optimizer.step();
 *   optimizer.zeroGrad();
 * }
 * console.log(x.toArray().every((value) => Math.abs(value) < 1e-3)); // → true
 * ```
 *
 * @see Loshchilov & Hutter 2019, algorithm 2.
 */
export class AdamW extends AdaptiveMoments {
  /**
   * Creates the optimizer, with two moment buffers for every parameter, or three with `amsgrad`.
   *
   * @param parameters The parameters to train, all created already.
   * @param options Hyperparameters.
   * @throws {RangeError} An option is out of its range, or memory runs out.
   * @throws {TypeError} An option is unknown or of the wrong type, or `parameters` is not a Parameters object.
   */
  constructor(parameters: Parameters, options: AdamOptions = {}) {
    super('AdamW', parameters, options, 1e-2, true);
  }
}

/** base^exponent for an integer exponent, by squaring: the last digit of `**` differs between engines. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; square *= square, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
}
