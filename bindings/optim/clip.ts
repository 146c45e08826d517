// Gradient clipping, over the gradients of all parameters that are not frozen.

import { expectBoolean, expectNumber, expectOptions, type OptionKeys } from '../tensor/check.js';
import type { Parameters } from '../tensor/parameters.js';
import { expectParameters } from './optimizer.js';

/** Options of clipGradNorm. */
export interface ClipGradNormOptions {
  /** Throw a RangeError if the norm is NaN or infinite, leaving the gradients unchanged. Default false. */
  errorIfNonFinite?: boolean;
}

const OPTIONS: OptionKeys<ClipGradNormOptions> = { errorIfNonFinite: true };

/**
 * Clips the L2 norm of all gradients, taken as one vector, as `torch.nn.utils.clip_grad_norm_`: scales them by
 * maxNorm / (norm + 1e-6) if that is below 1. Call it between the backward pass and the optimizer's step.
 *
 * Frozen parameters are skipped. As in PyTorch, a norm that is NaN or infinite makes every gradient NaN or 0, unless
 * `errorIfNonFinite` is set.
 *
 * @param parameters The parameters whose gradients are scaled in place.
 * @param maxNorm Maximum norm: finite, ≥ 0.
 * @param options Handling of a non-finite norm.
 * @returns The norm before clipping.
 * @throws {RangeError} `maxNorm` is negative or not finite; with `errorIfNonFinite`, the norm is not finite.
 * @throws {TypeError} `parameters` is not a Parameters object.
 * @example
 * ```ts
 * import { clipGradNorm, load, mul, Parameters, sum } from 'tapehead';
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * const x = parameters.create('x', [2]).set([3, -4]);
 * runtime.step(() => sum(mul(x, x)).backward()); // x.grad is now [6, -8]
 * console.log(clipGradNorm(parameters, 1)); // → 10
 * console.log(x.grad?.[0]?.toFixed(4)); // → 0.6000
 * ```
 */
export function clipGradNorm(parameters: Parameters, maxNorm: number, options: ClipGradNormOptions = {}): number {
  expectParameters('clipGradNorm', parameters);
  expectNumber('clipGradNorm', 'maxNorm', maxNorm, 0);
  const { errorIfNonFinite = false } = expectOptions('clipGradNorm', options, OPTIONS);
  expectBoolean('clipGradNorm', 'errorIfNonFinite', errorIfNonFinite);
  const { kernels } = parameters.runtime;
  const ranges = parameters.gradients();
  const norm = Math.sqrt(ranges.reduce((sum, { start, length }) => sum + kernels.sumSquares(start, length), 0));
  if (errorIfNonFinite && !Number.isFinite(norm)) {
    throw new RangeError(`clipGradNorm: the norm of the gradients is ${norm}; the gradients are unchanged`);
  }
  const coefficient = maxNorm / (norm + 1e-6);
  // A NaN must reach every gradient, as in PyTorch: hence not `coefficient < 1`.
  if (!(coefficient >= 1)) for (const { start, length } of ranges) kernels.scale(start, start, length, coefficient);
  return norm;
}

/**
 * Clamps every gradient to [-clipValue, clipValue], as `torch.nn.utils.clip_grad_value_`. NaN stays NaN.
 *
 * @param parameters The parameters whose gradients are clamped in place.
 * @param clipValue Maximum absolute value: finite, ≥ 0.
 * @throws {RangeError} `clipValue` is negative or not finite.
 * @throws {TypeError} `parameters` is not a Parameters object.
 * @example
 * ```ts
 * import { clipGradValue, load, mul, Parameters, sum } from 'tapehead';
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * const x = parameters.create('x', [2]).set([3, -0.25]);
 * runtime.step(() => sum(mul(x, x)).backward()); // x.grad is now [6, -0.5]
 * clipGradValue(parameters, 1);
 * console.log(x.grad); // → Float32Array(2) [ 1, -0.5 ]
 * ```
 */
export function clipGradValue(parameters: Parameters, clipValue: number): void {
  expectParameters('clipGradValue', parameters);
  expectNumber('clipGradValue', 'clipValue', clipValue, 0);
  const { kernels } = parameters.runtime;
  for (const { start, length } of parameters.gradients()) kernels.clamp(start, start, length, -clipValue, clipValue);
}
