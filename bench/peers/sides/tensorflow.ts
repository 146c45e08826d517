// Ops by TensorFlow.js on its WebAssembly backend.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients of all ops.
import '@tensorflow/tfjs-layers';
import type { Side } from '../row.js';
import { isWeightMatrix, type Operand } from './tapehead.js';

await tf.setBackend('wasm');

export interface TensorflowOptions {
  /** Permutation of each operand to the layout of the op; not timed. */
  readonly from?: readonly number[][];
  /** Permutation of the output to our layout. */
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

/** Converts a state dict to variables; weight matrices are transposed to [inputs, outputs], the convention there. */
export function variables(state: ReadonlyMap<string, Operand>): (name: string) => tf.Variable {
  const made = new Map(
    [...state].map(([name, entry]) => {
      const value = () => (isWeightMatrix(name, entry) ? tf.transpose(tensor(entry)) : tensor(entry));
      return [name, tf.variable(tf.tidy(value))];
    }),
  );
  return (name) => {
    const found = made.get(name);
    if (found === undefined) throw new RangeError(`tensorflow: missing variable ${name}`);
    return found;
  };
}
