// Initial keys of a fit.
import type { Random } from '../../bindings/random.js';
import { type Rows, rowsOf } from '../../bindings/tensor/rows.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import type { FitOptions } from './options.js';

/** Small enough that the initial attention is nearly uniform. */
const INITIAL_STD = 0.01;

/** Sets the keys as `FitOptions.initialKeys` says. */
export function setInitialKeys(keys: Tensor, Q: Rows, init: Required<FitOptions>['initialKeys'], random: Random): void {
  if (init === 'random') random.fillNormal(keys, 0, INITIAL_STD);
  else keys.set(init === 'rows' ? someRows(keys, Q, random) : init);
}

/** Distinct rows of Q, as many as there are keys. */
function someRows({ runtime, shape, size }: Tensor, Q: Rows, random: Random): Float32Array {
  const [memorySize, keySize] = shape as [number, number];
  const picked = new Float32Array(size);
  const order = random.permutation(Q.shape[0] as number).subarray(0, memorySize);
  for (const [i, row] of order.entries()) {
    picked.set(
      runtime.step(() => rowsOf(runtime, Q, row, 1).toArray()),
      i * keySize,
    );
  }
  return picked;
}
