// The LSTM cell as one op.
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';
import { addProductWithWeight, addWeightGradient, multiplyByTransposed } from './shared-weight.js';

/**
 * One step of a long short-term memory cell, PyTorch's `LSTMCell`; gates in the order input, forget, cell, output.
 *
 * `x: [B, I], h: [B, H], c: [B, H], weightIh: [4H, I], weightHh: [4H, H], biasIh: [4H], biasHh: [4H] → [h', c']`.
 * Throws a RangeError where the sizes do not fit. Source: Hochreiter & Schmidhuber 1997, Gers et al. 2000.
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
  expectShape('lstmCell', 'x', x, -1, -1);
  const [batch, inputs] = x.shape as [number, number];
  expectShape('lstmCell', 'h', h, batch, -1);
  const hidden = h.shape[1] as number;
  const gates = 4 * hidden;
  expectShape('lstmCell', 'c', c, batch, hidden);
  expectShape('lstmCell', 'weightIh', weightIh, gates, inputs);
  expectShape('lstmCell', 'weightHh', weightHh, gates, hidden);
  expectShape('lstmCell', 'biasIh', biasIh, gates);
  expectShape('lstmCell', 'biasHh', biasHh, gates);
  const { runtime } = x;
  const { kernels } = runtime;
  const activations = runtime.allocate(batch * gates);
  kernels.addBias(activations, 0, biasIh.pointer, batch, gates);
  kernels.addBias(activations, activations, biasHh.pointer, batch, gates);
  multiplyByTransposed(activations, x.pointer, weightIh, batch, true);
  multiplyByTransposed(activations, h.pointer, weightHh, batch, true);
  const hNext = runtime.output([batch, hidden]);
  const cNext = runtime.output([batch, hidden]);
  kernels.lstmCell(hNext.pointer, cNext.pointer, activations, c.pointer, batch, hidden);
  runtime.record('lstmCell', [x, h, c, weightIh, weightHh, biasIh, biasHh], [hNext, cNext], () => {
    // In place: the activations have served.
    const dGates = activations;
    const dc = runtime.gradient(c);
    const [dhNext, dcNext] = [hNext.gradPointer, cNext.gradPointer];
    kernels.lstmCellBackward(dGates, dc, dhNext, dcNext, activations, hNext.pointer, c.pointer, batch, hidden);
    for (const [input, weight, bias] of [
      [x, weightIh, biasIh],
      [h, weightHh, biasHh],
    ] as const) {
      const dInput = runtime.gradient(input);
      if (dInput !== 0) addProductWithWeight(dInput, dGates, weight, batch);
      addWeightGradient(weight, dGates, input.pointer, batch);
      if (bias.requiresGrad) kernels.biasBackward(runtime.gradient(bias), dGates, batch, gates);
    }
  });
  return [hNext, cNext];
}
