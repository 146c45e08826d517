// An LSTM cell with its weights.
import { lstmCell } from '../../bindings/ops/lstm.js';
import type { Random } from '../../bindings/random.js';
import { expectDimensions } from '../../bindings/tensor/check.js';
import { expectShape } from '../../bindings/tensor/check-tensor.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import {
  expectInput,
  expectParameters,
  expectRandom,
  expectSameRuntime,
  expectSizes,
  type Layout,
} from './check-model.js';

const INPUT: Layout = { dims: ['B', 'inputSize'], axis: 1, unit: 'features (inputSize)' };

/**
 * Long short-term memory cell, as PyTorch's `nn.LSTMCell`; gates in the order input, forget, cell, output.
 *
 * State: the parameters `weight_ih` [4H, I], `weight_hh` [4H, H], `bias_ih` [4H] and `bias_hh` [4H]. Weights are initialised from
 * U(−1/√H, 1/√H), biases to 0, but to 1 for the forget gate in both vectors. Source: Hochreiter and Schmidhuber 1997; Gers et al. 2000.
 *
 * @example
 * ```ts
 * import { load, LSTMCell, Parameters, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const cell = new LSTMCell(new Parameters(runtime), 4, 8, new Random(runtime, 1));
 * runtime.noGrad(() => {
 *   const [h, c] = cell.forward(runtime.zeros([2, 4]), runtime.zeros([2, 8]), runtime.zeros([2, 8]));
 *   console.log(h.shape, c.shape); // → [ 2, 8 ] [ 2, 8 ]
 * });
 * ```
 */
export class LSTMCell {
  readonly #weightIh: Tensor;
  readonly #weightHh: Tensor;
  readonly #biasIh: Tensor;
  readonly #biasHh: Tensor;

  /**
   * Creates weights and biases.
   *
   * @param parameters Parameters object, or a scope of one, in which the cell creates its tensors.
   * @param inputSize Input size I, at least 1.
   * @param hiddenSize Hidden size H, at least 1.
   * @param random Source of the initial values, of the runtime of `parameters`.
   * @throws {RangeError} A size is not an integer in [1, 2^30], or `random` belongs to another runtime.
   * @throws {TypeError} `parameters` or `random` is missing or of another kind.
   */
  constructor(parameters: ParameterScope, inputSize: number, hiddenSize: number, random: Random) {
    expectParameters('LSTMCell', 'parameters', parameters);
    expectSizes('LSTMCell', { inputSize, hiddenSize });
    const gates = 4 * hiddenSize;
    for (const columns of [inputSize, hiddenSize]) expectDimensions('LSTMCell', 'every weight', [gates, columns]);
    expectRandom('LSTMCell', 'random', random, parameters.runtime);
    const bound = 1 / Math.sqrt(hiddenSize);
    this.#weightIh = parameters.create('weight_ih', [gates, inputSize]);
    this.#weightHh = parameters.create('weight_hh', [gates, hiddenSize]);
    this.#biasIh = parameters.create('bias_ih', [gates]);
    this.#biasHh = parameters.create('bias_hh', [gates]);
    for (const weight of [this.#weightIh, this.#weightHh]) random.fillUniform(weight, -bound, bound);
    const bias = new Float32Array(gates).fill(1, hiddenSize, 2 * hiddenSize);
    for (const tensor of [this.#biasIh, this.#biasHh]) tensor.set(bias);
  }

  /**
   * Computes one step.
   *
   * @param x Input, [B, I].
   * @param h Hidden state, [B, H].
   * @param c Cell state, [B, H].
   * @returns The next hidden state and cell state, each [B, H].
   * @throws {RangeError} A shape does not fit, or a tensor belongs to another runtime.
   */
  forward(x: Tensor, h: Tensor, c: Tensor): [h: Tensor, c: Tensor] {
    const { runtime } = this.#weightIh;
    expectInput('LSTMCell.forward', 'x', x, runtime, INPUT, this.#weightIh.dims[1] as number);
    for (const [name, tensor] of Object.entries({ h, c })) {
      expectShape('LSTMCell.forward', name, tensor, x.dims[0] as number, this.#weightHh.dims[1] as number);
      expectSameRuntime('LSTMCell.forward', name, tensor, runtime);
    }
    return lstmCell(x, h, c, this.#weightIh, this.#weightHh, this.#biasIh, this.#biasHh);
  }
}
