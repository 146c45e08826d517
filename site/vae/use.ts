// Use of the memory: the share of reads of each row, and the effective number of rows.
import { entropy } from '../../tools/entropy.js';

export interface Use {
  /** Share of reads of each row; they sum to 1. */
  readonly shares: Float32Array;
  /** Effective number of rows in use: 2 to the entropy of the shares. */
  readonly inUse: number;
}

/** Computes the use of `rows` rows from the weights of all reads. */
export function useOf(weights: readonly Float32Array[], rows: number): Use {
  const shares = new Float32Array(rows);
  const reads = weights.reduce((sum, { length }) => sum + length, 0) / rows;
  for (const part of weights) {
    for (const [i, weight] of part.entries()) shares[i % rows] = (shares[i % rows] as number) + weight / reads;
  }
  return { shares, inUse: 2 ** entropy(shares) };
}
