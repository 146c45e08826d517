// The LSTM cell as one op.
import { kernelsOf, sequenceKernels } from '../engine/families.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';
import { addProductWithWeight, addWeightGradient, multiplyByTransposed } from './shared-weight.js';

/**
 * Computes one time step of an LSTM cell, as PyTorch's `LSTMCell`, with gates in the order input, forget, cell, output.
 *
 * @param x Input: [B, I].
 * @param h Hidden state: [B, H].
 * @param c Cell state: [B, H].
 * @param weightIh Input weights of the four gates: [4H, I].
 * @param weightHh Recurrent weights of the four gates: [4H, H].
 * @param biasIh Input biases: [4H].
 * @param biasHh Recurrent biases: [4H].
 * @returns The next hidden and cell state: [B, H] each.
 * @throws {RangeError} The shapes do not fit.
 * @example
 * ```ts
 * import { load, lstmCell, Random } from 'tapehead';
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const [weightIh, weightHh] = [random.normal([8, 3]), random.normal([8, 2])];
 * const [biasIh, biasHh] = [runtime.zeros([8]), runtime.zeros([8])];
 * runtime.noGrad(() => {
 *   const [x, h, c] = [random.normal([5, 3]), runtime.zeros([5, 2]), runtime.zeros([5, 2])];
 *   const [hidden, cell] = lstmCell(x, h, c, weightIh, weightHh, biasIh, biasHh);
 *   console.log(hidden.shape, cell.shape); // → [ 5, 2 ] [ 5, 2 ]
 * });
 * ```
 *
 * @see Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000.
 */
export function lstmCell(
  x: Tensor,
  h: Tensor,
  c: Tensor,
  weightIh: Tensor,
  weightHh: Tensor,
  biasIh: Tensor,
  biasHh: Tensor,
): [Tensor, Tensor] {
  const { batch, hidden, gates } = expectCell(x, h, c, weightIh, weightHh, biasIh, biasHh);
  const { runtime } = x;
  const kernels = kernelsOf('lstmCell', sequenceKernels, runtime);
  const hNext = runtime.output([batch, hidden]);
  const cNext = runtime.output([batch, hidden]);
  const activations = runtime.allocate(batch * gates);
  const forward = () => {
    kernels.addBias(activations, 0, biasIh.pointer, batch, gates);
    kernels.addBias(activations, activations, biasHh.pointer, batch, gates);
    multiplyByTransposed(activations, x.pointer, weightIh, batch, true);
    multiplyByTransposed(activations, h.pointer, weightHh, batch, true);
    kernels.lstmCell(hNext.pointer, cNext.pointer, activations, c.pointer, batch, hidden);
  };
  forward();
  let overwritten = false;
  runtime.record('lstmCell', [x, h, c, weightIh, weightHh, biasIh, biasHh], [hNext, cNext], () => {
    // In place; another pass over a retained graph computes the activations again.
    if (overwritten) forward();
    overwritten = true;
    const dGates = activations;
    const dc = runtime.gradient(c);
    const [dhNext, dcNext] = [hNext.gradPointer, cNext.gradPointer];
    kernels.lstmCellBackward(dGates, dc, dhNext, dcNext, activations, hNext.pointer, c.pointer, batch, hidden);
    addGateGradients(dGates, x, weightIh, biasIh, batch);
    addGateGradients(dGates, h, weightHh, biasHh, batch);
  });
  return [hNext, cNext];
}

/** Adds the gradients of `input · weightᵀ + bias`, which is part of the gates. */
function addGateGradients(dGates: number, input: Tensor, weight: Tensor, bias: Tensor, batch: number): void {
  const { runtime } = input;
  const dInput = runtime.gradient(input);
  if (dInput !== 0) addProductWithWeight(dInput, dGates, weight, batch);
  addWeightGradient(weight, dGates, input.pointer, batch);
  if (bias.requiresGrad) runtime.kernels.biasBackward(runtime.gradient(bias), dGates, batch, bias.size);
}

/** Checks the arguments of lstmCell and returns their sizes. */
function expectCell(...[x, h, c, weightIh, weightHh, biasIh, biasHh]: Parameters<typeof lstmCell>) {
  expectShape('lstmCell', 'x', x, -1, -1);
  const [batch, inputs] = x.dims as [number, number];
  expectShape('lstmCell', 'h', h, batch, -1);
  const hidden = h.dims[1] as number;
  const gates = 4 * hidden;
  expectShape('lstmCell', 'c', c, batch, hidden);
  expectShape('lstmCell', 'weightIh', weightIh, gates, inputs);
  expectShape('lstmCell', 'weightHh', weightHh, gates, hidden);
  expectShape('lstmCell', 'biasIh', biasIh, gates);
  expectShape('lstmCell', 'biasHh', biasHh, gates);
  return { batch, hidden, gates };
}
