// Matrix products: matmul, and linear with weights shared over time steps.

import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import { expectBoolean, expectOptions, fail, type OptionKeys } from '../tensor/check.js';
import { expectRank, expectShape, expectTensor } from '../tensor/check-tensor.js';
import { sizeOf } from '../tensor/shape.js';
import { factorsRead } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { addProductWithWeight, addWeightGradient, multiplyByTransposed } from './shared-weight.js';

/** Options of matmul. */
export interface MatmulOptions {
  /** Multiply by the transpose of `a`, which then has shape [..., k, m]. Default false. */
  transposeA?: boolean;
  /** Multiply by the transpose of `b`, which then has shape [..., n, k]. Default false. */
  transposeB?: boolean;
}

const OPTIONS: OptionKeys<MatmulOptions> = { transposeA: true, transposeB: true };

/**
 * Computes the product of two matrices, or of batches of matrices.
 *
 * @param a Left operand: [m, k] or a batch [N, m, k].
 * @param b Right operand: [k, n] or a batch [N, k, n]. A single matrix is used for the whole batch of the other.
 * @param options Transposed operands.
 * @returns The product: [m, n], or [N, m, n] if an operand is a batch.
 * @throws {RangeError} An operand does not have 2 or 3 dimensions, or the shapes do not fit.
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @example
 * ```ts
 * import { load, matmul } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const a = runtime.tensor([1, 2, 3, 4], [2, 2]);
 *   const b = runtime.tensor([1, 1], [1, 2]);
 *   console.log(matmul(a, b, { transposeB: true }).toArray()); // → Float32Array(2) [ 3, 7 ]
 * });
 * ```
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA, transposeB } = expectTransposes(options);
  const { batch, m, n, k, strideA, strideB } = sizes(a, b, transposeA, transposeB);
  const { runtime } = a;
  const y = runtime.output(batch === undefined ? [m, n] : [batch, m, n]);
  const each = (use: (a: number, b: number, y: number) => void): void => {
    for (let i = 0; i < (batch ?? 1); i++) use(i * strideA, i * strideB, i * 4 * m * n);
  };
  const { kernels, arena } = runtime;
  const flags = (transposeA ? TRANSPOSE_A : 0) | (transposeB ? TRANSPOSE_B : 0);
  each((i, j, o) => kernels.matmul(y.pointer + o, a.pointer + i, b.pointer + j, arena.scratch, m, n, k, flags));
  runtime.record(
    'matmul',
    [a, b],
    [y],
    () => {
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
    },
    () => factorsRead(a, b),
  );
  return y;
}

/**
 * Computes the affine map `y = x Wᵀ + b`, as PyTorch's `F.linear`.
 *
 * A parameter that is the weight of several calls in one step (a recurrent layer) is packed once, and its gradient is
 * one matrix product over all of them.
 *
 * @param x Input: [..., I].
 * @param weight Weight W: [O, I].
 * @param bias Bias b: [O]. Default: none.
 * @returns The output: [..., O].
 * @throws {RangeError} `x` is a scalar, or the shapes do not fit.
 * @example
 * ```ts
 * import { linear, load } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const weight = runtime.tensor([1, 2, 3, 4], [2, 2]);
 *   const y = linear(runtime.tensor([1, 1]), weight, runtime.tensor([10, 20]));
 *   console.log(y.toArray()); // → Float32Array(2) [ 13, 27 ]
 * });
 * ```
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  expectRank('linear', 'x', x, 1);
  const inputs = x.dims.at(-1) as number;
  expectShape('linear', 'weight', weight, -1, inputs);
  const outputs = weight.dims[0] as number;
  if (bias !== undefined) expectShape('linear', 'bias', bias, outputs);
  const { runtime } = x;
  const { kernels } = runtime;
  const leading = x.dims.slice(0, -1);
  const rows = sizeOf(leading);
  const y = runtime.output([...leading, outputs]);
  if (bias !== undefined) kernels.addBias(y.pointer, 0, bias.pointer, rows, outputs);
  multiplyByTransposed(y.pointer, x.pointer, weight, rows, bias !== undefined);
  runtime.record(
    'linear',
    bias === undefined ? [x, weight] : [x, weight, bias],
    [y],
    () => {
      const dx = runtime.gradient(x);
      const dy = y.gradPointer;
      if (dx !== 0) addProductWithWeight(dx, dy, weight, rows);
      addWeightGradient(weight, dy, x.pointer, rows);
      if (bias?.requiresGrad) kernels.biasBackward(runtime.gradient(bias), dy, rows, outputs);
    },
    () => factorsRead(x, weight),
  );
  return y;
}

function expectTransposes(options: MatmulOptions): Required<MatmulOptions> {
  const { transposeA = false, transposeB = false } = expectOptions('matmul', options, OPTIONS);
  expectBoolean('matmul', 'transposeA', transposeA);
  expectBoolean('matmul', 'transposeB', transposeB);
  return { transposeA, transposeB };
}

/** Sizes of the product, and the bytes between matrices of a batch: 0 for an operand without a batch dimension. */
function sizes(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean) {
  expectMatrices('a', a);
  expectMatrices('b', b);
  const batchA = a.dims.length === 3 ? a.dims[0] : undefined;
  const batchB = b.dims.length === 3 ? b.dims[0] : undefined;
  if (batchA !== undefined && batchB !== undefined && batchA !== batchB) {
    fail('matmul', 'b', `have batch size ${batchA}, that of a`, b.dims);
  }
  const [rowsA, columnsA] = [a.dims[a.dims.length - 2] as number, a.dims[a.dims.length - 1] as number];
  const [rowsB, columnsB] = [b.dims[b.dims.length - 2] as number, b.dims[b.dims.length - 1] as number];
  const [m, k] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [depth, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  if (depth !== k) {
    const [ofB, ofA] = [transposeB ? 'columns' : 'rows', transposeA ? 'rows' : 'columns'];
    fail('matmul', 'b', `have ${k} ${ofB}, as a has ${ofA}`, b.dims);
  }
  const [strideA, strideB] = [batchA === undefined ? 0 : 4 * m * k, batchB === undefined ? 0 : 4 * k * n];
  return { batch: batchA ?? batchB, m, n, k, strideA, strideB };
}

function expectMatrices(name: string, tensor: Tensor): void {
  expectTensor('matmul', name, tensor);
  const rank = tensor.dims.length;
  if (rank !== 2 && rank !== 3) fail('matmul', name, 'have 2 or 3 dimensions', tensor.dims);
}
