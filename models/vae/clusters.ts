// Rows in clusters: k-means, and what it shares with the moving averages of codes.
import { vectorQuantize } from '../../bindings/ops/vector-quantize.js';
import type { Random } from '../../bindings/random.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';

const ROUNDS = 10;

/** `count` centres of rows of `width` numbers, by k-means from rows drawn at random; at least `count` rows. */
export function kMeans(runtime: Runtime, rows: Float32Array, width: number, count: number, random: Random) {
  const order = random.permutation(rows.length / width);
  let centers = new Float32Array(count * width);
  for (let j = 0; j < count; j++) {
    const row = order[j] as number;
    centers.set(rows.subarray(row * width, (row + 1) * width), j * width);
  }
  for (let round = 0; round < ROUNDS; round++) {
    centers = means(centers, rows, nearest(runtime, rows, width, centers), width);
  }
  return centers;
}

/** The place of the centre nearest to every row. */
export function nearest(runtime: Runtime, rows: Float32Array, width: number, centers: Float32Array): Uint32Array {
  return runtime.noGrad(() => {
    const matrix = (data: Float32Array) => runtime.tensor(data, [data.length / width, width]);
    return vectorQuantize(matrix(rows), matrix(centers)).codes;
  });
}

/** The mean of the rows of every centre; a centre without rows stays. */
function means(centers: Float32Array, rows: Float32Array, chosen: Uint32Array, width: number) {
  const [sums, counts] = sumsByCode(rows, chosen, centers.length / width, width);
  return centers.map((center, i) => {
    const count = counts[Math.floor(i / width)] as number;
    return count > 0 ? (sums[i] as number) / count : center;
  });
}

/** Sums and numbers of the rows that chose each code. */
export function sumsByCode(
  rows: Float32Array,
  chosen: Uint32Array,
  size: number,
  width: number,
): [Float64Array, Float64Array] {
  const sums = new Float64Array(size * width);
  const counts = new Float64Array(size);
  for (const [row, code] of chosen.entries()) {
    counts[code] = (counts[code] as number) + 1;
    for (let c = 0; c < width; c++) {
      sums[code * width + c] = (sums[code * width + c] as number) + (rows[row * width + c] as number);
    }
  }
  return [sums, counts];
}
