// Checks of inputs and states of sequence models.
import { fail, failType, isObject } from '../../bindings/tensor/check.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { expectInput, expectTensors, type Layout } from '../layers/check-model.js';

const unit = 'features (inputSize)';
const STEP: Layout = { dims: ['B', 'inputSize'], axis: 1, unit };
const SEQUENCE: Layout = { dims: ['T', 'B', 'inputSize'], axis: 2, unit };

/** `x` must be an input of one step, [B, inputSize]. */
export function expectStep(op: string, x: Tensor, runtime: Runtime, inputSize: number): void {
  expectInput(op, 'x', x, runtime, STEP, inputSize);
  if (x.size === 0) fail(op, 'x', 'hold at least one sequence', x.shape);
}

/** `xs` must be the inputs of a sequence, [T, B, inputSize]. */
export function expectSequence(op: string, xs: Tensor, runtime: Runtime, inputSize: number): void {
  expectInput(op, 'xs', xs, runtime, SEQUENCE, inputSize);
  if (xs.size === 0) fail(op, 'xs', 'hold at least one step of one sequence', xs.shape);
}

/** Each list of `state` named in `lists` must hold so many tensors [batch, size]. */
export function expectTensorLists<State extends object>(
  op: string,
  state: State,
  batch: number,
  runtime: Runtime,
  lists: { readonly [Name in keyof State]?: readonly [count: number, size: number] },
): void {
  if (!isObject(state)) failType(op, 'state', 'be a state of the model', state);
  for (const [name, [count, size]] of Object.entries(lists) as [keyof State & string, [number, number]][]) {
    expectTensors(op, `state.${name}`, state[name] as readonly Tensor[], count, [batch, size], runtime);
  }
}
