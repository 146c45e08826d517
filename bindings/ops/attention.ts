// Attention: a soft read of rows by dot product, squared distance or cosine, a block of queries at a time.

import { attentionKernels, kernelsOf } from '../engine/families.js';
import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Runtime } from '../tensor/runtime.js';
import type { Tensor } from '../tensor/tensor.js';
import { type AttentionOptions, expectComparison, type Similarity } from './comparison.js';

export type { AttentionOptions, Similarity } from './comparison.js';
/** @internal */
export { expectSimilarity } from './comparison.js';

/** Weights of a block of queries: half a megabyte, which stays in the second-level cache. */
const BLOCK_WEIGHTS = 2 ** 17;
const MIN_BLOCK_ROWS = 64;
/**
 * Keys up to this width are compared element by element, which is exact however far they spread; wider ones by a matrix
 * product.
 */
const NARROW = 8;

/**
 * Computes attention weights: `softmax over j of β · similarity(q[i], keys[j])`.
 *
 * Vectors shorter than 1e-8 count as that long in cosines. Squared distances do not depend on where the vectors lie.
 *
 * @param q Queries, [B, m].
 * @param keys Keys, [M, m].
 * @param options Similarity and inverse temperature.
 * @returns Weights, [B, M]; every row sums to 1.
 * @throws {RangeError} The shapes do not match, `similarity` is unknown, or `strength` is not finite or not one
 * element.
 * @throws {TypeError} An option is unknown.
 *
 * @example
 * ```ts
 * import { attentionWeights, load } from 'tapehead';
 *
 * const runtime = await load();
 * const keys = runtime.tensor([2000, 2001, 2002], [3, 1]);
 * const weights = runtime.noGrad(() => {
 *   const q = runtime.tensor([2000.2], [1, 1]);
 *   return attentionWeights(q, keys, { similarity: 'l2' }).toArray();
 * });
 * console.log(Array.from(weights, (w) => w.toFixed(2)).join(' ')); // → 0.63 0.35 0.03
 * ```
 *
 * @see Graves et al. 2014, eqs. 5–6; by squared distance, Nadaraya 1964 and Watson 1964.
 */
export function attentionWeights(q: Tensor, keys: Tensor, options: AttentionOptions = {}): Tensor {
  const comparison = expectComparison('attentionWeights', q, keys, options);
  const { runtime } = q;
  kernelsOf('attentionWeights', attentionKernels, runtime);
  const w = runtime.output([q.dims[0] as number, keys.dims[0] as number]);
  const lookup = new Lookup(q, keys, comparison);
  lookup.eachBlock((row, rows) => lookup.forward(w.pointer + 4 * row * lookup.columns, row, rows));
  runtime.record('attentionWeights', lookup.inputs, [w], () => {
    const { columns } = lookup;
    const dz = lookup.beginBackward();
    lookup.eachBlock((row, rows) => {
      const offset = 4 * row * columns;
      lookup.backward(dz, w.gradPointer + offset, w.pointer + offset, row, rows);
    });
    lookup.endBackward();
  });
  return w;
}

/**
 * Reads values softly by the similarity of queries and keys: `attentionWeights(q, keys) · values`.
 *
 * Weights are computed in blocks of rows, forward and again backward, so that [B, M] is never stored.
 *
 * @param q Queries, [B, m].
 * @param keys Keys, [M, m].
 * @param values Values, [M, n]; may be the same tensor as `keys`.
 * @param options Similarity and inverse temperature.
 * @returns Weighted means of the values, [B, n].
 * @throws {RangeError} The shapes do not match, `similarity` is unknown, or `strength` is not finite or not one
 * element.
 * @throws {TypeError} An option is unknown.
 *
 * @example
 * ```ts
 * import { attention, load } from 'tapehead';
 *
 * const runtime = await load();
 * const keys = runtime.tensor([0, 1, 2], [3, 1]);
 * const values = runtime.tensor([10, 20, 30], [3, 1]);
 * const read = runtime.noGrad(() => {
 *   const q = runtime.tensor([1.1], [1, 1]);
 *   return attention(q, keys, values, { similarity: 'l2', strength: 50 }).item();
 * });
 * console.log(read.toFixed(3)); // → 20.000
 * ```
 *
 * @see Graves et al. 2014, eqs. 2, 5 and 6.
 */
export function attention(q: Tensor, keys: Tensor, values: Tensor, options: AttentionOptions = {}): Tensor {
  const comparison = expectComparison('attention', q, keys, options);
  const columns = keys.dims[0] as number;
  expectShape('attention', 'values', values, columns, -1);
  const n = values.dims[1] as number;
  const { runtime } = q;
  const { arena } = runtime;
  const kernels = kernelsOf('attention', attentionKernels, runtime);
  const y = runtime.output([q.dims[0] as number, n]);
  const lookup = new Lookup(q, keys, comparison);
  const single = lookup.blockRows >= lookup.rows && runtime.recording(...lookup.inputs, values);
  const w = runtime.allocate(lookup.blockRows * columns);
  lookup.eachBlock((row, rows) => {
    lookup.forward(w, row, rows);
    kernels.matmul(y.pointer + 4 * row * n, w, values.pointer, arena.scratch, rows, n, columns, 0);
  });
  runtime.record('attention', [...lookup.inputs, values], [y], () => {
    const dvalues = runtime.gradient(values);
    const dz = lookup.beginBackward();
    const dw = runtime.allocate(lookup.blockRows * columns);
    const again = single ? w : runtime.allocate(lookup.blockRows * columns);
    lookup.eachBlock((row, rows) => {
      const dy = y.gradPointer + 4 * row * n;
      if (!single) lookup.forward(again, row, rows);
      if (dvalues !== 0) {
        kernels.matmul(dvalues, again, dy, arena.scratch, columns, n, rows, TRANSPOSE_A | ACCUMULATE);
      }
      kernels.matmul(dw, dy, values.pointer, arena.scratch, rows, columns, n, TRANSPOSE_B);
      lookup.backward(dz, dw, again, row, rows);
    });
    lookup.endBackward();
  });
  return y;
}

/**
 * Queries against keys: weights of a block of rows going forward; gradients of queries, keys and β going backward.
 *
 * Squared distances are taken of vectors less the mean of the keys, a point that softmax and gradients do not see: away
 * from 0 the difference of |k|² and 2·q·k would lose their digits.
 */
class Lookup {
  readonly rows: number;
  readonly columns: number;
  /** Rows of a block; depends on the number of keys alone, so that results do not depend on how work is split. */
  readonly blockRows: number;
  readonly inputs: readonly Tensor[];
  readonly #runtime: Runtime;
  readonly #width: number;
  readonly #similarity: Similarity;
  readonly #strength: Tensor;
  /** What the queries are multiplied by: the keys, centred for distances, of length one for cosines. */
  readonly #keys: number;
  /** Room for a block of queries, centred or of length one; 0 for dot products. */
  readonly #block: number;
  /** Minus the mean of the keys. */
  readonly #center: number;
  /** Keys as they are, transposed, if distances are taken element by element. */
  readonly #transposed: number;
  /** What is added to a row of scores, minus the keys' squared lengths, or 0. */
  readonly #bias: number;
  readonly #factor: number;
  /** Gradients of what the scores are made of, while going backward. */
  #dkeys = 0;
  /** Sums of the scores' gradients over all rows. */
  #dscores = 0;
  #scores = 0;
  /** What every row adds to the gradient of β, in float64. */
  #totals = 0;

  constructor(
    readonly q: Tensor,
    readonly keys: Tensor,
    { similarity, strength }: Required<AttentionOptions>,
  ) {
    [this.rows, this.#width] = q.dims as [number, number];
    this.columns = keys.dims[0] as number;
    this.blockRows = Math.min(this.rows, Math.max(MIN_BLOCK_ROWS, Math.floor(BLOCK_WEIGHTS / this.columns)));
    const runtime = q.runtime;
    this.#runtime = runtime;
    this.#similarity = similarity;
    this.#strength = typeof strength === 'number' ? runtime.tensor([strength]) : strength;
    this.inputs = [q, keys, this.#strength];
    const [plain, distances] = [similarity === 'dot', similarity === 'l2'];
    const narrow = distances && this.#width <= NARROW;
    this.#factor = distances ? 2 : 1;
    this.#keys = plain ? keys.pointer : runtime.allocate(keys.size);
    this.#block = plain ? 0 : runtime.allocate(this.blockRows * this.#width);
    this.#center = distances ? runtime.allocate(this.#width) : 0;
    this.#transposed = narrow ? runtime.allocate(keys.size) : 0;
    this.#bias = distances && !narrow ? runtime.allocate(this.columns) : 0;
    this.#prepareKeys();
  }

  eachBlock(use: (row: number, rows: number) => void): void {
    for (let row = 0; row < this.rows; row += this.blockRows) use(row, Math.min(this.blockRows, this.rows - row));
  }

  /** Weights of the block, at w. */
  forward(w: number, row: number, rows: number): void {
    this.#score(w, row, rows);
    const { kernels } = this.#runtime;
    kernels.attentionWeights(w, w, this.#bias, this.#strength.pointer, this.#factor, rows, this.columns);
  }

  /** Allocates gradients; returns the address for one block's gradients of scores. */
  beginBackward(): number {
    const runtime = this.#runtime;
    for (const input of this.inputs) runtime.gradient(input);
    this.#dkeys = this.#similarity === 'cosine' ? this.#zeros(this.keys.size) : runtime.gradient(this.keys);
    this.#dscores = this.#similarity === 'l2' && this.keys.requiresGrad ? this.#zeros(this.columns) : 0;
    this.#scores = this.#strength.requiresGrad ? runtime.allocate(this.blockRows * this.columns) : 0;
    this.#totals = this.#strength.requiresGrad ? runtime.allocate(2 * this.blockRows) : 0;
    return runtime.allocate(this.blockRows * this.columns);
  }

  /** From the gradient of the block's weights to those of queries, keys and β. */
  backward(dz: number, dw: number, w: number, row: number, rows: number): void {
    const { kernels, arena } = this.#runtime;
    const [columns, width] = [this.columns, this.#width];
    const dstrength = this.#runtime.gradient(this.#strength);
    if (dstrength !== 0) this.#score(this.#scores, row, rows);
    const [strength, factor] = [this.#strength.pointer, this.#factor];
    const [scores, bias, totals] = [this.#scores, this.#bias, this.#totals];
    kernels.attentionWeightsBackward(dz, totals, dw, w, scores, bias, strength, factor, rows, columns);
    if (dstrength !== 0) kernels.addTotals(dstrength, totals, rows);
    if (this.#dscores !== 0) kernels.biasBackward(this.#dscores, dz, rows, columns);
    if (this.#dkeys !== 0) {
      const queries = this.#queries(row, rows);
      kernels.matmul(this.#dkeys, dz, queries, arena.scratch, columns, width, rows, TRANSPOSE_A | ACCUMULATE);
    }
    const dq = this.#runtime.gradient(this.q);
    if (dq === 0) return;
    const offset = 4 * row * width;
    if (this.#similarity === 'cosine') {
      kernels.matmul(this.#block, dz, this.#keys, arena.scratch, rows, width, columns, 0);
      kernels.normalizeRowsBackward(dq + offset, this.#block, this.q.pointer + offset, rows, width);
    } else {
      kernels.matmul(dq + offset, dz, this.#keys, arena.scratch, rows, width, columns, ACCUMULATE);
    }
  }

  endBackward(): void {
    const { kernels } = this.#runtime;
    const dkeys = this.#runtime.gradient(this.keys);
    if (dkeys === 0) return;
    const [columns, width] = [this.columns, this.#width];
    if (this.#similarity === 'cosine') {
      kernels.normalizeRowsBackward(dkeys, this.#dkeys, this.keys.pointer, columns, width);
    } else if (this.#dscores !== 0) {
      kernels.subtractWeightedRows(dkeys, this.#dscores, this.#keys, columns, width);
    }
  }

  #prepareKeys(): void {
    const { kernels } = this.#runtime;
    const { pointer } = this.keys;
    const [columns, width] = [this.columns, this.#width];
    if (this.#similarity === 'cosine') kernels.normalizeRows(this.#keys, pointer, columns, width);
    if (this.#similarity !== 'l2') return;
    kernels.sum(this.#center, pointer, 1, columns, width, -1 / columns);
    kernels.addBias(this.#keys, pointer, this.#center, columns, width);
    if (this.#transposed !== 0) kernels.transpose(this.#transposed, pointer, 1, columns, width, false);
    else kernels.negativeSquaredNorms(this.#bias, this.#keys, columns, width);
  }

  #score(s: number, row: number, rows: number): void {
    const { kernels, arena } = this.#runtime;
    const [columns, width] = [this.columns, this.#width];
    if (this.#transposed !== 0) {
      kernels.halfSquaredDistances(s, this.q.pointer + 4 * row * width, this.#transposed, rows, columns, width);
    } else {
      kernels.matmul(s, this.#queries(row, rows), this.#keys, arena.scratch, rows, columns, width, TRANSPOSE_B);
    }
  }

  /** Address of a block of queries: as they are, centred, or of length one. */
  #queries(row: number, rows: number): number {
    const queries = this.q.pointer + 4 * row * this.#width;
    const { kernels } = this.#runtime;
    if (this.#similarity === 'dot') return queries;
    if (this.#similarity === 'l2') kernels.addBias(this.#block, queries, this.#center, rows, this.#width);
    else kernels.normalizeRows(this.#block, queries, rows, this.#width);
    return this.#block;
  }

  #zeros(count: number): number {
    const address = this.#runtime.allocate(count);
    this.#runtime.arena.zero(address, count);
    return address;
  }
}
