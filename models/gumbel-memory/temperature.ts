// How the temperature of a Gumbel memory falls over training.
import { expectInteger, expectNumber, fail } from '../../bindings/tensor/check.js';

/** The temperature at a step, from step 0 on. */
export type Annealing = (step: number) => number;

/**
 * `from` at step 0, falling evenly to the floor `to` at step `steps`, and `to` from there on.
 * Throws a RangeError unless from ≥ to > 0 and steps ≥ 1.
 */
export function linearAnnealing(from: number, to: number, steps: number): Annealing {
  expectFall('linearAnnealing', from, to);
  expectInteger('linearAnnealing', 'steps', steps, 1);
  return (step) => (step >= steps ? to : from + ((to - from) * step) / steps);
}

/**
 * `from · factor^step`, but never below the floor `to`.
 * Throws a RangeError unless from ≥ to > 0 and the factor lies in [0, 1].
 */
export function exponentialAnnealing(from: number, to: number, factor: number): Annealing {
  expectFall('exponentialAnnealing', from, to);
  expectNumber('exponentialAnnealing', 'factor', factor, 0, 1);
  return (step) => Math.max(to, from * power(factor, step));
}

function expectFall(op: string, from: number, to: number): void {
  if (!(to > 0 && to < Infinity)) fail(op, 'to', 'be a finite number above 0', to);
  if (!(from >= to && from < Infinity)) fail(op, 'from', `be a finite number ≥ ${to}`, from);
}

/** By squaring: an engine's own power differs in the last digit, and weights would with it. */
function power(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  const root = power(base, Math.floor(exponent / 2));
  return exponent % 2 === 1 ? base * root * root : root * root;
}
