// How strongly a read prefers what is similar: a fixed number, or a learned one that stays above 0.
import { exp, log } from '../../bindings/ops/elementwise.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** β of an attention. Key: the buffer `strength` [1], or where it is learned the parameter `log_strength` [1]. */
export class Strength {
  readonly #stored: Tensor;
  readonly #learned: boolean;

  /** `value` must be above 0 to be learned. */
  constructor(parameters: ParameterScope, value: number, learned: boolean) {
    const { runtime } = parameters;
    this.#learned = learned;
    this.#stored = learned
      ? parameters.create('log_strength', [1]).set(runtime.noGrad(() => log(runtime.tensor([value])).toArray()))
      : parameters.createBuffer('strength', [1]).set([value]);
  }

  /** β, for an op: [1]. */
  tensor(): Tensor {
    return this.#learned ? exp(this.#stored) : this.#stored;
  }

  /** β. */
  get value(): number {
    return this.#stored.runtime.noGrad(() => this.tensor().item());
  }
}
