// Float64 twins of attention and of the ridge regression.
import type { Similarity } from '../../bindings/ops/attention.js';
import { softmaxReference } from './kernels.js';

/** How a query is compared with a key. */
function similarityReference(a: Float64Array, b: Float64Array, similarity: Similarity): number {
  let [dot, distance, aa, bb] = [0, 0, 0, 0];
  for (let c = 0; c < a.length; c++) {
    dot += a[c]! * b[c]!;
    distance += (a[c]! - b[c]!) ** 2;
    aa += a[c]! ** 2;
    bb += b[c]! ** 2;
  }
  if (similarity === 'dot') return dot;
  return similarity === 'l2' ? -distance : dot / (Math.max(Math.sqrt(aa), 1e-8) * Math.max(Math.sqrt(bb), 1e-8));
}

/** w[i] = softmax over j of β · similarity(q[i], k[j]). */
export function attentionWeightsReference(
  q: Float64Array,
  keys: Float64Array,
  strength: number,
  columns: number,
  similarity: Similarity,
): Float64Array {
  const row = (x: Float64Array, i: number) => x.subarray(i * columns, (i + 1) * columns);
  const [rows, size] = [q.length / columns, keys.length / columns];
  const scores = Float64Array.from({ length: rows * size }, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return strength * similarityReference(row(q, i), row(keys, j), similarity);
  });
  return softmaxReference(scores, size);
}

/** ½‖X − WV‖² + ½λ‖V‖² at the V that minimizes it, and that V: (WᵀW + λI) V = WᵀX by Gauss and Jordan. */
export function ridgeReference(w: Float64Array, x: Float64Array, size: number, columns: number, ridge: number) {
  const rows = w.length / size;
  const width = size + columns;
  const system = Array.from({ length: size }, (_, i) =>
    Float64Array.from({ length: width }, (_, j) => {
      let sum = i === j ? ridge : 0;
      for (let r = 0; r < rows; r++)
        sum += w[r * size + i]! * (j < size ? w[r * size + j]! : x[r * columns + j - size]!);
      return sum;
    }),
  );
  for (let p = 0; p < size; p++) {
    const best = system.reduce(
      (top, row, i) => (i >= p && Math.abs(row[p]!) > Math.abs(system[top]![p]!) ? i : top),
      p,
    );
    [system[p], system[best]] = [system[best]!, system[p]!];
    for (let i = 0; i < size; i++) {
      const factor = system[i]![p]! / system[p]![p]!;
      for (let j = p; i !== p && j < width; j++) system[i]![j]! -= factor * system[p]![j]!;
    }
  }
  const values = Float64Array.from({ length: size * columns }, (_, at) => {
    const i = Math.floor(at / columns);
    return system[i]![size + (at % columns)]! / system[i]![i]!;
  });
  return { values, loss: squaredErrorReference(w, x, values, size, columns) };
}

/** ½‖X − WV‖². */
export function squaredErrorReference(
  w: Float64Array,
  x: Float64Array,
  values: Float64Array,
  size: number,
  columns: number,
): number {
  let total = 0;
  for (const [at, target] of x.entries()) {
    const [r, c] = [Math.floor(at / columns), at % columns];
    let read = 0;
    for (let j = 0; j < size; j++) read += w[r * size + j]! * values[j * columns + c]!;
    total += (target - read) ** 2;
  }
  return total / 2;
}
