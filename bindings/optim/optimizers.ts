// Optimizers and gradient clipping: each step is one kernel call over all parameters.

import { expectNumber, fail, failType } from '../tensor/check.js';
import type { Parameters } from '../tensor/parameters.js';
import { Optimizer } from './optimizer.js';

/** Options of SGD. */
export interface SGDOptions {
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Share of the last update's direction that is kept, at least 0. Default 0. */
  momentum?: number;
  /** Share of the gradient that does not enter the momentum. Default 0. */
  dampening?: number;
  /** Weight of the L2 penalty, at least 0. Default 0. */
  weightDecay?: number;
  /** Nesterov's momentum; wants momentum above 0 and no dampening. Default false. */
  nesterov?: boolean;
}

/** Options of Adam and AdamW. */
export interface AdamOptions {
  /** Learning rate. Default 1e-3. */
  lr?: number;
  /** Decay of the averages of the gradient and of its square, each in [0, 1). Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator, at least 1e-30. Default 1e-8. */
  eps?: number;
  /**
   * Weight of the L2 penalty (Adam, default 0) or share of lr by which weights shrink (AdamW, default 0.01), at least
   * 0.
   */
  weightDecay?: number;
  /** Divide by the largest average so far. Default false. */
  amsgrad?: boolean;
}

/** Options of RMSprop. */
export interface RMSpropOptions {
  /** Learning rate. Default 1e-2. */
  lr?: number;
  /** Decay of the averages, in [0, 1). Default 0.99. */
  alpha?: number;
  /** Added to the denominator, at least 1e-30. Default 1e-8. */
  eps?: number;
  /** Weight of the L2 penalty, at least 0. Default 0. */
  weightDecay?: number;
  /** Share of the last update that is kept, at least 0. Default 0. */
  momentum?: number;
  /** Divide by the standard deviation of the gradient instead of its root mean square. Default false. */
  centered?: boolean;
  /** Add eps under the root, as Graves 2013 (eq. 40) does, and not after it, as PyTorch does. Default false. */
  epsInsideRoot?: boolean;
}

/**
 * Stochastic gradient descent, with momentum and Nesterov's momentum if wanted, as `torch.optim.SGD`:
 * d = g + weightDecay·p; b = momentum·b + (1 - dampening)·d (at the first step b = d); p -= lr·b.
 *
 * Throws a RangeError for an option out of its range.
 */
export class SGD extends Optimizer {
  readonly #options: Required<SGDOptions>;

  constructor(
    parameters: Parameters,
    { lr = 1e-3, momentum = 0, dampening = 0, weightDecay = 0, nesterov = false }: SGDOptions = {},
  ) {
    expectNumber('SGD', 'momentum', momentum, 0);
    expectNumber('SGD', 'dampening', dampening);
    expectNumber('SGD', 'weightDecay', weightDecay, 0);
    if (nesterov && momentum === 0) fail('SGD', 'momentum', 'be above 0 with nesterov', momentum);
    if (nesterov && dampening !== 0) fail('SGD', 'dampening', 'be 0 with nesterov', dampening);
    super('SGD', parameters, lr, [momentum > 0 && 'momentum_buffer']);
    this.#options = { lr, momentum, dampening, weightDecay, nesterov };
  }

  protected update(step: number): void {
    const { pointer, gradPointer, length } = this.flat;
    const { momentum, dampening, weightDecay, nesterov } = this.#options;
    const buffer = this.moment('momentum_buffer');
    const damping = step === 1 ? 0 : dampening;
    const { kernels } = this.parameters.runtime;
    kernels.sgd(pointer, gradPointer, buffer, length, this.learningRate, momentum, damping, weightDecay, nesterov);
  }
}

/** Adam and AdamW, which differ in how they decay weights. */
abstract class AdaptiveMoments extends Optimizer {
  readonly #options: Required<AdamOptions>;
  readonly #decoupled: boolean;

  constructor(op: string, parameters: Parameters, options: Required<AdamOptions>, decoupled: boolean) {
    const { lr, betas, eps, weightDecay, amsgrad } = options;
    if (!Array.isArray(betas) || betas.length !== 2) failType(op, 'betas', 'be two numbers', betas);
    for (const beta of betas) expectDecay(op, 'betas', beta);
    expectNumber(op, 'eps', eps, SMALLEST_EPS);
    expectNumber(op, 'weightDecay', weightDecay, 0);
    super(op, parameters, lr, ['exp_avg', 'exp_avg_sq', amsgrad && 'max_exp_avg_sq']);
    this.#options = options;
    this.#decoupled = decoupled;
  }

  protected update(step: number): void {
    const { betas, eps, weightDecay } = this.#options;
    this.parameters.runtime.kernels.adam(
      this.flat.pointer,
      this.flat.gradPointer,
      this.moment('exp_avg'),
      this.moment('exp_avg_sq'),
      this.moment('max_exp_avg_sq'),
      this.flat.length,
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
 * Adam (Kingma & Ba 2015), with AMSGrad (Reddi et al. 2018) if wanted, as `torch.optim.Adam`: g += weightDecay·p; m and
 * v average g and g²; p -= lr·m̂ / (sqrt(v̂) + eps), m̂ and v̂ corrected for their start at 0.
 *
 * Throws a RangeError for an option out of its range, a TypeError where `betas` are not two numbers.
 */
export class Adam extends AdaptiveMoments {
  constructor(
    parameters: Parameters,
    { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 0, amsgrad = false }: AdamOptions = {},
  ) {
    super('Adam', parameters, { lr, betas, eps, weightDecay, amsgrad }, false);
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019), as `torch.optim.AdamW`: p *= 1 - lr·weightDecay, then as
 * Adam without a penalty.
 *
 * Throws a RangeError for an option out of its range, a TypeError where `betas` are not two numbers.
 */
export class AdamW extends AdaptiveMoments {
  constructor(
    parameters: Parameters,
    { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8, weightDecay = 1e-2, amsgrad = false }: AdamOptions = {},
  ) {
    super('AdamW', parameters, { lr, betas, eps, weightDecay, amsgrad }, true);
  }
}

/**
 * RMSprop, as `torch.optim.RMSprop`, or with `centered` and `epsInsideRoot` as in Graves 2013 (eqs. 38–41): g +=
 * weightDecay·p; s and a average g² and g; b = momentum·b + g / (sqrt(s - a²) + eps), a = 0 unless centered; p -= lr·b.
 *
 * Throws a RangeError for an option out of its range.
 */
export class RMSprop extends Optimizer {
  readonly #options: Required<RMSpropOptions>;

  constructor(parameters: Parameters, options: RMSpropOptions = {}) {
    const { lr = 1e-2, alpha = 0.99, eps = 1e-8, weightDecay = 0, momentum = 0 } = options;
    const { centered = false, epsInsideRoot = false } = options;
    expectDecay('RMSprop', 'alpha', alpha);
    expectNumber('RMSprop', 'eps', eps, SMALLEST_EPS);
    expectNumber('RMSprop', 'weightDecay', weightDecay, 0);
    expectNumber('RMSprop', 'momentum', momentum, 0);
    super('RMSprop', parameters, lr, ['square_avg', centered && 'grad_avg', momentum > 0 && 'momentum_buffer']);
    this.#options = { lr, alpha, eps, weightDecay, momentum, centered, epsInsideRoot };
  }

  protected update(): void {
    const { alpha, eps, weightDecay, momentum, epsInsideRoot } = this.#options;
    this.parameters.runtime.kernels.rmsprop(
      this.flat.pointer,
      this.flat.gradPointer,
      this.moment('square_avg'),
      this.moment('grad_avg'),
      this.moment('momentum_buffer'),
      this.flat.length,
      this.learningRate,
      alpha,
      eps,
      weightDecay,
      momentum,
      epsInsideRoot,
    );
  }
}

/**
 * Scales all gradients by maxNorm / (norm + 1e-6) where that is below 1, norm being the L2 norm of them all. Returns
 * norm. As in PyTorch, a norm that is not finite makes them all useless: look at it. `maxNorm` is at least 0.
 */
export function clipGradNorm(parameters: Parameters, maxNorm: number): number {
  expectNumber('clipGradNorm', 'maxNorm', maxNorm, 0);
  const { gradPointer, length } = parameters.flat();
  return parameters.runtime.kernels.clipGradNorm(gradPointer, length, maxNorm);
}

/** Limits every gradient to [-clipValue, clipValue]; `clipValue` is at least 0. */
export function clipGradValue(parameters: Parameters, clipValue: number): void {
  expectNumber('clipGradValue', 'clipValue', clipValue, 0);
  const { gradPointer, length } = parameters.flat();
  parameters.runtime.kernels.clamp(gradPointer, gradPointer, length, -clipValue, clipValue);
}

/** Keeps the denominator above 0 in float32 where no gradient has come yet, as in the gaps of the flat buffers. */
const SMALLEST_EPS = 1e-30;

/** The decay of an average: a number in [0, 1). */
function expectDecay(op: string, argument: string, value: number): void {
  if (!(value >= 0 && value < 1)) fail(op, argument, 'be in [0, 1)', value);
}

/** base^exponent for a whole exponent, by squaring: `**` may differ in its last digit from engine to engine. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; square *= square, rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result *= square;
  }
  return result;
}
