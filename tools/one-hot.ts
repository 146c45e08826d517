// One-hot encoding.

/** One-hot rows: [indices.length, width]. */
export function oneHot(indices: ArrayLike<number>, width: number): Float32Array {
  const rows = new Float32Array(indices.length * width);
  for (let i = 0; i < indices.length; i++) rows[i * width + (indices[i] as number)] = 1;
  return rows;
}
