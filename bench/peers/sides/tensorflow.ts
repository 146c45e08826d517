// How TensorFlow.js does a piece of work of the comparison, on its WebAssembly backend.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
// It also registers the gradients of all ops.
import '@tensorflow/tfjs-layers';
import type { Side } from '../row.js';
import { isWeightMatrix, type Operand } from './tapehead.js';

await tf.setBackend('wasm');

export interface TensorflowOptions {
  /** How each operand is transposed before, where its layout is another; not timed. */
  readonly from?: readonly number[][];
  /** How the output is transposed to be compared. */
  readonly to?: number[];
}

export function tensorflowOp(
  inputs: readonly Operand[],
  op: (...inputs: tf.Tensor[]) => tf.Tensor,
  { from = [], to }: TensorflowOptions = {},
): Side {
  const tensors = inputs.map((input, i) => {
    const perm = from[i];
    return tf.tidy(() => (perm === undefined ? tensor(input) : tf.transpose(tensor(input), perm)));
  });
  return {
    run: () => op(...tensors).dispose(),
    result: () =>
      tf.tidy(() => {
        const output = op(...tensors);
        return (to === undefined ? output : tf.transpose(output, to)).dataSync<'float32'>();
      }),
  };
}

export function tensor({ data, shape }: Operand): tf.Tensor {
  return tf.tensor(data, [...shape], 'float32');
}

/** A state dict as variables; matrices of weights transposed to [inputs, outputs], as is usual there. */
export function variables(state: ReadonlyMap<string, Operand>): (name: string) => tf.Variable {
  const made = new Map(
    [...state].map(([name, entry]) => {
      const value = () => (isWeightMatrix(name, entry) ? tf.transpose(tensor(entry)) : tensor(entry));
      return [name, tf.variable(tf.tidy(value))];
    }),
  );
  return (name) => {
    const found = made.get(name);
    if (found === undefined) throw new RangeError(`variables: name must be in the state dict, got ${name}`);
    return found;
  };
}
