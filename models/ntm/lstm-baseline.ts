// The LSTM that the NTM is compared with, on the same interface.

import { stack, unbind } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import { expectOptions, type OptionKeys } from '../../bindings/tensor/check.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { DISPOSE, type Tensor } from '../../bindings/tensor/tensor.js';
import { allOrNothing, expectParts, expectRandom, expectRuntime, expectSizes } from '../layers/check-model.js';
import { Linear } from '../layers/linear.js';
import { expectSequence, expectStep, expectTensorLists } from './check-sequence.js';
import { type ControllerState, LSTMController } from './controller.js';
import type { SequenceModel } from './sequence-model.js';

/** Options of `LSTMBaseline`. */
export interface LSTMBaselineOptions {
  /** Input size: features of an input vector, at least 1. */
  inputSize: number;
  /** Output size: logits of an output vector, at least 1. */
  outputSize: number;
  /** Source of the initial parameters. */
  random: Random;
  /** Hidden size H of every layer, at least 1. Default 256, as in Graves et al. 2014, table 3. */
  hiddenSize?: number;
  /** Number of LSTM layers, from 1 to 1024. Default 3, as in the same table. */
  layers?: number;
}

const KEYS: OptionKeys<LSTMBaselineOptions> = {
  inputSize: true,
  outputSize: true,
  random: true,
  hiddenSize: true,
  layers: true,
};

/**
 * LSTM baseline: stacked LSTM cells between two linear layers, the NTM's controller without a memory.
 *
 * State: `controller.*` (`fc`, `cells.L`, learned initial states `h_bias` and `c_bias`) and `fc.*`, the output layer.
 * Source: Graves et al. 2014, section 4.
 *
 * @example
 * ```ts
 * import { load, LSTMBaseline, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const model = new LSTMBaseline(runtime, { inputSize: 9, outputSize: 8, hiddenSize: 32, layers: 1, random });
 * const outputs = runtime.noGrad(() => model.forward(random.bernoulli([5, 2, 9], 0.5)).shape);
 * console.log(outputs); // → [ 5, 2, 8 ]
 * ```
 */
export class LSTMBaseline implements SequenceModel<ControllerState> {
  /** Trainable parameters. */
  readonly parameters: Parameters;
  readonly #controller: LSTMController;
  readonly #fc: Linear;
  readonly #inputSize: number;
  readonly #hiddenSize: number;

  /**
   * Creates the layers.
   *
   * @param runtime Runtime that holds the parameters.
   * @param options Sizes and the source of initial values.
   * @throws {RangeError} A size is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} `runtime`, `options` or `random` is missing or of another kind, or an option is unknown.
   */
  constructor(runtime: Runtime, options: LSTMBaselineOptions) {
    const op = 'LSTMBaseline';
    expectRuntime(op, 'runtime', runtime);
    const { inputSize, outputSize, random, hiddenSize = 256, layers = 3 } = expectOptions(op, options, KEYS);
    expectSizes(op, { inputSize, outputSize, hiddenSize });
    expectParts(op, { layers });
    expectRandom(op, 'random', random, runtime);
    this.#inputSize = inputSize;
    this.#hiddenSize = hiddenSize;
    this.parameters = new Parameters(runtime);
    const scope = this.parameters.scope('controller');
    const make = (): [LSTMController, Linear] => [
      new LSTMController(scope, inputSize, hiddenSize, layers, random),
      new Linear(this.parameters.scope('fc'), hiddenSize, outputSize, random),
    ];
    [this.#controller, this.#fc] = allOrNothing(random, make, this.parameters);
  }

  /**
   * Returns the learned initial state.
   *
   * @param batch Batch size B, at least 1.
   * @returns Hidden and cell state of every layer, [B, H] each.
   * @throws {RangeError} `batch` is not an integer in [1, 2^30].
   */
  initialState(batch: number): ControllerState {
    this.parameters.expectAlive('LSTMBaseline.initialState');
    expectSizes('LSTMBaseline.initialState', { batch });
    return this.#controller.initialState(batch);
  }

  /**
   * Processes one time step.
   *
   * @param x Input, [B, inputSize].
   * @param state State before the step.
   * @returns Output (logits), [B, outputSize], and the next state.
   * @throws {RangeError} A shape does not fit, or a tensor belongs to another runtime.
   * @throws {TypeError} `x` or `state` is missing or of another kind.
   */
  step(x: Tensor, state: ControllerState): [output: Tensor, state: ControllerState] {
    this.parameters.expectAlive('LSTMBaseline.step');
    const op = 'LSTMBaseline.step';
    expectStep(op, x, this.parameters.runtime, this.#inputSize);
    this.#expectState(op, state, x.dims[0] as number);
    const [h, next] = this.#controller.step(x, state);
    return [this.#fc.forward(h), next];
  }

  /**
   * Processes a sequence.
   *
   * @param xs Inputs, [T, B, inputSize], at least one step of one sequence.
   * @param state State before the first step. Default: the initial state.
   * @returns Outputs (logits), [T, B, outputSize].
   * @throws {RangeError} A shape does not fit, or a tensor belongs to another runtime.
   * @throws {TypeError} `xs` or `state` is of another kind.
   */
  forward(xs: Tensor, state?: ControllerState): Tensor {
    this.parameters.expectAlive('LSTMBaseline.forward');
    const op = 'LSTMBaseline.forward';
    expectSequence(op, xs, this.parameters.runtime, this.#inputSize);
    const batch = xs.dims[1] as number;
    if (state !== undefined) this.#expectState(op, state, batch);
    let current = state ?? this.initialState(batch);
    const hidden = unbind(xs).map((x) => {
      const [h, next] = this.#controller.step(x, current);
      current = next;
      return h;
    });
    return this.#fc.forward(stack(hidden));
  }

  #expectState(op: string, state: ControllerState, batch: number): void {
    const list = [this.#controller.stateLayers, this.#hiddenSize] as const;
    expectTensorLists(op, state, batch, this.parameters.runtime, { hidden: list, cell: list });
  }

  /** Frees the model's memory at once. Otherwise it is freed when the model is garbage-collected. */
  dispose(): void {
    this.parameters.dispose();
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }
}
