// Attention: a soft read of rows by dot product, squared distance or cosine, a block of queries at a time.

import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import { expectNumber, fail } from '../tensor/check.js';
import { expectShape, expectTensor } from '../tensor/check-tensor.js';
import type { Runtime } from '../tensor/runtime.js';
import type { Tensor } from '../tensor/tensor.js';

/** How a query is compared with a key: q·k, −|q − k|², or q·k / (|q| |k|). */
export type Similarity = 'dot' | 'l2' | 'cosine';

/** How queries and keys are compared. */
export interface AttentionOptions {
  /** How a query is compared with a key. Default `dot`. */
  similarity?: Similarity;
  /** β, by which similarities are multiplied: a number, or a tensor of one element. Default 1. */
  strength?: number | Tensor;
}

/** Weights that are worked on together: half a megabyte, which stays in the second-level cache. */
const BLOCK_WEIGHTS = 2 ** 17;
const FEWEST_ROWS = 64;

/**
 * Where every query looks: `softmax over j of β · similarity(q[i], k[j])`.
 *
 * `q: [B, m], keys: [M, m] → [B, M]`. Cosines of vectors shorter than 1e-8 count as if they were that long. Throws a RangeError
 * where the sizes do not fit or β is not finite. Source: Graves et al. 2014, eqs. 5–6; by squared distance, Nadaraya and Watson.
 */
export function attentionWeights(q: Tensor, keys: Tensor, options: AttentionOptions = {}): Tensor {
  const lookup = new Lookup('attentionWeights', q, keys, options);
  const { runtime } = q;
  const w = runtime.output([lookup.rows, lookup.columns]);
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
 * Soft read of values by the similarity of queries and keys: `attentionWeights(q, keys) · values`.
 *
 * `q: [B, m], keys: [M, m], values: [M, n] → [B, n]`; keys and values may be the same tensor. The weights [B, M] are never held as
 * a whole: blocks of rows are computed going forward and again going backward. Throws a RangeError where the sizes do not fit.
 */
export function attention(q: Tensor, keys: Tensor, values: Tensor, options: AttentionOptions = {}): Tensor {
  const lookup = new Lookup('attention', q, keys, options);
  const { columns } = lookup;
  expectShape('attention', 'values', values, columns, -1);
  const n = values.shape[1] as number;
  const { runtime } = q;
  const { kernels, arena } = runtime;
  const y = runtime.output([lookup.rows, n]);
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

/** `similarity` must be one of the three. */
export function expectSimilarity(op: string, similarity: Similarity): void {
  if (!['dot', 'l2', 'cosine'].includes(similarity)) fail(op, 'similarity', 'be dot, l2 or cosine', similarity);
}

/** Queries against keys: weights of a block of rows going forward; gradients of queries, keys and β going backward. */
class Lookup {
  readonly rows: number;
  readonly columns: number;
  /** Rows of a block; it depends on the number of keys alone, so that results do not depend on how work is split. */
  readonly blockRows: number;
  readonly inputs: readonly Tensor[];
  readonly #runtime: Runtime;
  readonly #width: number;
  readonly #strength: Tensor;
  /** What the queries are multiplied by: the keys, or for cosines the keys at length one. */
  readonly #keys: number;
  /** Room for a block of queries at length one, for cosines. */
  readonly #block: number;
  /** What is added to a row of scores: minus the keys' squared lengths, or 0 for nothing. */
  readonly #bias: number;
  readonly #factor: number;
  /** Gradients of what the scores are made of, while going backward. */
  #dkeys = 0;
  #dbias = 0;
  #scores = 0;
  /** What every row adds to the gradient of β, in float64. */
  #totals = 0;

  constructor(
    op: string,
    readonly q: Tensor,
    readonly keys: Tensor,
    { similarity = 'dot', strength = 1 }: AttentionOptions,
  ) {
    expectShape(op, 'q', q, -1, -1);
    [this.rows, this.#width] = q.shape as [number, number];
    expectShape(op, 'keys', keys, -1, this.#width);
    expectSimilarity(op, similarity);
    if (typeof strength === 'number') expectNumber(op, 'strength', strength);
    else {
      expectTensor(op, 'strength', strength);
      if (strength.size !== 1) fail(op, 'strength', 'have exactly one element', strength.shape);
    }
    this.columns = keys.shape[0] as number;
    this.blockRows = Math.min(this.rows, Math.max(FEWEST_ROWS, Math.floor(BLOCK_WEIGHTS / this.columns)));
    this.#runtime = q.runtime;
    this.#strength = typeof strength === 'number' ? this.#runtime.tensor([strength]) : strength;
    this.inputs = [q, keys, this.#strength];
    this.#factor = similarity === 'l2' ? 2 : 1;
    const { kernels } = this.#runtime;
    this.#keys = similarity === 'cosine' ? this.#runtime.allocate(keys.size) : keys.pointer;
    this.#block = similarity === 'cosine' ? this.#runtime.allocate(this.blockRows * this.#width) : 0;
    this.#bias = similarity === 'l2' ? this.#runtime.allocate(this.columns) : 0;
    if (this.#block !== 0) kernels.normalizeRows(this.#keys, keys.pointer, this.columns, this.#width);
    if (this.#bias !== 0) kernels.negativeSquaredNorms(this.#bias, keys.pointer, this.columns, this.#width);
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

  /** Makes room for gradients; returns that for one block's gradients of scores. */
  beginBackward(): number {
    const runtime = this.#runtime;
    for (const input of this.inputs) runtime.gradient(input);
    this.#dkeys = this.#block !== 0 ? this.#zeros(this.keys.size) : runtime.gradient(this.keys);
    this.#dbias = this.#bias !== 0 && this.keys.requiresGrad ? this.#zeros(this.columns) : 0;
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
    if (dstrength !== 0 || this.#dbias !== 0) {
      kernels.attentionWeightsSums(this.#dbias, dstrength, dz, totals, factor, rows, columns);
    }
    if (this.#dkeys !== 0) {
      const queries = this.#queries(row, rows);
      kernels.matmul(this.#dkeys, dz, queries, arena.scratch, columns, width, rows, TRANSPOSE_A | ACCUMULATE);
    }
    const dq = this.#runtime.gradient(this.q);
    if (dq === 0) return;
    const offset = 4 * row * width;
    if (this.#block === 0) {
      kernels.matmul(dq + offset, dz, this.#keys, arena.scratch, rows, width, columns, ACCUMULATE);
    } else {
      kernels.matmul(this.#block, dz, this.#keys, arena.scratch, rows, width, columns, 0);
      kernels.normalizeRowsBackward(dq + offset, this.#block, this.q.pointer + offset, rows, width);
    }
  }

  endBackward(): void {
    const { kernels } = this.#runtime;
    const dkeys = this.#runtime.gradient(this.keys);
    if (dkeys === 0) return;
    const { pointer } = this.keys;
    if (this.#dbias !== 0) {
      kernels.negativeSquaredNormsBackward(dkeys, this.#dbias, pointer, this.columns, this.#width);
    } else if (this.#dkeys !== dkeys) {
      kernels.normalizeRowsBackward(dkeys, this.#dkeys, pointer, this.columns, this.#width);
    }
  }

  #score(s: number, row: number, rows: number): void {
    const { kernels, arena } = this.#runtime;
    kernels.matmul(
      s,
      this.#queries(row, rows),
      this.#keys,
      arena.scratch,
      rows,
      this.columns,
      this.#width,
      TRANSPOSE_B,
    );
  }

  /** Address of a block of queries, for cosines at length one. */
  #queries(row: number, rows: number): number {
    const queries = this.q.pointer + 4 * row * this.#width;
    if (this.#block === 0) return queries;
    this.#runtime.kernels.normalizeRows(this.#block, queries, rows, this.#width);
    return this.#block;
  }

  #zeros(count: number): number {
    const address = this.#runtime.allocate(count);
    this.#runtime.arena.zero(address, count);
    return address;
  }
}
