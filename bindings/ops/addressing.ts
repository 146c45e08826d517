// Where a head looks: what its layer says, content weights, location weights.

import { expectInteger, fail } from '../tensor/check.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** What a head is told in one step; `erase` and `add` are a write head's. */
export interface HeadParameters {
  /** k: [B, W], in (−1, 1). */
  readonly key: Tensor;
  /** β: [B, 1], above 0. */
  readonly strength: Tensor;
  /** g: [B, 1], in (0, 1). */
  readonly gate: Tensor;
  /** s: [B, 2·maxShift + 1], sums to 1; s[j] moves the focus by maxShift − j. */
  readonly shift: Tensor;
  /** γ: [B, 1], above 1. */
  readonly sharpness: Tensor;
  /** e: [B, W], in (0, 1). */
  readonly erase?: Tensor;
  /** a: [B, W], in (−1, 1). */
  readonly add?: Tensor;
}

/** The sizes of a head. */
export interface HeadOptions {
  /** W. */
  readonly wordSize: number;
  /** Farthest shift in one step, at least 0. */
  readonly maxShift: number;
  /** Whether the head writes, and so wants `erase` and `add`. */
  readonly write: boolean;
}

/**
 * Takes the output of a head's linear layer apart and brings every part into its range: key and add by tanh, strength by
 * softplus, gate and erase by sigmoid, shift by softmax, sharpness by 1 + softplus.
 *
 * `x: [B, W + 1 + 1 + S + 1]`, of a write head `[B, … + W + W]`, with S = 2·maxShift + 1, in the order of HeadParameters.
 * Throws a RangeError where the width does not fit. Source: Graves et al. 2014, section 3.3.
 */
export function headParameters(x: Tensor, { wordSize, maxShift, write }: HeadOptions): HeadParameters {
  expectInteger('headParameters', 'wordSize', wordSize, 1);
  expectInteger('headParameters', 'maxShift', maxShift, 0);
  const shifts = 2 * maxShift + 1;
  expectShape('headParameters', 'x', x, -1, wordSize + shifts + 3 + (write ? 2 * wordSize : 0));
  const { runtime } = x;
  const { kernels } = runtime;
  const batch = x.shape[0] as number;
  const [key, strength, gate] = [
    runtime.output([batch, wordSize]),
    runtime.output([batch, 1]),
    runtime.output([batch, 1]),
  ];
  const [shift, sharpness] = [runtime.output([batch, shifts]), runtime.output([batch, 1])];
  const written = write
    ? { erase: runtime.output([batch, wordSize]), add: runtime.output([batch, wordSize]) }
    : undefined;
  const [e, a] = [written?.erase.pointer ?? 0, written?.add.pointer ?? 0];
  const [k, b, g, s, y] = [key.pointer, strength.pointer, gate.pointer, shift.pointer, sharpness.pointer];
  kernels.headParameters(k, b, g, s, y, e, a, x.pointer, batch, wordSize, shifts);
  const outputs = [key, strength, gate, shift, sharpness];
  if (written !== undefined) outputs.push(written.erase, written.add);
  runtime.record('headParameters', [x], outputs, () => {
    const [dk, db, dg, ds, dy] = outputs.map(({ gradPointer }) => gradPointer) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const [de, da] = [written?.erase.gradPointer ?? 0, written?.add.gradPointer ?? 0];
    const dx = runtime.gradient(x);
    kernels.headParametersBackward(dx, dk, db, dg, ds, dy, de, da, k, g, s, e, a, x.pointer, batch, wordSize, shifts);
  });
  return { key, strength, gate, shift, sharpness, ...written };
}

/**
 * Addresses memory by content: `w = softmax over i of β · cos(k, M[i])`.
 *
 * `key: [B, W], strength: [B, 1], memory: [B, N, W] → [B, N]`. Norms below 1e-8 count as 1e-8, as in PyTorch's
 * `cosine_similarity`: a zero key or a zero row gives no NaN, in value or gradient. Throws a RangeError where the sizes do
 * not fit. Source: Graves et al. 2014, eq. 5 and 6.
 */
export function contentWeights(key: Tensor, strength: Tensor, memory: Tensor): Tensor {
  expectShape('contentWeights', 'memory', memory, -1, -1, -1);
  const [batch, rows, columns] = memory.shape as [number, number, number];
  expectShape('contentWeights', 'key', key, batch, columns);
  expectShape('contentWeights', 'strength', strength, batch, 1);
  const { runtime } = memory;
  const { kernels } = runtime;
  const weights = runtime.output([batch, rows]);
  const saved = runtime.allocate(batch * 2 * padded(rows));
  const [w, k, b, m] = [weights.pointer, key.pointer, strength.pointer, memory.pointer];
  kernels.contentWeights(w, saved, k, b, m, batch, rows, columns);
  runtime.record('contentWeights', [key, strength, memory], [weights], () => {
    const [dk, db, dm] = [runtime.gradient(key), runtime.gradient(strength), runtime.gradient(memory)];
    kernels.contentWeightsBackward(dk, db, dm, weights.gradPointer, w, saved, k, b, m, batch, rows, columns);
  });
  return weights;
}

/**
 * Moves the focus from where it was: interpolates `q = g · content + (1 − g) · previous`, shifts around the ring of rows
 * `v[i] = Σⱼ s[j] · q[(i + j − maxShift) mod N]`, and sharpens `w = v^γ / Σ v^γ`.
 *
 * `content: [B, N], previous: [B, N], gate: [B, 1], shift: [B, 2·maxShift + 1], sharpness: [B, 1] → [B, N]`. The power is
 * taken in the logarithm, of numbers not below 1e-30: weights of zero give no NaN, in value or gradient. Throws a
 * RangeError where the sizes do not fit or `shift` has an even width. Source: Graves et al. 2014, eq. 7 to 9.
 */
export function locationWeights(
  content: Tensor,
  previous: Tensor,
  gate: Tensor,
  shift: Tensor,
  sharpness: Tensor,
): Tensor {
  expectShape('locationWeights', 'content', content, -1, -1);
  const [batch, rows] = content.shape as [number, number];
  expectShape('locationWeights', 'previous', previous, batch, rows);
  expectShape('locationWeights', 'gate', gate, batch, 1);
  expectShape('locationWeights', 'shift', shift, batch, -1);
  expectShape('locationWeights', 'sharpness', sharpness, batch, 1);
  const shifts = shift.shape[1] as number;
  if (shifts % 2 === 0) fail('locationWeights', 'shift', 'have an odd number of columns', shift.shape);
  const maxShift = (shifts - 1) / 2;
  const { runtime } = content;
  const { kernels } = runtime;
  const weights = runtime.output([batch, rows]);
  const saved = runtime.allocate((batch + 2) * padded(rows) + 2 * padded(2 * maxShift));
  const [w, c, p] = [weights.pointer, content.pointer, previous.pointer];
  const [g, s, y] = [gate.pointer, shift.pointer, sharpness.pointer];
  kernels.locationWeights(w, saved, c, p, g, s, y, batch, rows, maxShift);
  runtime.record('locationWeights', [content, previous, gate, shift, sharpness], [weights], () => {
    const [dc, dp, dg] = [runtime.gradient(content), runtime.gradient(previous), runtime.gradient(gate)];
    const [ds, dy, dw] = [runtime.gradient(shift), runtime.gradient(sharpness), weights.gradPointer];
    kernels.locationWeightsBackward(dc, dp, dg, ds, dy, dw, w, saved, c, p, g, s, y, batch, rows, maxShift);
  });
  return weights;
}

/** The next multiple of four: kernels save whole vectors. */
function padded(count: number): number {
  return Math.ceil(count / 4) * 4;
}
