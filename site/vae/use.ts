// How the memory is used: how much of the reading each row gets, and over how many a single read spreads.

export interface Use {
  /** Each row's share of all reads; their sum is 1. */
  readonly shares: Float32Array;
  /** As how many rows, each read as much as the others, the shares come to: 2 to their entropy. */
  readonly inUse: number;
}

/** The use of `rows` rows by reads, a row of weights each. */
export function useOf(weights: readonly Float32Array[], rows: number): Use {
  const shares = new Float32Array(rows);
  const reads = weights.reduce((sum, { length }) => sum + length, 0) / rows;
  for (const part of weights) {
    for (const [i, weight] of part.entries()) shares[i % rows] = (shares[i % rows] as number) + weight / reads;
  }
  return { shares, inUse: 2 ** entropy(shares) };
}

/** Bits of entropy of each row of `weights`, rows of `width` numbers. */
export function entropies(weights: Float32Array, width: number): Float32Array {
  return Float32Array.from({ length: weights.length / width }, (_, i) =>
    entropy(weights.subarray(i * width, (i + 1) * width)),
  );
}

/** Reads of one row each, as weights. */
export function oneHot(codes: Uint32Array, rows: number): Float32Array {
  const weights = new Float32Array(codes.length * rows);
  for (const [i, code] of codes.entries()) weights[i * rows + code] = 1;
  return weights;
}

function entropy(weights: Float32Array): number {
  return weights.reduce((bits, weight) => (weight > 0 ? bits - weight * Math.log2(weight) : bits), 0);
}
