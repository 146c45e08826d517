// Annealing schedules for the temperature of a Gumbel memory.
import { expectInteger, expectNumber, fail } from '../../bindings/tensor/check.js';

/**
 * Annealing schedule: the temperature as a function of the training step.
 *
 * @param step Training step, an integer from 0 on.
 * @returns Temperature of this step.
 */
export type Annealing = (step: number) => number;

/**
 * Returns a linear annealing schedule: from `from` at step 0 to `to` at step `steps`, constant from there on.
 *
 * @param from Initial temperature, at least `to`.
 * @param to Final temperature, positive.
 * @param steps Number of steps to fall over, at least 1.
 * @returns The schedule; it throws a RangeError for a step that is not an integer ≥ 0.
 * @throws {RangeError} `from` or `to` is not positive and finite, `from` is below `to`, or `steps` is not an integer ≥ 1.
 *
 * @example
 * ```ts
 * import { linearAnnealing } from 'tapehead';
 *
 * const temperature = linearAnnealing(2, 0.5, 3);
 * console.log([0, 1, 2, 3, 100].map(temperature)); // → [ 2, 1.5, 1, 0.5, 0.5 ]
 * ```
 */
export function linearAnnealing(from: number, to: number, steps: number): Annealing {
  const op = 'linearAnnealing';
  expectFall(op, from, to);
  expectInteger(op, 'steps', steps, 1);
  return (step) => {
    expectInteger(op, 'step', step, 0);
    return step >= steps ? to : from + ((to - from) * step) / steps;
  };
}

/**
 * Returns an exponential annealing schedule: `from · factor^step`, never below `to`.
 *
 * @param from Initial temperature, at least `to`.
 * @param to Minimum temperature, positive.
 * @param factor Factor per step, in [0, 1].
 * @returns The schedule; it throws a RangeError for a step that is not an integer ≥ 0.
 * @throws {RangeError} `from` or `to` is not positive and finite, `from` is below `to`, or `factor` is outside [0, 1].
 *
 * @example
 * ```ts
 * import { exponentialAnnealing } from 'tapehead';
 *
 * const temperature = exponentialAnnealing(2, 0.5, 0.75);
 * console.log([0, 1, 2, 1000].map(temperature)); // → [ 2, 1.5, 1.125, 0.5 ]
 * ```
 */
export function exponentialAnnealing(from: number, to: number, factor: number): Annealing {
  const op = 'exponentialAnnealing';
  expectFall(op, from, to);
  expectNumber(op, 'factor', factor, 0, 1);
  return (step) => {
    expectInteger(op, 'step', step, 0);
    return Math.max(to, from * power(factor, step));
  };
}

function expectFall(op: string, from: number, to: number): void {
  expectNumber(op, 'to', to);
  if (to <= 0) fail(op, 'to', 'be positive', to);
  expectNumber(op, 'from', from, to);
}

/** base^exponent by squaring: Math.pow differs between engines in the last digit, and trained weights would with it. */
function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  const root = power(base, Math.floor(exponent / 2));
  return exponent % 2 === 1 ? base * root * root : root * root;
}
