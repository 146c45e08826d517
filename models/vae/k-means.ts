// k-means clustering of the rows of a matrix.
import type { Random } from '../../bindings/random.js';
import { fail } from '../../bindings/tensor/check.js';
import { expectRows, type Rows } from '../../bindings/tensor/rows.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { Tensor } from '../../bindings/tensor/tensor.js';
import { allOrNothing, expectRandom, expectRuntime, expectSameRuntime, expectSizes } from '../layers/check-model.js';
import { kMeans as centersOf } from './clusters.js';

/**
 * Clusters rows by k-means: ten rounds of Lloyd's algorithm, from distinct rows drawn at random. `vectorQuantize` tells the nearest center
 * of each row.
 *
 * @param runtime Runtime that computes the distances.
 * @param rows Rows, [N, D]: a tensor or `{ shape, data }`, finite.
 * @param count Number of centers K, from 1 to N.
 * @param random Source of the initial centers.
 * @returns Centers, K·D numbers, row-major.
 * @throws {RangeError} `rows` is empty or not finite, `count` is out of range, or an object belongs to another runtime.
 * @throws {TypeError} An argument is missing or of another kind.
 *
 * @example
 * ```ts
 * import { kMeans, load, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const rows = { shape: [4, 1], data: Float32Array.of(1, 3, 101, 103) };
 * console.log(kMeans(runtime, rows, 2, new Random(runtime, 1)).sort()); // → Float32Array(2) [ 2, 102 ]
 * ```
 */
export function kMeans(runtime: Runtime, rows: Rows, count: number, random: Random): Float32Array {
  expectRuntime('kMeans', 'runtime', runtime);
  expectRandom('kMeans', 'random', random, runtime);
  expectSizes('kMeans', { count });
  if (rows instanceof Tensor) expectSameRuntime('kMeans', 'rows', rows, runtime);
  const { count: available, columns } = expectRows('kMeans', 'rows', rows);
  if (count > available) fail('kMeans', 'count', `be at most the number of rows (${available})`, count);
  const data = rows instanceof Tensor ? rows.toArray() : rows.data;
  return allOrNothing(random, () => centersOf(runtime, data, columns, count, random));
}
