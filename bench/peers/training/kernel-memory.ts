// A step of a kernel memory's fit with the sizes of the published experiment: ours, and in the style of TensorFlow.js
// and jax-js.
import { jit, lax, nn, numpy, valueAndGrad } from '@jax-js/jax';
import * as tf from '@tensorflow/tfjs-core';
import { KernelMemory, Random, type Runtime } from 'tapehead';
import type { PeerCase, Side } from '../row.js';
import { array } from '../sides/jax.js';
import { type AdamState, type Arrays, adam, adamState, corrections, jaxTraining, of } from '../sides/jax-training.js';
import { onnxTraining } from '../sides/onnx.js';
import { training } from '../sides/tapehead.js';
import { tensor } from '../sides/tensorflow.js';

/** Number of rows N, size m of a key and n of a value, number of keys M. */
const [rows, keySize, valueSize, memorySize] = [10_000, 78, 784, 256];
const lr = 5e-4;
/** Far above the rounding errors of WᵀW in float32, the only precision of TensorFlow.js. */
const ridge = 1e-2;

function setUp(runtime: Runtime) {
  const random = new Random(runtime, 1);
  const K = random.normal([memorySize, keySize]);
  return { K, Q: random.uniform([rows, keySize]), X: random.uniform([rows, valueSize]) };
}

function ours(runtime: Runtime): Side {
  const { K, Q, X } = setUp(runtime);
  const keys = { memorySize, initialKeys: K.toArray(), random: new Random(runtime, 2) };
  const fit = KernelMemory.startFit(runtime, Q, X, { ...keys, ridge, learningRate: lr });
  return training(() => (fit.step().rmse ** 2 * rows * valueSize) / 2);
}

/**
 * Solves a V = b for a positive definite `a` [size, size] and `b` [size, columns] by Cholesky factorization, which
 * TensorFlow.js lacks.
 */
function solve(a: Float32Array, b: Float32Array, size: number, columns: number): Float32Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i * size + j] as number;
      for (let k = 0; k < j; k++) rest -= (factor[i * size + k] as number) * (factor[j * size + k] as number);
      factor[i * size + j] = i === j ? Math.sqrt(rest) : rest / (factor[j * size + j] as number);
    }
  }
  const x = Float64Array.from(b);
  const eliminate = (i: number, j: number, by: number) => {
    for (let c = 0; c < columns; c++)
      x[i * columns + c] = (x[i * columns + c] as number) - by * (x[j * columns + c] as number);
  };
  const divide = (i: number) => {
    const diagonal = factor[i * size + i] as number;
    for (let c = 0; c < columns; c++) x[i * columns + c] = (x[i * columns + c] as number) / diagonal;
  };
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) eliminate(i, j, factor[i * size + j] as number);
    divide(i);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let j = i + 1; j < size; j++) eliminate(i, j, factor[j * size + i] as number);
    divide(i);
  }
  return Float32Array.from(x);
}

function tensorflow(runtime: Runtime): Side {
  const { K, Q, X } = setUp(runtime);
  const keys = tf.variable(tensor({ shape: K.shape, data: K.toArray() }));
  const [queries, targets] = [Q, X].map((x) => tensor({ shape: x.shape, data: x.toArray() })) as [tf.Tensor, tf.Tensor];
  const penalty = tf.mul(ridge, tf.eye(memorySize));
  const adam = tf.train.adam(lr, 0.9, 0.999, 1e-8);
  const cost = () => {
    const weights = tf.softmax(tf.matMul(queries, keys, false, true));
    const gram = tf.add(tf.matMul(weights, weights, true), penalty).dataSync<'float32'>();
    const cross = tf.matMul(weights, targets, true).dataSync<'float32'>();
    const values = tf.tensor2d(solve(gram, cross, memorySize, valueSize), [memorySize, valueSize]);
    // Sums each row first: its sum of all 7.8 million float32 numbers at once is 0.8 % off.
    const squares = tf.sum(tf.squaredDifference(tf.matMul(weights, values), targets), 1);
    return tf.div(tf.sum(squares), 2) as tf.Scalar;
  };
  return training(() =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(cost, [keys]);
      adam.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      return value.dataSync()[0] as number;
    }),
  );
}

type A = numpy.Array;

function jaxWeights(keys: A, queries: A): A {
  return nn.softmax(numpy.matmul(queries, numpy.transpose(keys)));
}

const jaxEquations = jit((keys: A, queries: A, targets: A): [A, A] => {
  const weights = jaxWeights(keys, queries);
  const gram = numpy.matmul(numpy.transpose(weights.ref), weights.ref).add(numpy.eye(memorySize).mul(ridge));
  return [gram, numpy.matmul(numpy.transpose(weights), targets)];
});

/** Not compiled: under `jit` its triangular solve throws (`input is not imm`). */
function jaxSolve(gram: A, cross: A): A {
  const factor = lax.linalg.cholesky(gram);
  const half = lax.linalg.triangularSolve(factor.ref, cross, { leftSide: true, lower: true });
  return lax.linalg.triangularSolve(factor, half, { leftSide: true, lower: true, transposeA: true });
}

function jaxCost({ keys }: { keys: A }, values: A, queries: A, targets: A): A {
  return numpy
    .square(numpy.matmul(jaxWeights(keys, queries), values).sub(targets))
    .sum(1)
    .sum()
    .div(2);
}

type JaxStep = (state: AdamState, values: A, queries: A, targets: A, rate: A, square: A) => [A, AdamState];

const jaxStep = jit<JaxStep>((state, values, queries, targets, rate, square) => {
  const keys = of(state.weights, 'keys').ref;
  const [loss, gradients] = valueAndGrad(jaxCost)({ keys }, values, queries, targets);
  return [loss, adam(state, gradients as Arrays, rate, square)];
});

function jax(runtime: Runtime): Side {
  const { K, Q, X } = setUp(runtime);
  const [keys, queries, targets] = [K, Q, X].map((x) => array({ shape: x.shape, data: x.toArray() })) as [A, A, A];
  return jaxTraining(adamState({ keys }), (state, step) => {
    const [gram, cross] = jaxEquations(of(state.weights, 'keys').ref, queries.ref, targets.ref);
    return jaxStep(state, jaxSolve(gram, cross), queries.ref, targets.ref, ...corrections(lr, step));
  });
}

export const kernelMemoryCase: PeerCase = {
  name: `kernel memory step, ${rows} rows, M = ${memorySize}`,
  tolerance: 1e-4,
  ours,
  peers: { 'TensorFlow.js': tensorflow, 'onnxruntime-web': onnxTraining, 'jax-js': jax },
};
