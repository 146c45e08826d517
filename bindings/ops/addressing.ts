// Addressing of a memory by a head: head parameters, content weights, location weights.

import { kernelsOf, sequenceKernels } from '../engine/families.js';
import { expectBoolean, expectInteger, expectOptions, fail, type OptionKeys } from '../tensor/check.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** A head's parameters at one time step; only a write head has `erase` and `add`. */
export interface HeadParameters {
  /** Key k: [B, W], in (−1, 1). */
  readonly key: Tensor;
  /** Key strength β: [B, 1], > 0. */
  readonly strength: Tensor;
  /** Interpolation gate g: [B, 1], in (0, 1). */
  readonly gate: Tensor;
  /** Shift weights s: [B, 2·maxShift + 1], sum to 1; s[j] shifts the focus by maxShift − j. */
  readonly shift: Tensor;
  /** Sharpness γ: [B, 1], > 1. */
  readonly sharpness: Tensor;
  /** Erase vector e: [B, W], in (0, 1). */
  readonly erase?: Tensor;
  /** Add vector a: [B, W], in (−1, 1). */
  readonly add?: Tensor;
}

/** Options of headParameters, all required. */
export interface HeadOptions {
  /** Memory row width W, ≥ 1. */
  readonly wordSize: number;
  /** Maximum shift per step, ≥ 0. */
  readonly maxShift: number;
  /** Include `erase` and `add`, for a write head. */
  readonly write: boolean;
}

const HEAD_OPTIONS: OptionKeys<HeadOptions> = { wordSize: true, maxShift: true, write: true };

/**
 * Splits a head's linear output and applies each parameter's activation: tanh to key and add, softplus to strength,
 * sigmoid to gate and erase, softmax to shift, 1 + softplus to sharpness.
 *
 * @param x Linear output, in the order of HeadParameters: [B, W + 2·maxShift + 4], for a write head
 * [B, 3·W + 2·maxShift + 4].
 * @param options Sizes and kind of the head.
 * @returns The parameters of the head.
 * @throws {RangeError} `x` does not have that width, or a size is out of its range.
 * @throws {TypeError} An option is missing, unknown or of the wrong type.
 * @example
 * ```ts
 * import { headParameters, load } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const x = runtime.zeros([1, 9]);
 *   const { key, gate } = headParameters(x, { wordSize: 3, maxShift: 1, write: false });
 *   console.log(key.shape, gate.item()); // → [ 1, 3 ] 0.5
 * });
 * ```
 *
 * @see Graves et al. 2014, section 3.3.
 */
export function headParameters(x: Tensor, options: HeadOptions): HeadParameters {
  const { wordSize, maxShift, write } = expectOptions('headParameters', options, HEAD_OPTIONS);
  expectInteger('headParameters', 'wordSize', wordSize, 1);
  expectInteger('headParameters', 'maxShift', maxShift, 0);
  expectBoolean('headParameters', 'write', write);
  const shifts = 2 * maxShift + 1;
  const widths = [wordSize, 1, 1, shifts, 1, ...(write ? [wordSize, wordSize] : [])];
  expectShape('headParameters', 'x', x, -1, wordSize + shifts + 3 + (write ? 2 * wordSize : 0));
  const { runtime } = x;
  const kernels = kernelsOf('headParameters', sequenceKernels, runtime);
  const batch = x.dims[0] as number;
  const outputs = widths.map((width) => runtime.output([batch, width])) as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const [key, strength, gate, shift, sharpness, erase, add] = outputs as [...typeof outputs, Tensor?, Tensor?];
  const [k, b, g, s, y] = [key.pointer, strength.pointer, gate.pointer, shift.pointer, sharpness.pointer];
  const [e, a] = [erase?.pointer ?? 0, add?.pointer ?? 0];
  kernels.headParameters(k, b, g, s, y, e, a, x.pointer, batch, wordSize, shifts);
  runtime.record('headParameters', [x], outputs, () => {
    const [dk, db, dg] = [key.gradPointer, strength.gradPointer, gate.gradPointer];
    const [ds, dy] = [shift.gradPointer, sharpness.gradPointer];
    const [de, da] = [erase?.gradPointer ?? 0, add?.gradPointer ?? 0];
    const dx = runtime.gradient(x);
    kernels.headParametersBackward(dx, dk, db, dg, ds, dy, de, da, k, g, s, e, a, x.pointer, batch, wordSize, shifts);
  });
  return { key, strength, gate, shift, sharpness, ...(erase && add && { erase, add }) };
}

/**
 * Computes content-based attention weights over the memory rows: `w = softmax over i of β · cos(k, M[i])`.
 *
 * Norms below 1e-8 count as 1e-8, as in PyTorch's `cosine_similarity`: zero keys and zero rows give finite values and
 * gradients.
 *
 * @param key Key k: [B, W].
 * @param strength Key strength β: [B, 1].
 * @param memory Memory M: [B, N, W].
 * @returns The weights w: [B, N].
 * @throws {RangeError} The shapes do not fit.
 * @example
 * ```ts
 * import { contentWeights, load } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const memory = runtime.tensor([1, 0, 0, 1], [1, 2, 2]);
 *   const [key, strength] = [runtime.tensor([0, 2], [1, 2]), runtime.tensor([50], [1, 1])];
 *   const weights = contentWeights(key, strength, memory).toArray();
 *   console.log(weights.map(Math.round)); // → Float32Array(2) [ 0, 1 ]
 * });
 * ```
 *
 * @see Graves et al. 2014, eq. 5 and 6.
 */
export function contentWeights(key: Tensor, strength: Tensor, memory: Tensor): Tensor {
  expectShape('contentWeights', 'memory', memory, -1, -1, -1);
  const [batch, rows, columns] = memory.dims as [number, number, number];
  expectShape('contentWeights', 'key', key, batch, columns);
  expectShape('contentWeights', 'strength', strength, batch, 1);
  const { runtime } = memory;
  const kernels = kernelsOf('contentWeights', sequenceKernels, runtime);
  const weights = runtime.output([batch, rows]);
  const saved = runtime.allocate(batch * 2 * padded(rows));
  const [w, k, b, m] = [weights.pointer, key.pointer, strength.pointer, memory.pointer];
  const forward = () => kernels.contentWeights(w, saved, k, b, m, batch, rows, columns);
  forward();
  let overwritten = false;
  runtime.record('contentWeights', [key, strength, memory], [weights], () => {
    // The kernel overwrites `saved`: another pass over a retained graph computes it again.
    if (overwritten) forward();
    overwritten = true;
    const [dk, db, dm] = [runtime.gradient(key), runtime.gradient(strength), runtime.gradient(memory)];
    kernels.contentWeightsBackward(dk, db, dm, weights.gradPointer, w, saved, k, b, m, batch, rows, columns);
  });
  return weights;
}

/**
 * Computes location-based weights from content weights and the previous weights: interpolates
 * `q = g · content + (1 − g) · previous`, convolves circularly with the shift weights
 * `v[i] = Σⱼ s[j] · q[(i + j − maxShift) mod N]`, and sharpens `w = v^γ / Σ v^γ`.
 *
 * The power is computed as exp(γ · ln max(v, 1e-30)): zero weights give finite values and gradients.
 *
 * @param content Content weights: [B, N].
 * @param previous Weights of the previous time step: [B, N].
 * @param gate Interpolation gate g: [B, 1].
 * @param shift Shift weights s: [B, 2·maxShift + 1].
 * @param sharpness Sharpness γ: [B, 1].
 * @returns The weights w: [B, N].
 * @throws {RangeError} The shapes do not fit, or `shift` has an even number of columns.
 * @example
 * ```ts
 * import { load, locationWeights } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const [content, previous] = [runtime.zeros([1, 4]), runtime.tensor([1, 0, 0, 0], [1, 4])];
 *   const [gate, sharpness] = [runtime.zeros([1, 1]), runtime.tensor([2], [1, 1])];
 *   const shift = runtime.tensor([1, 0, 0], [1, 3]); // by +1
 *   const weights = locationWeights(content, previous, gate, shift, sharpness);
 *   console.log(weights.toArray()); // → Float32Array(4) [ 0, 1, 0, 0 ]
 * });
 * ```
 *
 * @see Graves et al. 2014, eq. 7 to 9.
 */
export function locationWeights(
  content: Tensor,
  previous: Tensor,
  gate: Tensor,
  shift: Tensor,
  sharpness: Tensor,
): Tensor {
  expectShape('locationWeights', 'content', content, -1, -1);
  const [batch, rows] = content.dims as [number, number];
  expectShape('locationWeights', 'previous', previous, batch, rows);
  expectShape('locationWeights', 'gate', gate, batch, 1);
  expectShape('locationWeights', 'shift', shift, batch, -1);
  expectShape('locationWeights', 'sharpness', sharpness, batch, 1);
  const shifts = shift.dims[1] as number;
  if (shifts % 2 === 0) fail('locationWeights', 'shift', 'have an odd number of columns', shift.dims);
  const maxShift = (shifts - 1) / 2;
  const { runtime } = content;
  const kernels = kernelsOf('locationWeights', sequenceKernels, runtime);
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

/** `count` rounded up to a multiple of four: kernels save whole vectors. */
function padded(count: number): number {
  return Math.ceil(count / 4) * 4;
}
