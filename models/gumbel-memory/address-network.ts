// The default addressing network: fully connected layers with batch norm and ReLU, neither on the last.
import { relu } from '../../bindings/ops/elementwise.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger, expectIntegers } from '../../bindings/tensor/check.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { BatchNorm1d, expectMode, type Mode } from '../layers/batch-norm.js';
import {
  expectInput,
  expectParameters,
  expectRandom,
  expectSizes,
  failShape,
  type Layout,
} from '../layers/check-model.js';
import { Linear } from '../layers/linear.js';

const INPUT: Layout = { dims: ['B', 'inputs'], axis: 1, unit: 'features' };

/**
 * Addressing network: the multilayer perceptron from inputs to logits that a `GumbelMemory` has by default.
 *
 * State: the keys of PyTorch's `Sequential(Linear, BatchNorm1d, ReLU, …, Linear)`: `0.weight`, `1.running_mean`, `3.weight`, ….
 * Source: Reinhold, 'Learning to read from memory with a neural network'.
 *
 * @example
 * ```ts
 * import { AddressNetwork, load, Parameters, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const network = new AddressNetwork(new Parameters(runtime), [2, 64, 64, 10], random);
 * const logits = runtime.noGrad(() => network.forward(random.normal([32, 2]), { training: true }).shape);
 * console.log(logits); // → [ 32, 10 ]
 * ```
 */
export class AddressNetwork {
  readonly #layers: { readonly linear: Linear; readonly norm: BatchNorm1d }[];
  readonly #last: Linear;

  /**
   * Creates the layers.
   *
   * @param parameters Parameters object, or a scope of one, in which the network creates its tensors.
   * @param sizes Number of inputs, of units in every hidden layer, and of outputs; at least two numbers, each at least 1.
   * @param random Source of the initial values, of the runtime of `parameters`.
   * @throws {RangeError} A size is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} `parameters`, `sizes` or `random` is missing or of another kind.
   */
  constructor(parameters: ParameterScope, sizes: readonly number[], random: Random) {
    expectParameters('AddressNetwork', 'parameters', parameters);
    expectIntegers('AddressNetwork', 'sizes', sizes, 1);
    for (const [i, size] of sizes.entries()) expectSizes('AddressNetwork', { [`sizes[${i}]`]: size });
    expectInteger('AddressNetwork', 'sizes.length', sizes.length, 2);
    expectRandom('AddressNetwork', 'random', random, parameters.runtime);
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

  /**
   * Computes logits.
   *
   * @param x Inputs, [B, sizes[0]]; at least two rows in training, if there is a hidden layer.
   * @param options Training or evaluation mode of the batch norm.
   * @returns Logits, [B, sizes.at(-1)].
   * @throws {RangeError} `x` has another shape, too few rows to train on, or belongs to another runtime.
   * @throws {TypeError} `options` is not `{ training }` with a boolean.
   */
  forward(x: Tensor, options: Mode): Tensor {
    const training = expectMode('AddressNetwork.forward', options);
    this.check('AddressNetwork.forward', x, training);
    return this.#last.forward(
      this.#layers.reduce((below, { linear, norm }) => relu(norm.forward(linear.forward(below), { training })), x),
    );
  }

  /** @internal `x` must be an input of `forward`. */
  check(op: string, x: Tensor, training: boolean): void {
    const { weight } = this.#layers[0]?.linear ?? this.#last;
    expectInput(op, 'x', x, weight.runtime, INPUT, weight.shape[1] as number);
    if (training && this.#layers.length > 0 && (x.shape[0] as number) < 2) {
      failShape(op, 'x', 'have at least 2 rows in training', x.shape);
    }
  }
}
