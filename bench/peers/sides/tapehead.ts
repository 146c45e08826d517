// Ops by tapehead, and the inputs that all sides share.
import { Random, type Runtime, type Shape, type Tensor } from 'tapehead';
import type { Side } from '../row.js';

/** A row-major tensor. */
export interface Operand {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/**
 * Whether an entry of a state dict is a weight matrix [outputs, inputs], which other libraries store as [inputs,
 * outputs].
 */
export function isWeightMatrix(name: string, { shape }: Operand): boolean {
  return /weight(_ih|_hh)?$/.test(name) && shape.length === 2;
}

/** Draws operands from U(-1, 1), the same at every call. */
export function operands(runtime: Runtime, shapes: readonly Shape[]): Operand[] {
  const random = new Random(runtime, 1);
  return shapes.map((shape) => ({
    shape,
    data: runtime.step(() => random.uniform(shape, { low: -1, high: 1 }).toArray()),
  }));
}

/** An op on persistent operands. */
export function tapeheadOp(runtime: Runtime, inputs: readonly Operand[], op: (...inputs: Tensor[]) => Tensor): Side {
  const tensors = inputs.map(({ data, shape }) => runtime.tensor(data, shape));
  return {
    run: () => runtime.step(() => void op(...tensors)),
    result: () => runtime.step(() => op(...tensors).toArray()),
  };
}

/** Number of steps whose losses are compared: from the second on they depend on gradients and updates too. */
const STEPS_COMPARED = 3;

/** A side from a training step that returns its loss. */
export function training(step: () => number | Promise<number>): Side {
  const result = async () => {
    const losses = new Float32Array(STEPS_COMPARED);
    for (let i = 0; i < STEPS_COMPARED; i++) losses[i] = await step();
    return losses;
  };
  return { run: step, result };
}
