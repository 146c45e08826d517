// Reads from a memory bank at an address sampled by the Gumbel-max trick.

import { gumbelKernels, kernelsOf } from '../engine/families.js';
import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import { expectBoolean, expectNumber, expectOptions, fail, type OptionKeys } from '../tensor/check.js';
import { expectRank, expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** Options of gumbelRead. */
export interface GumbelReadOptions {
  /** Uniform noise in (0, 1), from which Gumbel noise is computed: [B, N]. Default: no noise. */
  uniform?: Tensor;
  /** Softmax temperature, > 0. Default 0.67. */
  tau?: number;
  /** Read the row with the largest weight (`true`), or the weighted sum of all rows. Default true. */
  hard?: boolean;
}

const OPTIONS: OptionKeys<GumbelReadOptions> = { uniform: true, tau: true, hard: true };

/** Result of gumbelRead. */
export interface GumbelRead {
  /** The rows read: [B, ...row]. */
  readonly read: Tensor;
  /** The softmax weights y, through which the gradient flows, hard or soft: [B, N]. */
  readonly weights: Tensor;
  /** Index of the largest weight, the first of equal ones: B integers in [0, N); 2^32 − 1 where the weights are NaN. */
  readonly addresses: Uint32Array;
}

const LARGEST_FLOAT = 3.4028234663852886e38;

/**
 * Reads from a memory bank with weights `y = softmax((logits + g) / tau)` and Gumbel noise `g = −ln(−ln uniform)`.
 * A hard read returns an exact copy of the row with the largest weight, with the straight-through gradient of
 * `detach(onehot(y) − y) + y`; a soft read returns `Σᵢ yᵢ · memory[i]`.
 *
 * Noise of 0 or 1 is clamped to the nearest float32 inside (0, 1).
 *
 * @param logits Unnormalised log-probabilities of the rows: [B, N].
 * @param memory Memory bank: [N, ...row], N ≥ 1.
 * @param options Noise, temperature and kind of read.
 * @returns The rows read, the weights and the addresses.
 * @throws {RangeError} The shapes do not fit, or `tau` is not positive and finite.
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @example
 * ```ts
 * import { gumbelRead, load, Random } from 'tapehead';
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * runtime.noGrad(() => {
 *   const bank = runtime.tensor([10, 20, 30]);
 *   const logits = runtime.tensor([0, 0, 100], [1, 3]);
 *   const { read, addresses } = gumbelRead(logits, bank, { uniform: random.uniform([1, 3]) });
 *   console.log(read.item(), addresses); // → 30 Uint32Array(1) [ 2 ]
 * });
 * ```
 *
 * @see Jang, Gu & Poole 2017; Reinhold, 'Learning to read from memory with a neural network'.
 */
export function gumbelRead(logits: Tensor, memory: Tensor, options: GumbelReadOptions = {}): GumbelRead {
  const { uniform, tau = 0.67, hard = true } = expectOptions('gumbelRead', options, OPTIONS);
  expectShape('gumbelRead', 'logits', logits, -1, -1);
  const [batch, rows] = logits.dims as [number, number];
  expectRank('gumbelRead', 'memory', memory, 1);
  const row = memory.dims.slice(1);
  expectShape('gumbelRead', 'memory', memory, rows, ...row);
  if (rows === 0) fail('gumbelRead', 'memory', 'have at least one row', memory.dims);
  if (uniform !== undefined) expectShape('gumbelRead', 'uniform', uniform, batch, rows);
  expectNumber('gumbelRead', 'tau', tau);
  if (tau <= 0) fail('gumbelRead', 'tau', 'be above 0', tau);
  expectBoolean('gumbelRead', 'hard', hard);
  const { runtime } = logits;
  const { arena } = runtime;
  const kernels = kernelsOf('gumbelRead', gumbelKernels, runtime);
  const width = memory.size / rows;
  const inverseTau = Math.min(1 / tau, LARGEST_FLOAT);
  const [read, weights] = [runtime.output([batch, ...row]), runtime.output([batch, rows])];
  const chosen = runtime.allocate(batch);
  kernels.gumbelWeights(weights.pointer, chosen, logits.pointer, uniform?.pointer ?? 0, batch, rows, inverseTau);
  if (hard) kernels.takeRows(read.pointer, memory.pointer, chosen, batch, width);
  else kernels.matmul(read.pointer, weights.pointer, memory.pointer, arena.scratch, batch, width, rows, 0);
  runtime.record(
    'gumbelRead',
    [logits, memory],
    [read, weights],
    () => {
      const [dLogits, dMemory] = [runtime.gradient(logits), runtime.gradient(memory)];
      const [dRead, y] = [read.gradPointer, weights.pointer];
      if (dLogits !== 0) {
        const dWeights = weightGradient(read, weights, memory, inverseTau);
        kernels.softmaxBackward(dLogits, dWeights, y, batch, rows);
      }
      if (dMemory === 0 || dRead === 0) return;
      if (hard) kernels.takeRowsBackward(dMemory, dRead, chosen, batch, width);
      else kernels.matmul(dMemory, y, dRead, arena.scratch, rows, width, batch, TRANSPOSE_A | ACCUMULATE);
    },
    [memory, weights],
  );
  return { read, weights, addresses: arena.readUnsigned(chosen, batch) };
}

/** Address of the gradient of the weights from both outputs, divided by tau: dw + dread · memoryᵀ. */
function weightGradient(read: Tensor, weights: Tensor, memory: Tensor, inverseTau: number): number {
  const { kernels, arena } = weights.runtime;
  const [batch, rows] = weights.dims as [number, number];
  const total = arena.allocate(weights.size);
  if (weights.gradPointer !== 0) arena.copy(total, weights.gradPointer, weights.size);
  else arena.zero(total, weights.size);
  if (read.gradPointer !== 0) {
    const flags = TRANSPOSE_B | ACCUMULATE;
    kernels.matmul(total, read.gradPointer, memory.pointer, arena.scratch, batch, rows, memory.size / rows, flags);
  }
  kernels.scale(total, total, weights.size, inverseTau);
  return total;
}
