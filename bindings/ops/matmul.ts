// Matrix products: matmul, and linear with its weights shared over time steps.

import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import { fail } from '../tensor/check.js';
import { expectRank, expectShape, expectTensor } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';
import { addProductWithWeight, addWeightGradient, multiplyByTransposed } from './shared-weight.js';

/** How the matrices are stored. */
export interface MatmulOptions {
  /** `a` is stored transposed, [..., k, m]. Default false. */
  transposeA?: boolean;
  /** `b` is stored transposed, [..., n, k]. Default false. */
  transposeB?: boolean;
}

/**
 * Matrix product, of matrices or of batches of matrices.
 *
 * `a: [m, k], b: [k, n] → [m, n]`, or with a leading batch dimension on either or both: `[N, m, k] · [N, k, n] → [N, m, n]`;
 * the one without it is used for the whole batch. Throws a RangeError where the sizes do not fit.
 */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: MatmulOptions = {}): Tensor {
  const { batch, m, n, k } = sizes(a, b, transposeA, transposeB);
  const { runtime } = a;
  const y = runtime.output(batch === undefined ? [m, n] : [batch, m, n]);
  const strideA = a.shape.length === 3 ? 4 * m * k : 0;
  const strideB = b.shape.length === 3 ? 4 * k * n : 0;
  const each = (use: (a: number, b: number, y: number) => void): void => {
    for (let i = 0; i < (batch ?? 1); i++) use(i * strideA, i * strideB, i * 4 * m * n);
  };
  const { kernels, arena } = runtime;
  const flags = (transposeA ? TRANSPOSE_A : 0) | (transposeB ? TRANSPOSE_B : 0);
  each((i, j, o) => kernels.matmul(y.pointer + o, a.pointer + i, b.pointer + j, arena.scratch, m, n, k, flags));
  runtime.record('matmul', [a, b], [y], () => {
    const da = runtime.gradient(a);
    const db = runtime.gradient(b);
    const dy = y.gradPointer;
    each((i, j, o) => {
      if (da !== 0) {
        if (transposeA) {
          const how = (transposeB ? TRANSPOSE_A : 0) | TRANSPOSE_B | ACCUMULATE;
          kernels.matmul(da + i, b.pointer + j, dy + o, arena.scratch, k, m, n, how);
        } else {
          const how = (transposeB ? 0 : TRANSPOSE_B) | ACCUMULATE;
          kernels.matmul(da + i, dy + o, b.pointer + j, arena.scratch, m, k, n, how);
        }
      }
      if (db !== 0) {
        if (transposeB) {
          const how = TRANSPOSE_A | (transposeA ? TRANSPOSE_B : 0) | ACCUMULATE;
          kernels.matmul(db + j, dy + o, a.pointer + i, arena.scratch, n, k, m, how);
        } else {
          const how = (transposeA ? 0 : TRANSPOSE_A) | ACCUMULATE;
          kernels.matmul(db + j, a.pointer + i, dy + o, arena.scratch, k, n, m, how);
        }
      }
    });
  });
  return y;
}

/**
 * Affine map `y = x Wᵀ + b`, PyTorch's `F.linear`.
 *
 * `x: [..., I], weight: [O, I], bias: [O] → [..., O]`. Where `weight` is a parameter used several times in a step (a recurrent
 * layer), it is packed once, and its gradient is one matrix product over all uses. Throws a RangeError where the sizes do not fit.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  expectRank('linear', 'x', x, 1);
  const inputs = x.shape.at(-1) as number;
  expectShape('linear', 'weight', weight, -1, inputs);
  const outputs = weight.shape[0] as number;
  if (bias !== undefined) expectShape('linear', 'bias', bias, outputs);
  const { runtime } = x;
  const { kernels } = runtime;
  const rows = inputs === 0 ? 0 : x.size / inputs;
  const y = runtime.output([...x.shape.slice(0, -1), outputs]);
  if (bias !== undefined) kernels.addBias(y.pointer, 0, bias.pointer, rows, outputs);
  multiplyByTransposed(y.pointer, x.pointer, weight, rows, bias !== undefined);
  runtime.record('linear', bias === undefined ? [x, weight] : [x, weight, bias], [y], () => {
    const dx = runtime.gradient(x);
    const dy = y.gradPointer;
    if (dx !== 0) addProductWithWeight(dx, dy, weight, rows);
    addWeightGradient(weight, dy, x.pointer, rows);
    if (bias?.requiresGrad) kernels.biasBackward(runtime.gradient(bias), dy, rows, outputs);
  });
  return y;
}

function sizes(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean) {
  expectMatrices('a', a);
  expectMatrices('b', b);
  const batchA = a.shape.length === 3 ? a.shape[0] : undefined;
  const batchB = b.shape.length === 3 ? b.shape[0] : undefined;
  if (batchA !== undefined && batchB !== undefined && batchA !== batchB) {
    fail('matmul', 'b', `hold a batch of ${batchA}`, b.shape);
  }
  const [rowsA, columnsA] = [a.shape[a.shape.length - 2] as number, a.shape[a.shape.length - 1] as number];
  const [rowsB, columnsB] = [b.shape[b.shape.length - 2] as number, b.shape[b.shape.length - 1] as number];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [depth, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (depth !== k) fail('matmul', 'b', `have ${k} ${transposeB ? 'columns' : 'rows'}, as many as fit a`, b.shape);
  return { batch: batchA ?? batchB, m, n, k };
}

function expectMatrices(name: string, tensor: Tensor): void {
  expectTensor('matmul', name, tensor);
  const rank = tensor.shape.length;
  if (rank !== 2 && rank !== 3) fail('matmul', name, 'have 2 or 3 dimensions', tensor.shape);
}
