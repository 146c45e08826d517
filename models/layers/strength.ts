// The inverse temperature of an attention: a fixed number, or a learned one that stays positive.
import { exp, log } from '../../bindings/ops/elementwise.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** Inverse temperature β. State: the buffer `strength` [1] or, if learned, the parameter `log_strength` [1]. */
export class Strength {
  readonly #stored: Tensor;
  readonly #learned: boolean;

  /** A learned `value` must be positive. */
  constructor(parameters: ParameterScope, value: number, learned: boolean) {
    const { runtime } = parameters;
    this.#learned = learned;
    this.#stored = learned ? parameters.create('log_strength', [1]) : parameters.createBuffer('strength', [1]);
    // The kernel's logarithm: Math.log differs between engines in the last digit.
    this.#stored.set(learned ? runtime.noGrad(() => log(runtime.tensor([value])).toArray()) : [value]);
  }

  /** β for an op, [1]. */
  tensor(): Tensor {
    return this.#learned ? exp(this.#stored) : this.#stored;
  }

  /** β as a number. */
  get value(): number {
    return this.#stored.runtime.noGrad(() => this.tensor().item());
  }
}
