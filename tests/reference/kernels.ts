// Float64 twins of the kernels: the plainest code that follows the definition.
import type { MatmulOptions } from '../../bindings/ops/matmul.js';
import type { Shape } from '../../index.js';

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

/** Logarithm of the softmax over rows of `columns` numbers. */
export function logSoftmaxReference(x: Float64Array, columns: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += columns) {
    const part = x.subarray(row, row + columns);
    const top = part.reduce((a, b) => Math.max(a, b), -Infinity);
    const logTotal = Math.log(part.reduce((total, value) => total + Math.exp(value - top), 0));
    for (let i = 0; i < columns; i++) y[row + i] = part[i]! - top - logTotal;
  }
  return y;
}

export function sigmoidReference(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

export function softplusReference(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** Sums over the middle of [outer, size, inner]. */
export function sumReference(x: Float64Array, size: number, inner: number): Float64Array {
  const y = new Float64Array(x.length / size);
  for (const [i, value] of x.entries()) y[Math.floor(i / (size * inner)) * inner + (i % inner)]! += value;
  return y;
}

/** op(a) · op(b), of matrices or of batches; an operand of rank 2 serves the whole batch. */
export function matmulReference(
  a: Float64Array,
  b: Float64Array,
  shapeA: Shape,
  shapeB: Shape,
  { transposeA = false, transposeB = false }: MatmulOptions,
): Float64Array {
  const [rowsA, columnsA] = shapeA.slice(-2) as [number, number];
  const [rowsB, columnsB] = shapeB.slice(-2) as [number, number];
  const [m, k, n] = [transposeA ? columnsA : rowsA, transposeA ? rowsA : columnsA, transposeB ? rowsB : columnsB];
  const batch = Math.max(...[shapeA, shapeB].map((shape) => (shape.length === 3 ? shape[0]! : 1)));
  const y = new Float64Array(batch * m * n);
  for (let i = 0; i < batch; i++) {
    const offsetA = shapeA.length === 3 ? i * m * k : 0;
    const offsetB = shapeB.length === 3 ? i * k * n : 0;
    for (let r = 0; r < m; r++) {
      for (let c = 0; c < n; c++) {
        let total = 0;
        for (let p = 0; p < k; p++) {
          total +=
            a[offsetA + (transposeA ? p * m + r : r * k + p)]! * b[offsetB + (transposeB ? c * k + p : p * n + c)]!;
        }
        y[(i * m + r) * n + c] = total;
      }
    }
  }
  return y;
}

/** x Wᵀ + bias, with weight [outputs, inputs]. */
export function linearReference(
  x: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  [outputs, inputs]: Shape,
): Float64Array {
  const rows = x.length / inputs!;
  const y = matmulReference(x, weight, [rows, inputs!], [outputs!, inputs!], { transposeB: true });
  return y.map((value, i) => value + bias[i % outputs!]!);
}

/** (x − mean) / √(variance + eps) · weight + bias by columns, with the batch's statistics in training. */
export function batchNormReference(
  x: Float64Array,
  weight: Float64Array,
  bias: Float64Array,
  runningMean: Float64Array,
  runningVar: Float64Array,
  { training, eps }: { training: boolean; eps: number },
): Float64Array {
  const columns = weight.length;
  const rows = x.length / columns;
  const column = (c: number) => x.filter((_, i) => i % columns === c);
  const average = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / rows;
  const means = training ? weight.map((_, c) => average(column(c))) : runningMean;
  const variances = training ? weight.map((_, c) => average(column(c).map((v) => (v - means[c]!) ** 2))) : runningVar;
  return x.map((value, i) => {
    const c = i % columns;
    return ((value - means[c]!) / Math.sqrt(variances[c]! + eps)) * weight[c]! + bias[c]!;
  });
}

/** softmax((logits − ln(−ln uniform)) / tau) over rows of `columns` numbers, with no noise where `uniform` is missing. */
export function gumbelWeightsReference(
  logits: Float64Array,
  uniform: Float64Array | undefined,
  tau: number,
  columns: number,
): Float64Array {
  const noisy = logits.map((h, i) => (h - (uniform === undefined ? 0 : Math.log(-Math.log(uniform[i]!)))) / tau);
  return softmaxReference(noisy, columns);
}

/** The nearest row of the codebook for every row of z, both `width` wide. */
export function nearestReference(z: Float64Array, codebook: Float64Array, width: number): number[] {
  return Array.from({ length: z.length / width }, (_, row) => {
    let [best, least] = [0, Infinity];
    for (let j = 0; j < codebook.length / width; j++) {
      let distance = 0;
      for (let c = 0; c < width; c++) distance += (z[row * width + c]! - codebook[j * width + c]!) ** 2;
      if (distance < least) [best, least] = [j, distance];
    }
    return best;
  });
}
