// Reading one address of a memory bank, chosen by logits and noise.

import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import { fail } from '../tensor/check.js';
import { expectRank, expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** How an address is chosen and read. */
export interface GumbelReadOptions {
  /** Noise from (0, 1), [B, N]; without it the logits alone choose. */
  uniform?: Tensor;
  /** Temperature of the weights, above 0. Default 0.67. */
  tau?: number;
  /** Read the row of the largest weight alone; otherwise the blend of all rows. Default true. */
  hard?: boolean;
}

/** What was read, and from where. */
export interface GumbelRead {
  /** [B, ...row]. */
  readonly read: Tensor;
  /** What the gradient goes through, hard or soft: `y`, [B, N]. */
  readonly weights: Tensor;
  /** Place of the largest weight, the first among equals: B numbers below N. */
  readonly addresses: Uint32Array;
}

const LARGEST_FLOAT = 3.4028234663852886e38;

/**
 * Reads from a memory bank by `y = softmax((logits + g) / tau)` with Gumbel noise `g = −ln(−ln uniform)`: hard, the row of the
 * largest weight as it stands, with the straight-through gradient of `detach(onehot(y) − y) + y`; soft, `Σᵢ yᵢ · memory[i]`.
 *
 * `logits: [B, N], memory: [N, ...row] → { read: [B, ...row], weights: [B, N], addresses }`. Noise of 0 or 1 counts as the
 * nearest number between. Throws a RangeError where the sizes do not fit or tau is not above 0.
 * Source: Jang, Gu, Poole 2017; Reinhold, 'Learning to read from memory with a neural network'.
 */
export function gumbelRead(
  logits: Tensor,
  memory: Tensor,
  { uniform, tau = 0.67, hard = true }: GumbelReadOptions = {},
): GumbelRead {
  expectShape('gumbelRead', 'logits', logits, -1, -1);
  const [batch, rows] = logits.shape as [number, number];
  expectRank('gumbelRead', 'memory', memory, 1);
  const row = memory.shape.slice(1);
  expectShape('gumbelRead', 'memory', memory, rows, ...row);
  if (rows === 0) fail('gumbelRead', 'memory', 'have at least one row', memory.shape);
  if (uniform !== undefined) expectShape('gumbelRead', 'uniform', uniform, batch, rows);
  if (!(tau > 0 && tau < Infinity)) fail('gumbelRead', 'tau', 'be a finite number above 0', tau);
  const { runtime } = logits;
  const { kernels, arena } = runtime;
  const width = memory.size / rows;
  const inverseTau = Math.min(1 / tau, LARGEST_FLOAT);
  const [read, weights] = [runtime.output([batch, ...row]), runtime.output([batch, rows])];
  const chosen = runtime.allocate(batch);
  kernels.gumbelWeights(weights.pointer, chosen, logits.pointer, uniform?.pointer ?? 0, batch, rows, inverseTau);
  if (hard) kernels.takeRows(read.pointer, memory.pointer, chosen, batch, width);
  else kernels.matmul(read.pointer, weights.pointer, memory.pointer, arena.scratch, batch, width, rows, 0);
  runtime.record('gumbelRead', [logits, memory], [read, weights], () => {
    const [dLogits, dMemory] = [runtime.gradient(logits), runtime.gradient(memory)];
    const [dRead, y] = [read.gradPointer, weights.pointer];
    if (dLogits !== 0) kernels.softmaxBackward(dLogits, slopes(), y, batch, rows);
    if (dMemory === 0 || dRead === 0) return;
    if (hard) kernels.takeRowsBackward(dMemory, dRead, chosen, batch, width);
    else kernels.matmul(dMemory, y, dRead, arena.scratch, rows, width, batch, TRANSPOSE_A | ACCUMULATE);
  });
  return { read, weights, addresses: arena.readUnsigned(chosen, batch) };

  /** Address of the gradient of the weights by either output, divided by tau. */
  function slopes(): number {
    const total = arena.allocate(batch * rows);
    if (weights.gradPointer !== 0) arena.copy(total, weights.gradPointer, batch * rows);
    else arena.zero(total, batch * rows);
    if (read.gradPointer !== 0) {
      const how = TRANSPOSE_B | ACCUMULATE;
      kernels.matmul(total, read.gradPointer, memory.pointer, arena.scratch, batch, rows, width, how);
    }
    kernels.scale(total, total, batch * rows, inverseTau);
    return total;
  }
}
