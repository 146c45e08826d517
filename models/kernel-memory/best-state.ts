// The best state of parameters during a fit.
import type { Parameters } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** Keeps a copy of the trainable parameters with the lowest loss. */
export class BestState {
  readonly #tensors: readonly Tensor[];
  #loss = Infinity;
  #values: readonly Float32Array[];

  /** Begins with the current state, whatever its loss. */
  constructor(parameters: Parameters) {
    this.#tensors = [...parameters.entries()].map(([, tensor]) => tensor);
    this.#values = this.#copy();
  }

  /** Keeps the current state if its loss is lower than all before. */
  offer(loss: number): void {
    if (!(loss < this.#loss)) return;
    this.#loss = loss;
    this.#values = this.#copy();
  }

  /** Restores the best state unless the current one has no higher loss; returns whether it did. */
  restore(loss: number): boolean {
    if (loss <= this.#loss) return false;
    for (const [i, tensor] of this.#tensors.entries()) tensor.set(this.#values[i] as Float32Array);
    return true;
  }

  #copy(): Float32Array[] {
    return this.#tensors.map((tensor) => tensor.toArray());
  }
}
