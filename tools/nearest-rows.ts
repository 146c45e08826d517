// Nearest rows by Euclidean distance.
/**
 * Indices of the `k` rows with the smallest Euclidean distance to `point`, nearest first; of equal distances the first
 * row.
 */
export function nearestRows(rows: Iterable<Float32Array>, point: Float32Array, k: number): number[] {
  const found: { index: number; distance: number }[] = [];
  let index = 0;
  for (const row of rows) {
    const distance = squaredDistance(row, point);
    if (found.length < k || distance < (found[k - 1]?.distance ?? Infinity)) {
      if (found.length === k) found.pop();
      const at = found.findIndex((other) => other.distance > distance);
      found.splice(at < 0 ? found.length : at, 0, { index, distance });
    }
    index++;
  }
  return found.map((row) => row.index);
}

/** The rows of a matrix [·, width]. */
export function rowsOf(matrix: Float32Array, width: number): Float32Array[] {
  return Array.from({ length: matrix.length / width }, (_, i) => matrix.subarray(i * width, (i + 1) * width));
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return sum;
}
