// Entropy of attention weights in bits: 0 if one row gets all the weight, log₂ N if N rows share it equally.

/** Entropy of one distribution. */
export function entropy(weights: ArrayLike<number>): number {
  let bits = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight > 0) bits -= weight * Math.log2(weight);
  }
  return bits;
}

/** Entropy of each row of `weights`: [·, width]. */
export function rowEntropies(weights: Float32Array, width: number): Float32Array {
  return Float32Array.from({ length: weights.length / width }, (_, i) =>
    entropy(weights.subarray(i * width, (i + 1) * width)),
  );
}
