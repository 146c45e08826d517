// The controllers of the NTM: they turn input and reads into the hidden state that steers the heads.

import { relu } from '../../bindings/ops/elementwise.js';
import { expand, unbind } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { Linear } from '../layers/linear.js';
import { LSTMCell } from '../layers/lstm-cell.js';

/** Hidden and cell state of every controller layer; both lists are empty for a feed-forward controller. */
export interface ControllerState {
  /** Hidden state of every layer, [B, H] each. */
  readonly hidden: readonly Tensor[];
  /** Cell state of every layer, [B, H] each. */
  readonly cell: readonly Tensor[];
}

export interface Controller {
  /** Number of layers with a state. */
  readonly stateLayers: number;
  initialState(batch: number): ControllerState;
  /** `x: [B, I] → [h: [B, H], next state]`. */
  step(x: Tensor, state: ControllerState): readonly [Tensor, ControllerState];
}

/**
 * A linear input layer and stacked LSTM cells. The initial hidden and cell state are learned, initialised from U(0, 0.05).
 * State: `fc.*`, `cells.L.*`, `h_bias` and `c_bias` [layers, 1, H].
 */
export class LSTMController implements Controller {
  readonly stateLayers: number;
  readonly #fc: Linear;
  readonly #cells: LSTMCell[];
  readonly #hiddenBias: Tensor;
  readonly #cellBias: Tensor;

  constructor(parameters: ParameterScope, inputSize: number, hiddenSize: number, layers: number, random: Random) {
    this.stateLayers = layers;
    this.#hiddenBias = random.fillUniform(parameters.create('h_bias', [layers, 1, hiddenSize]), 0, 0.05);
    this.#cellBias = random.fillUniform(parameters.create('c_bias', [layers, 1, hiddenSize]), 0, 0.05);
    this.#fc = new Linear(parameters.scope('fc'), inputSize, hiddenSize, random);
    this.#cells = Array.from(
      { length: layers },
      (_, layer) => new LSTMCell(parameters.scope(`cells.${layer}`), hiddenSize, hiddenSize, random),
    );
  }

  initialState(batch: number): ControllerState {
    const repeated = (biases: Tensor): Tensor[] => unbind(biases).map((bias) => expand(bias, batch));
    return { hidden: repeated(this.#hiddenBias), cell: repeated(this.#cellBias) };
  }

  step(x: Tensor, { hidden, cell }: ControllerState): [Tensor, ControllerState] {
    let below = this.#fc.forward(x);
    const next = { hidden: [] as Tensor[], cell: [] as Tensor[] };
    for (const [layer, lstm] of this.#cells.entries()) {
      const [h, c] = lstm.forward(below, hidden[layer] as Tensor, cell[layer] as Tensor);
      next.hidden.push(h);
      next.cell.push(c);
      below = h;
    }
    return [below, next];
  }
}

/** Linear layers, each followed by ReLU; no recurrent state. State: `fc.*`, then `layers.L.*`. */
export class FeedForwardController implements Controller {
  readonly stateLayers = 0;
  readonly #layers: Linear[];

  constructor(parameters: ParameterScope, inputSize: number, hiddenSize: number, layers: number, random: Random) {
    this.#layers = Array.from({ length: layers }, (_, layer) =>
      layer === 0
        ? new Linear(parameters.scope('fc'), inputSize, hiddenSize, random)
        : new Linear(parameters.scope(`layers.${layer - 1}`), hiddenSize, hiddenSize, random),
    );
  }

  initialState(): ControllerState {
    return { hidden: [], cell: [] };
  }

  step(x: Tensor, state: ControllerState): [Tensor, ControllerState] {
    return [this.#layers.reduce((below, layer) => relu(layer.forward(below)), x), state];
  }
}
