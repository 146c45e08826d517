// An LSTM cell with its weights.
import { lstmCell } from '../../bindings/ops/lstm.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger } from '../../bindings/tensor/check.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/**
 * PyTorch's `nn.LSTMCell`: keys `weight_ih` [4H, I], `weight_hh` [4H, H], `bias_ih` [4H], `bias_hh` [4H], gates in the order
 * input, forget, cell, output. Weights start in U(±1/√H), biases at 0 but for the forget gate's, which are 1 in both.
 */
export class LSTMCell {
  readonly #weightIh: Tensor;
  readonly #weightHh: Tensor;
  readonly #biasIh: Tensor;
  readonly #biasHh: Tensor;

  constructor(parameters: ParameterScope, inputSize: number, hiddenSize: number, random: Random) {
    expectInteger('LSTMCell', 'inputSize', inputSize, 1);
    expectInteger('LSTMCell', 'hiddenSize', hiddenSize, 1);
    const bound = 1 / Math.sqrt(hiddenSize);
    const gates = 4 * hiddenSize;
    const bias = Float32Array.from({ length: gates }, (_, i) => (Math.floor(i / hiddenSize) === 1 ? 1 : 0));
    this.#weightIh = random.fillUniform(parameters.create('weight_ih', [gates, inputSize]), -bound, bound);
    this.#weightHh = random.fillUniform(parameters.create('weight_hh', [gates, hiddenSize]), -bound, bound);
    this.#biasIh = parameters.create('bias_ih', [gates]).set(bias);
    this.#biasHh = parameters.create('bias_hh', [gates]).set(bias);
  }

  /** `x: [B, I], h: [B, H], c: [B, H] → [h', c']`. */
  forward(x: Tensor, h: Tensor, c: Tensor): [Tensor, Tensor] {
    return lstmCell(x, h, c, this.#weightIh, this.#weightHh, this.#biasIh, this.#biasHh);
  }
}
