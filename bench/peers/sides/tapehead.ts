// How tapehead does a piece of work of the comparison, and the inputs that all sides get.
import { Random, type Runtime, type Shape, type Tensor } from 'tapehead';
import type { Side } from '../row.js';

/** Numbers with their shape, row-major. */
export interface Operand {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Whether an entry of a state dict is a matrix [outputs, inputs], which other libraries keep as [inputs, outputs]. */
export function isWeightMatrix(name: string, { shape }: Operand): boolean {
  return /weight(_ih|_hh)?$/.test(name) && shape.length === 2;
}

/** Numbers from U(-1, 1), the same at every call. */
export function operands(runtime: Runtime, shapes: readonly Shape[]): Operand[] {
  const random = new Random(runtime, 1);
  return shapes.map((shape) => ({
    shape,
    data: runtime.step(() => random.uniform(shape, { low: -1, high: 1 }).toArray()),
  }));
}

/** An op as a user calls it, on operands that stay. */
export function tapeheadOp(runtime: Runtime, inputs: readonly Operand[], op: (...inputs: Tensor[]) => Tensor): Side {
  const tensors = inputs.map(({ data, shape }) => runtime.tensor(data, shape));
  return {
    run: () => runtime.step(() => void op(...tensors)),
    result: () => runtime.step(() => op(...tensors).toArray()),
  };
}

/** Steps whose losses are compared: from the second on they tell gradients and update too. */
const STEPS_COMPARED = 3;

/** A training step of either side, which returns its loss. */
export function training(step: () => number | Promise<number>): Side {
  const result = async () => {
    const losses = new Float32Array(STEPS_COMPARED);
    for (let i = 0; i < STEPS_COMPARED; i++) losses[i] = await step();
    return losses;
  };
  return { run: step, result };
}
