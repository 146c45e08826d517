// How queries are compared with keys, and the checks of it.
import { expectNumber, expectOneOf, expectOptions, fail, type OptionKeys } from '../tensor/check.js';
import { expectShape, expectTensor } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** How a query is compared with a key: q·k, −|q − k|², or q·k / (|q| |k|). */
export type Similarity = 'dot' | 'l2' | 'cosine';

/** Options of `attention` and `attentionWeights`. */
export interface AttentionOptions {
  /** Similarity of a query and a key: `'dot'`, `'l2'` or `'cosine'`. Default `'dot'`. */
  similarity?: Similarity;
  /** Inverse temperature β: a finite number, or a tensor of one element. Default 1. */
  strength?: number | Tensor;
}

const OPTIONS: OptionKeys<AttentionOptions> = { similarity: true, strength: true };
const SIMILARITIES = ['dot', 'l2', 'cosine'] as const;

/** @internal `similarity` must be one of the three. */
export function expectSimilarity(op: string, similarity: Similarity): void {
  expectOneOf(op, 'similarity', similarity, SIMILARITIES);
}

/** Checks queries, keys and options, and returns the options in full. */
export function expectComparison(
  op: string,
  q: Tensor,
  keys: Tensor,
  options: AttentionOptions,
): Required<AttentionOptions> {
  const { similarity = 'dot', strength = 1 } = expectOptions(op, options, OPTIONS);
  expectShape(op, 'q', q, -1, -1);
  expectShape(op, 'keys', keys, -1, q.dims[1] as number);
  expectSimilarity(op, similarity);
  if (typeof strength === 'number') expectNumber(op, 'strength', strength);
  else {
    expectTensor(op, 'strength', strength);
    if (strength.size !== 1) fail(op, 'strength', 'have exactly one element', strength.dims);
  }
  return { similarity, strength };
}
