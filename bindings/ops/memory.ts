// Reading from and writing to a memory matrix under the weights of a head.
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Reads a blend of the memory's rows: `r = Σᵢ w[i] · M[i]`.
 *
 * `weights: [B, N], memory: [B, N, W] → [B, W]`. Throws a RangeError where the sizes do not fit.
 * Source: Graves et al. 2014, eq. 2.
 */
export function memoryRead(weights: Tensor, memory: Tensor): Tensor {
  expectShape('memoryRead', 'memory', memory, -1, -1, -1);
  const [batch, rows, columns] = memory.shape as [number, number, number];
  expectShape('memoryRead', 'weights', weights, batch, rows);
  const { runtime } = memory;
  const { kernels } = runtime;
  const r = runtime.output([batch, columns]);
  kernels.memoryRead(r.pointer, weights.pointer, memory.pointer, batch, rows, columns);
  runtime.record('memoryRead', [weights, memory], [r], () => {
    const [dw, dMemory] = [runtime.gradient(weights), runtime.gradient(memory)];
    kernels.memoryReadBackward(dw, dMemory, r.gradPointer, weights.pointer, memory.pointer, batch, rows, columns);
  });
  return r;
}

/**
 * Erases, then adds: `M' = M ⊙ (1 − w eᵀ) + w aᵀ`.
 *
 * `memory: [B, N, W], weights: [B, N], erase: [B, W], add: [B, W] → [B, N, W]`. Throws a RangeError where the sizes do
 * not fit. Backward hands the result's gradient on to a memory that has none yet; the result's own `grad` is null then.
 * Source: Graves et al. 2014, eq. 3 and 4.
 */
export function memoryWrite(memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor): Tensor {
  expectShape('memoryWrite', 'memory', memory, -1, -1, -1);
  const [batch, rows, columns] = memory.shape as [number, number, number];
  expectShape('memoryWrite', 'weights', weights, batch, rows);
  expectShape('memoryWrite', 'erase', erase, batch, columns);
  expectShape('memoryWrite', 'add', add, batch, columns);
  const { runtime } = memory;
  const { kernels } = runtime;
  const inputs = [memory, weights, erase, add] as const;
  const written = runtime.output(memory.shape);
  const [from, w, e, a] = [memory.pointer, weights.pointer, erase.pointer, add.pointer];
  kernels.memoryWrite(written.pointer, from, w, e, a, batch, rows, columns);
  runtime.record('memoryWrite', inputs, [written], () => {
    const dWritten = written.gradPointer;
    // No op reads the upstream gradient after this: where memory has none yet it takes over the buffer, in place, and a
    // long sequence neither clears nor streams a matrix a step.
    // Not where the memory outlives the step, or is a view, whose gradient is part of another.
    const own = memory.graded === memory && !runtime.isPersistent(memory);
    if (own && memory.requiresGrad && memory.gradAddress === 0) {
      memory.gradAddress = dWritten;
      written.gradAddress = 0;
    }
    const dMemory = runtime.gradient(memory);
    const [dw, de, da] = [runtime.gradient(weights), runtime.gradient(erase), runtime.gradient(add)];
    kernels.memoryWriteBackward(dMemory, dw, de, da, dWritten, from, w, e, a, batch, rows, columns);
  });
  return written;
}
