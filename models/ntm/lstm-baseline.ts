// The LSTM that the NTM is compared with, on the same interface.

import { stack, unbind } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger } from '../../bindings/tensor/check.js';
import { expectShape } from '../../bindings/tensor/check-tensor.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { Linear } from '../layers/linear.js';
import { type ControllerState, LSTMController } from './controller.js';
import type { SequenceModel } from './sequence-model.js';

/** Options of LSTMBaseline. */
export interface LSTMBaselineOptions {
  /** Numbers in an input vector. */
  inputSize: number;
  /** Numbers in an output vector (logits). */
  outputSize: number;
  /** Source of the initial parameters. */
  random: Random;
  /** Hidden units of every layer. Default 256, as in Graves et al. 2014, table 3. */
  hiddenSize?: number;
  /** LSTM layers. Default 3, as there. */
  layers?: number;
}

/** Stacked LSTM cells between two linear layers: the NTM's controller without a memory. */
export class LSTMBaseline implements SequenceModel<ControllerState> {
  /** What is trained, and what is saved. */
  readonly parameters: Parameters;
  readonly #controller: LSTMController;
  readonly #fc: Linear;

  constructor(runtime: Runtime, { inputSize, outputSize, random, hiddenSize = 256, layers = 3 }: LSTMBaselineOptions) {
    for (const [name, value] of Object.entries({ inputSize, outputSize, hiddenSize, layers })) {
      expectInteger('LSTMBaseline', name, value, 1);
    }
    this.parameters = new Parameters(runtime);
    this.#controller = new LSTMController(this.parameters.scope('controller'), inputSize, hiddenSize, layers, random);
    this.#fc = new Linear(this.parameters.scope('fc'), hiddenSize, outputSize, random);
  }

  initialState(batch: number): ControllerState {
    expectInteger('initialState', 'batch', batch, 1);
    return this.#controller.initialState(batch);
  }

  /** `x: [B, inputSize] → [output: [B, outputSize], next state]`. */
  step(x: Tensor, state: ControllerState): [Tensor, ControllerState] {
    const [h, next] = this.#controller.step(x, state);
    return [this.#fc.forward(h), next];
  }

  forward(xs: Tensor, state?: ControllerState): Tensor {
    expectShape('forward', 'xs', xs, -1, -1, -1);
    let current = state ?? this.initialState(xs.shape[1] as number);
    const hidden = unbind(xs).map((x) => {
      const [h, next] = this.#controller.step(x, current);
      current = next;
      return h;
    });
    return this.#fc.forward(stack(hidden));
  }
}
