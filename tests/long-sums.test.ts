// Long sums against float64: matrix products, gradients of convolution weights, sums over rows.
import test from 'ava';
import { addBias, conv2d, expand, linear, load, lstmCell, matmul, Random } from '../index.js';
import { conv2dWeightReference } from './reference/conv2d.js';
import { matmulReference } from './reference/kernels.js';

const runtime = await load({ variant: 'simd' });
const random = new Random(runtime, 1);

/** ‖x − reference‖ / ‖reference‖. */
function relativeError(x: ArrayLike<number>, reference: Float64Array): number {
  let [error, norm] = [0, 0];
  for (const [i, expected] of reference.entries()) {
    error += (x[i]! - expected) ** 2;
    norm += expected ** 2;
  }
  return Math.sqrt(error / norm);
}

/** The errors of PyTorch 2.13 on one thread, for normal numbers. */
const products: readonly [m: number, k: number, transposeA: boolean, limit: number][] = [
  [24, 3136, false, 2.6e-7],
  [24, 3136, true, 2.6e-7],
  [24, 10_000, false, 2.84e-7],
  [24, 10_000, true, 2.84e-7],
  [4, 100_000, false, 4.84e-7],
];

for (const [m, k, transposeA, limit] of products) {
  test(`a product of depth ${k}${transposeA ? ', transposed,' : ''} is as exact as PyTorch's`, (t) => {
    const shapeA = transposeA ? [k, m] : [m, k];
    const [a, b] = [random.normal(shapeA), random.normal([k, 33])];
    const y = runtime.noGrad(() => matmul(a, b, { transposeA }).toArray());
    const [wideA, wideB] = [Float64Array.from(a.toArray()), Float64Array.from(b.toArray())];
    const error = relativeError(y, matmulReference(wideA, wideB, shapeA, [k, 33], { transposeA }));
    t.true(error < limit, `${error}`);
  });
}

for (const [outputs, kernel, limit] of [
  [33, 1, 2.63e-7],
  [5, 3, 9.28e-7],
] as const) {
  test(`gradients of ${kernel}x${kernel} convolution weights over 3136 places are as exact as PyTorch's`, (t) => {
    const [shape, weightShape] = [
      [4, 33, 28, 28],
      [outputs, 33, kernel, kernel],
    ];
    const padding = (kernel - 1) / 2;
    const [x, cotangent] = [random.normal(shape).toArray(), random.normal([4, outputs, 28, 28]).toArray()];
    const gradient = runtime.step(() => {
      const weight = runtime.zeros(weightShape, { requiresGrad: true });
      const y = conv2d(runtime.tensor(x, shape), weight, undefined, { padding });
      runtime.backward([y], [cotangent]);
      return weight.grad!;
    });
    const steps = { stride: [1, 1], padding: [padding, padding] } as const;
    const inputs = [Float64Array.from(x), Float64Array.from(cotangent)] as const;
    const error = relativeError(gradient, conv2dWeightReference(inputs, [shape, weightShape], steps));
    t.true(error < limit, `${error}`);
  });
}

const tenth = Math.fround(0.1);

for (const [rows, columns] of [
  [1_000_000, 1],
  [1_000_000, 4],
  [100_003, 7],
  [100_000, 17],
] as const) {
  test(`the gradient of a bias is the sum of ${rows} rows of ${columns}`, (t) => {
    const cotangent = new Float32Array(rows * columns).fill(tenth);
    const gradients = runtime.step(() => {
      const bias = runtime.zeros([columns], { requiresGrad: true });
      const row = runtime.zeros([1, columns], { requiresGrad: true });
      const affine = runtime.zeros([columns], { requiresGrad: true });
      const outputs = [
        addBias(runtime.zeros([rows, columns]), bias),
        expand(row, rows),
        linear(runtime.zeros([rows, 1]), runtime.zeros([columns, 1]), affine),
      ];
      runtime.backward(
        outputs,
        outputs.map(() => cotangent),
      );
      return [bias, row, affine].map(({ grad }) => grad!);
    });
    for (const gradient of gradients) {
      t.is(gradient.length, columns);
      for (const value of gradient) t.true(Math.abs(value / (rows * tenth) - 1) < 1e-6, `${value}`);
    }
  });
}

test('the gradients of the biases of an LSTM cell are sums of 300,000 rows', (t) => {
  const rows = 300_000;
  const gradients = runtime.step(() => {
    const biases = [0, 1].map(() => runtime.zeros([4], { requiresGrad: true })) as [never, never];
    const cell = lstmCell(
      runtime.zeros([rows, 1]),
      runtime.zeros([rows, 1]),
      runtime.zeros([rows, 1]),
      runtime.zeros([4, 1]),
      runtime.zeros([4, 1]),
      ...biases,
    );
    runtime.backward([cell[1]], [new Float32Array(rows).fill(tenth)]);
    return biases.map(({ grad }: { grad: Float32Array }) => grad);
  });
  // All pre-activations are 0: c' = σ(f)·0 + σ(i)·tanh(g), of which only g has a slope, σ(0) = ½.
  for (const gradient of gradients) {
    t.true(Math.abs(gradient[2]! / (rows * tenth * 0.5) - 1) < 1e-6, `${gradient[2]}`);
    t.deepEqual([gradient[0], gradient[1], gradient[3]], [0, 0, 0]);
  }
});
