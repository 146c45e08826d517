// What the NTM and its LSTM baseline have in common, so that one training loop serves both.
import type { Parameters } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** A model that walks a sequence, one step at a time or all at once. */
export interface SequenceModel<State> {
  /** What is trained, and what is saved. */
  readonly parameters: Parameters;
  /** The state before the first step, for a batch of B sequences. */
  initialState(batch: number): State;
  /** `x: [B, inputSize] → [output: [B, outputSize], next state, …]`. */
  step(x: Tensor, state: State): readonly [Tensor, State, ...unknown[]];
  /** `xs: [T, B, inputSize] → [T, B, outputSize]`, from the initial state unless another is given. */
  forward(xs: Tensor, state?: State): Tensor;
}
