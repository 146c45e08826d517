// The interface of the NTM and its LSTM baseline, so that one training loop serves both.
import type { Parameters } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** A recurrent model that processes a sequence step by step or at once: `NTM` and `LSTMBaseline`. */
export interface SequenceModel<State> {
  /** Trainable parameters and buffers. */
  readonly parameters: Parameters;
  /**
   * Returns the state before the first step.
   *
   * @param batch Batch size B, at least 1.
   * @returns Initial state of B sequences.
   */
  initialState(batch: number): State;
  /**
   * Processes one time step.
   *
   * @param x Input, [B, inputSize].
   * @param state State before the step.
   * @returns Output (logits), [B, outputSize], the next state, and what else the model reports.
   */
  step(x: Tensor, state: State): readonly [Tensor, State, ...unknown[]];
  /**
   * Processes a sequence.
   *
   * @param xs Inputs, [T, B, inputSize].
   * @param state State before the first step. Default: the initial state.
   * @returns Outputs (logits), [T, B, outputSize].
   */
  forward(xs: Tensor, state?: State): Tensor;
}
