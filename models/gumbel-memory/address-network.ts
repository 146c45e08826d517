// The source's addressing network: fully connected layers with batch norm and ReLU, none on the last.
import { relu } from '../../bindings/ops/elementwise.js';
import type { Random } from '../../bindings/random.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { BatchNorm1d, type Mode } from '../layers/batch-norm.js';
import { Linear } from '../layers/linear.js';

/**
 * The network to logits that a GumbelMemory has by default: `sizes[0]` inputs, `sizes[1]`, … hidden units, `sizes.at(-1)`
 * outputs. Its keys are those of PyTorch's `Sequential(Linear, BatchNorm1d, ReLU, Linear, …, Linear)`: `0.weight`, `1.running_mean`,
 * `3.weight`, …
 */
export class AddressNetwork {
  readonly #layers: { readonly linear: Linear; readonly norm: BatchNorm1d }[];
  readonly #last: Linear;

  constructor(parameters: ParameterScope, sizes: readonly number[], random: Random) {
    const linear = (layer: number): Linear => {
      const [inputs, outputs] = sizes.slice(layer, layer + 2) as [number, number];
      return new Linear(parameters.scope(`${3 * layer}`), inputs, outputs, random);
    };
    const hidden = sizes.length - 2;
    this.#layers = Array.from({ length: hidden }, (_, layer) => ({
      linear: linear(layer),
      norm: new BatchNorm1d(parameters.scope(`${3 * layer + 1}`), sizes[layer + 1] as number),
    }));
    this.#last = linear(hidden);
  }

  /** `x: [B, inputs] → logits: [B, outputs]`. */
  forward(x: Tensor, mode: Mode): Tensor {
    return this.#last.forward(
      this.#layers.reduce((below, { linear, norm }) => relu(norm.forward(linear.forward(below), mode)), x),
    );
  }
}
