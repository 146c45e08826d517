// Upstream gradients: what a backward pass starts from.
import { fail, failType, isArray } from './check.js';
import { expectTensor } from './check-tensor.js';
import { expectSize, numbersOf, type TensorData } from './data.js';
import type { Runtime } from './runtime.js';
import type { Tensor } from './tensor.js';

/** The numbers of each output's upstream gradient: those given, or 1 for an output with one element. */
export function expectUpstream(
  runtime: Runtime,
  outputs: readonly Tensor[],
  gradients: readonly TensorData[] | undefined,
): ArrayLike<number>[] {
  if (!isArray(outputs)) failType('backward', 'outputs', 'be an array of Tensors', outputs);
  if (gradients !== undefined && !isArray(gradients)) failType('backward', 'gradients', 'be an array', gradients);
  if (gradients !== undefined && gradients.length !== outputs.length) {
    fail('backward', 'gradients', `hold one for each of ${outputs.length} outputs`, gradients.length);
  }
  // Not `outputs.map`, which passes over holes.
  return Array.from(outputs, (output, i) => {
    expectTensor('backward', 'the output', output);
    if (output.runtime !== runtime) fail('backward', 'the output', 'belong to this runtime', output);
    if (!output.requiresGrad) fail('backward', 'the output', 'depend on a tensor with requiresGrad', output);
    if (gradients === undefined) {
      if (output.size !== 1) fail('backward', 'gradients', 'be given for outputs of several elements', gradients);
      return [1];
    }
    return expectSize('backward', 'the gradient', numbersOf('backward', 'the gradient', gradients[i]), output.shape);
  });
}
