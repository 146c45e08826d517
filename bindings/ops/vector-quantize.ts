// Vector quantization: every row replaced by its nearest code.

import { TRANSPOSE_B } from '../engine/kernels.js';
import { expectNumber, fail } from '../tensor/check.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** What draws rows and codes together. */
export interface VectorQuantizeOptions {
  /** Weight of the term that draws rows to their codes, at least 0. Default 0.25. */
  commitment?: number;
  /** Whether a term draws codes to their rows; without it they are to be moved otherwise. Default true. */
  codebookLoss?: boolean;
}

/** Codes in place of rows. */
export interface Quantized {
  /** The codes in place of the rows: [B, D]. Its gradient passes straight through to the rows. */
  readonly quantized: Tensor;
  /** Mean of (codebook loss + commitment) · (z − code)² over all B·D numbers: []. */
  readonly loss: Tensor;
  /** Places of the codes: B numbers below K. */
  readonly codes: Uint32Array;
}

/** Scores that are worked on together, so that [B, K] is never held. */
const BLOCK_SCORES = 2 ** 17;

/**
 * Replaces every row by its nearest code, the first among equals, with the straight-through gradient and the losses of VQ-VAE.
 *
 * `z: [B, D], codebook: [K, D] → { quantized: [B, D], loss: [], codes }`. Throws a RangeError where the sizes do not fit, there is no
 * code, or `commitment` is negative. Source: van den Oord, Vinyals, Kavukcuoglu 2017, eqs. 1–3.
 */
export function vectorQuantize(
  z: Tensor,
  codebook: Tensor,
  { commitment = 0.25, codebookLoss = true }: VectorQuantizeOptions = {},
): Quantized {
  expectShape('vectorQuantize', 'z', z, -1, -1);
  const [rows, width] = z.shape as [number, number];
  expectShape('vectorQuantize', 'codebook', codebook, -1, width);
  expectNumber('vectorQuantize', 'commitment', commitment, 0);
  const size = codebook.shape[0] as number;
  if (size === 0) fail('vectorQuantize', 'codebook', 'have at least one row', codebook.shape);
  const { runtime } = z;
  const { kernels, arena } = runtime;
  const [quantized, loss] = [runtime.output([rows, width]), runtime.output([])];
  const codes = runtime.allocate(rows);
  const mark = arena.mark();
  const bias = runtime.allocate(size);
  kernels.negativeSquaredNorms(bias, codebook.pointer, size, width);
  const block = Math.max(64, Math.floor(BLOCK_SCORES / size));
  const scores = runtime.allocate(Math.min(rows, block) * size);
  for (let row = 0; row < rows; row += block) {
    const count = Math.min(block, rows - row);
    const from = z.pointer + 4 * row * width;
    kernels.matmul(scores, from, codebook.pointer, arena.scratch, count, size, width, TRANSPOSE_B);
    kernels.nearestCodes(codes + 4 * row, scores, bias, count, size);
  }
  arena.reset(mark);
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
