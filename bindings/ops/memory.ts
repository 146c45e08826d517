// Reads from and writes to a memory matrix by attention weights.
import { kernelsOf, sequenceKernels } from '../engine/families.js';
import { expectShape } from '../tensor/check-tensor.js';
import { factorsRead } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Reads the weighted sum of the memory rows: `r = Σᵢ w[i] · M[i]`.
 *
 * @param weights Read weights w: [B, N].
 * @param memory Memory M: [B, N, W].
 * @returns The read vectors r: [B, W].
 * @throws {RangeError} The shapes do not fit.
 * @example
 * ```ts
 * import { load, memoryRead } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const memory = runtime.tensor([1, 2, 3, 4], [1, 2, 2]);
 *   const weights = runtime.tensor([0.5, 0.5], [1, 2]);
 *   console.log(memoryRead(weights, memory).toArray()); // → Float32Array(2) [ 2, 3 ]
 * });
 * ```
 *
 * @see Graves et al. 2014, eq. 2.
 */
export function memoryRead(weights: Tensor, memory: Tensor): Tensor {
  expectShape('memoryRead', 'memory', memory, -1, -1, -1);
  const [batch, rows, columns] = memory.dims as [number, number, number];
  expectShape('memoryRead', 'weights', weights, batch, rows);
  const { runtime } = memory;
  const kernels = kernelsOf('memoryRead', sequenceKernels, runtime);
  const r = runtime.output([batch, columns]);
  kernels.memoryRead(r.pointer, weights.pointer, memory.pointer, batch, rows, columns);
  runtime.record(
    'memoryRead',
    [weights, memory],
    [r],
    () => {
      const [dw, dMemory] = [runtime.gradient(weights), runtime.gradient(memory)];
      kernels.memoryReadBackward(dw, dMemory, r.gradPointer, weights.pointer, memory.pointer, batch, rows, columns);
    },
    () => factorsRead(weights, memory),
  );
  return r;
}

/**
 * Writes to the memory, erasing before adding: `M' = M ⊙ (1 − w eᵀ) + w aᵀ`.
 *
 * The backward pass may hand the gradient buffer of the result over to `memory`; the result's own `grad` is then null.
 *
 * @param memory Memory M, left unchanged: [B, N, W].
 * @param weights Write weights w: [B, N].
 * @param erase Erase vector e: [B, W].
 * @param add Add vector a: [B, W].
 * @returns The new memory M': [B, N, W].
 * @throws {RangeError} The shapes do not fit.
 * @example
 * ```ts
 * import { load, memoryWrite } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const memory = runtime.tensor([1, 2, 3, 4], [1, 2, 2]);
 *   const weights = runtime.tensor([0, 1], [1, 2]);
 *   const [erase, add] = [runtime.tensor([1, 0], [1, 2]), runtime.tensor([10, 10], [1, 2])];
 *   console.log(memoryWrite(memory, weights, erase, add).toArray()); // → Float32Array(4) [ 1, 2, 10, 14 ]
 * });
 * ```
 *
 * @see Graves et al. 2014, eq. 3 and 4.
 */
export function memoryWrite(memory: Tensor, weights: Tensor, erase: Tensor, add: Tensor): Tensor {
  expectShape('memoryWrite', 'memory', memory, -1, -1, -1);
  const [batch, rows, columns] = memory.dims as [number, number, number];
  expectShape('memoryWrite', 'weights', weights, batch, rows);
  expectShape('memoryWrite', 'erase', erase, batch, columns);
  expectShape('memoryWrite', 'add', add, batch, columns);
  const { runtime } = memory;
  const kernels = kernelsOf('memoryWrite', sequenceKernels, runtime);
  const inputs = [memory, weights, erase, add] as const;
  const written = runtime.output(memory.dims);
  const [from, w, e, a] = [memory.pointer, weights.pointer, erase.pointer, add.pointer];
  kernels.memoryWrite(written.pointer, from, w, e, a, batch, rows, columns);
  runtime.record(
    'memoryWrite',
    inputs,
    [written],
    () => {
      const dWritten = written.gradPointer;
      // No op reads the upstream gradient after this, so a memory without a gradient takes over its buffer in place: a
      // long sequence then neither zeroes nor streams a second matrix per time step. A persistent memory must not, nor a
      // view, whose gradient is part of another.
      const own = memory.graded === memory && !runtime.isPersistent(memory);
      if (own && memory.requiresGrad && memory.gradAddress === 0) {
        memory.gradAddress = dWritten;
        written.gradAddress = 0;
      }
      const dMemory = runtime.gradient(memory);
      const [dw, de, da] = [runtime.gradient(weights), runtime.gradient(erase), runtime.gradient(add)];
      kernels.memoryWriteBackward(dMemory, dw, de, da, dWritten, from, w, e, a, batch, rows, columns);
    },
    inputs,
  );
  return written;
}
