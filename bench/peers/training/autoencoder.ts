// A training step of a convolutional auto-encoder: ours, and in the style of TensorFlow.js and jax-js.
import { jit, lax, nn, numpy, tree, valueAndGrad } from '@jax-js/jax';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { Adam, conv2d, convTranspose2d, mseLoss, Parameters, Random, type Runtime, relu, sigmoid } from 'tapehead';
import type { PeerCase, Side } from '../row.js';
import { array } from '../sides/jax.js';
import {
  type AdamState,
  type Arrays,
  adam,
  adamState,
  arrays,
  corrections,
  jaxTraining,
  of,
} from '../sides/jax-training.js';
import { onnxTraining } from '../sides/onnx.js';
import { training } from '../sides/tapehead.js';
import { tensor } from '../sides/tensorflow.js';

const [batch, colours, narrow, wide, kernel] = [32, 3, 64, 128, 4];
const halve = { stride: 2, padding: 1 };
const lr = 1e-3;

/** First two dimensions of each weight: two layers that halve the image size, two that double it. */
const channels = [
  [narrow, colours],
  [wide, narrow],
  [wide, narrow],
  [narrow, colours],
] as const;

function setUp(runtime: Runtime) {
  const random = new Random(runtime, 1);
  const parameters = new Parameters(runtime);
  const weights = channels.map(([first, second], i) => {
    const bound = 1 / Math.sqrt(second * kernel * kernel);
    const weight = parameters.create(`${i}.weight`, [first, second, kernel, kernel]);
    return random.fillUniform(weight, -bound, bound);
  });
  const biases = [narrow, wide, narrow, colours].map((outputs, i) => parameters.create(`${i}.bias`, [outputs]));
  return { parameters, weights, biases, images: random.uniform([batch, colours, 32, 32]) };
}

function ours(runtime: Runtime): Side {
  const { parameters, weights, biases, images } = setUp(runtime);
  const [w0, w1, w2, w3] = weights as [typeof images, typeof images, typeof images, typeof images];
  const adam = new Adam(parameters, { lr });
  return training(() =>
    runtime.step(() => {
      const code = relu(conv2d(relu(conv2d(images, w0, biases[0], halve)), w1, biases[1], halve));
      const logits = convTranspose2d(relu(convTranspose2d(code, w2, biases[2], halve)), w3, biases[3], halve);
      const loss = mseLoss(sigmoid(logits), images);
      loss.backward();
      adam.step();
      adam.zeroGrad();
      return loss.item();
    }),
  );
}

function tensorflow(runtime: Runtime): Side {
  const { weights, images } = setUp(runtime);
  const { conv2d, conv2dTranspose } = layers.layers;
  const shared = { kernelSize: kernel, strides: 2, padding: 'same' as const };
  const model = layers.sequential({
    layers: [
      conv2d({ ...shared, filters: narrow, activation: 'relu', inputShape: [32, 32, colours] }),
      conv2d({ ...shared, filters: wide, activation: 'relu' }),
      conv2dTranspose({ ...shared, filters: narrow, activation: 'relu' }),
      conv2dTranspose({ ...shared, filters: colours, activation: 'sigmoid' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(lr, 0.9, 0.999, 1e-8), loss: 'meanSquaredError' });
  for (const [i, weight] of weights.entries()) {
    // [O, I, k, k] to [k, k, I, O], or [I, O, k, k] to [k, k, O, I] if transposed: the same permutation.
    const order = [2, 3, 1, 0];
    const bias = tf.zeros([[narrow, wide, narrow, colours][i] ?? 0]);
    model.layers[i]?.setWeights([tf.transpose(tensor({ shape: weight.shape, data: weight.toArray() }), order), bias]);
  }
  const xs = tf.transpose(tensor({ shape: images.shape, data: images.toArray() }), [0, 2, 3, 1]);
  return training(async () => (await model.trainOnBatch(xs, xs)) as number);
}

type A = numpy.Array;

const jaxStrides = [halve.stride, halve.stride];

function jaxCost(weights: Arrays, images: A): A {
  const withBias = (x: A, i: number) => x.add(of(weights, `${i}.bias`).reshape([-1, 1, 1]));
  const down = (x: A, i: number) =>
    withBias(lax.convGeneralDilated(x, of(weights, `${i}.weight`), jaxStrides, 'SAME'), i);
  const up = (x: A, i: number) =>
    withBias(lax.convTranspose(x, of(weights, `${i}.weight`), jaxStrides, 'SAME', { transposeKernel: true }), i);
  const code = nn.relu(down(nn.relu(down(images.ref, 0)), 1));
  const output = nn.sigmoid(up(nn.relu(up(code, 2)), 3));
  return numpy.square(output.sub(images)).mean();
}

const jaxStep = jit((state: AdamState, images: A, rate: A, square: A): [A, AdamState] => {
  const [loss, gradients] = valueAndGrad(jaxCost)(tree.ref(state.weights), images);
  return [loss, adam(state, gradients as Arrays, rate, square)];
});

function jax(runtime: Runtime): Side {
  const { parameters, images } = setUp(runtime);
  const xs = array({ shape: images.shape, data: images.toArray() });
  const first = adamState(arrays(parameters.stateDict()));
  return jaxTraining(first, (state, step) => jaxStep(state, xs.ref, ...corrections(lr, step)));
}

export const autoencoderCase: PeerCase = {
  name: `conv auto-encoder step, 32x32, batch ${batch}`,
  tolerance: 1e-4,
  ours,
  peers: { 'TensorFlow.js': tensorflow, 'onnxruntime-web': onnxTraining, 'jax-js': jax },
};
