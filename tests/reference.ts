// Float64 twins of the kernels: the plainest code that follows the definition.

/** Softmax over rows of `columns` numbers. */
export function softmaxReference(x: Float64Array, columns: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += columns) {
    const part = x.subarray(row, row + columns);
    const top = part.reduce((a, b) => Math.max(a, b), -Infinity);
    const powers = part.map((value) => Math.exp(value - top));
    const total = powers.reduce((a, b) => a + b, 0);
    for (let i = 0; i < columns; i++) y[row + i] = powers[i]! / total;
  }
  return y;
}
