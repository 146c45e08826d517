// Vector quantization: every row replaced by its nearest code.

import { kernelsOf, quantizationKernels } from '../engine/families.js';
import { TRANSPOSE_B } from '../engine/kernels.js';
import { expectBoolean, expectNumber, expectOptions, fail, type OptionKeys } from '../tensor/check.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** Options of `vectorQuantize`. */
export interface VectorQuantizeOptions {
  /** Weight of the commitment loss, non-negative. Default 0.25. */
  commitment?: number;
  /** Include the codebook loss. Set to `false` when the codebook is updated by EMA. Default true. */
  codebookLoss?: boolean;
}

/** Result of `vectorQuantize`. */
export interface Quantized {
  /** The nearest code of every row, [B, D]. Its gradient passes straight through to the rows. */
  readonly quantized: Tensor;
  /** Mean of (codebook loss + commitment) · (z − code)² over all B·D elements, []. */
  readonly loss: Tensor;
  /** Indices of the codes, [B]; 2^32 − 1 for a row that holds a NaN, whose code is NaN. */
  readonly codes: Uint32Array;
}

const OPTIONS: OptionKeys<VectorQuantizeOptions> = { commitment: true, codebookLoss: true };

/** Scores computed at once, so that [B, K] is never stored. */
const BLOCK_SCORES = 2 ** 17;
const MIN_BLOCK_ROWS = 64;

/**
 * Replaces every row by its nearest code, with the straight-through gradient and the losses of VQ-VAE.
 *
 * The first of several equally near codes is chosen. Distances are compared in float64 where float32 cannot tell them
 * apart.
 *
 * @param z Rows, [B, D].
 * @param codebook Codes, [K, D].
 * @param options Weights of the losses.
 * @returns The quantized rows, the loss, and the indices of the codes.
 * @throws {RangeError} The shapes do not match, the codebook is empty, or `commitment` is negative or not finite.
 * @throws {TypeError} An option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { load, vectorQuantize } from 'tapehead';
 *
 * const runtime = await load();
 * const codebook = runtime.tensor([0, 0, 1, 1, 4, 0], [3, 2]);
 * const codes = runtime.noGrad(() => {
 *   const z = runtime.tensor([0.9, 0.8, 3, 1], [2, 2]);
 *   return vectorQuantize(z, codebook).codes;
 * });
 * console.log([...codes].join(' ')); // → 1 2
 * ```
 *
 * @see van den Oord, Vinyals, Kavukcuoglu 2017, eqs. 1–3.
 */
export function vectorQuantize(z: Tensor, codebook: Tensor, options: VectorQuantizeOptions = {}): Quantized {
  const { commitment = 0.25, codebookLoss = true } = expectOptions('vectorQuantize', options, OPTIONS);
  expectShape('vectorQuantize', 'z', z, -1, -1);
  const [rows, width] = z.dims as [number, number];
  expectShape('vectorQuantize', 'codebook', codebook, -1, width);
  expectNumber('vectorQuantize', 'commitment', commitment, 0);
  expectBoolean('vectorQuantize', 'codebookLoss', codebookLoss);
  if (codebook.dims[0] === 0) fail('vectorQuantize', 'codebook', 'have at least one row', codebook.dims);
  const { runtime } = z;
  const { arena } = runtime;
  const kernels = kernelsOf('vectorQuantize', quantizationKernels, runtime);
  const [quantized, loss] = [runtime.output([rows, width]), runtime.output([])];
  const codes = nearestCodes(z, codebook);
  kernels.takeRows(quantized.pointer, codebook.pointer, codes, rows, width);
  kernels.mse(loss.pointer, z.pointer, quantized.pointer, z.size);
  kernels.scale(loss.pointer, loss.pointer, 1, (codebookLoss ? 1 : 0) + commitment);
  runtime.record(
    'vectorQuantize',
    [z, codebook],
    [quantized, loss],
    () => {
      const [dz, dcodebook] = [runtime.gradient(z), runtime.gradient(codebook)];
      if (dz !== 0 && quantized.gradPointer !== 0) kernels.addScaled(dz, quantized.gradPointer, z.size, 1);
      if (loss.gradPointer === 0) return;
      const distance = runtime.allocate(z.size);
      arena.zero(distance, z.size);
      kernels.mseBackward(distance, 0, loss.gradPointer, z.pointer, quantized.pointer, z.size);
      if (dz !== 0) kernels.addScaled(dz, distance, z.size, commitment);
      if (dcodebook === 0 || !codebookLoss) return;
      kernels.scale(distance, distance, z.size, -1);
      kernels.takeRowsBackward(dcodebook, distance, codes, rows, width);
    },
    [z, quantized],
  );
  return { quantized, loss, codes: arena.readUnsigned(codes, rows) };
}

/**
 * Address of every row's nearest code, by a matrix product and then exactly. The product is of vectors less the mean of
 * the codes, which distances do not see: away from 0, all codes would be candidates.
 */
function nearestCodes(z: Tensor, codebook: Tensor): number {
  const { runtime } = z;
  const { kernels, arena } = runtime;
  const [rows, width] = z.dims as [number, number];
  const size = codebook.dims[0] as number;
  const codes = runtime.allocate(rows);
  const mark = arena.mark();
  const [center, bias] = [runtime.allocate(width), runtime.allocate(size)];
  const centered = runtime.allocate(codebook.size);
  kernels.sum(center, codebook.pointer, 1, size, width, -1 / size);
  kernels.addBias(centered, codebook.pointer, center, size, width);
  kernels.negativeSquaredNorms(bias, centered, size, width);
  kernels.scale(bias, bias, size, 0.5);
  const most = Math.min(rows, Math.max(MIN_BLOCK_ROWS, Math.floor(BLOCK_SCORES / size)));
  const [block, scores] = [runtime.allocate(most * width), runtime.allocate(most * size)];
  for (let row = 0; row < rows; row += most) {
    const count = Math.min(most, rows - row);
    const [chosen, from] = [codes + 4 * row, z.pointer + 4 * row * width];
    kernels.addBias(block, from, center, count, width);
    kernels.matmul(scores, block, centered, arena.scratch, count, size, width, TRANSPOSE_B);
    kernels.nearestCodes(chosen, scores, bias, count, size);
    kernels.exactCodes(chosen, scores, bias, block, from, codebook.pointer, count, size, width);
  }
  arena.reset(mark);
  return codes;
}
