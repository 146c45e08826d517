// A training step of a classifier with batch norm: ours, and in the style of TensorFlow.js and jax-js.
import { jit, nn, numpy, tree, valueAndGrad } from '@jax-js/jax';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { Adam, BatchNorm1d, crossEntropy, Linear, Parameters, Random, type Runtime, relu } from 'tapehead';
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

const [batch, pixels, hidden, classes] = [128, 784, 256, 10];
const lr = 1e-3;

function setUp(runtime: Runtime) {
  const random = new Random(runtime, 1);
  const parameters = new Parameters(runtime);
  const first = new Linear(parameters.scope('0'), pixels, hidden, random);
  const firstNorm = new BatchNorm1d(parameters.scope('1'), hidden);
  const second = new Linear(parameters.scope('3'), hidden, hidden, random);
  const secondNorm = new BatchNorm1d(parameters.scope('4'), hidden);
  const last = new Linear(parameters.scope('6'), hidden, classes, random);
  const images = random.uniform([batch, pixels]);
  const labels = Int32Array.from({ length: batch }, () => random.integer(0, classes));
  return { parameters, first, firstNorm, second, secondNorm, last, images, labels };
}

function ours(runtime: Runtime): Side {
  const { parameters, first, firstNorm, second, secondNorm, last, images, labels } = setUp(runtime);
  const adam = new Adam(parameters, { lr });
  const mode = { training: true };
  return training(() =>
    runtime.step(() => {
      const below = relu(firstNorm.forward(first.forward(images), mode));
      const above = relu(secondNorm.forward(second.forward(below), mode));
      const loss = crossEntropy(last.forward(above), labels);
      loss.backward();
      adam.step();
      adam.zeroGrad();
      return loss.item();
    }),
  );
}

function tensorflow(runtime: Runtime): Side {
  const { parameters, images, labels } = setUp(runtime);
  const { dense, batchNormalization, activation } = layers.layers;
  const norm = { epsilon: 1e-5, momentum: 0.9 };
  const model = layers.sequential({
    layers: [
      dense({ units: hidden, inputShape: [pixels] }),
      batchNormalization(norm),
      activation({ activation: 'relu' }),
      dense({ units: hidden }),
      batchNormalization(norm),
      activation({ activation: 'relu' }),
      dense({ units: classes, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(lr, 0.9, 0.999, 1e-8), loss: 'categoricalCrossentropy' });
  const state = parameters.stateDict();
  for (const layer of ['0', '3', '6']) {
    const [weight, bias] = ['weight', 'bias'].map((part) => {
      const entry = state.get(`${layer}.${part}`);
      return tensor(entry ?? { shape: [0], data: new Float32Array() });
    }) as [tf.Tensor, tf.Tensor];
    model.layers[Number(layer)]?.setWeights([tf.transpose(weight), bias]);
  }
  const xs = tensor({ shape: images.shape, data: images.toArray() });
  const ys = tf.oneHot(tf.tensor1d(labels, 'int32'), classes);
  return training(async () => (await model.trainOnBatch(xs, ys)) as number);
}

type A = numpy.Array;

/** Batch norm of `x` with the weights of layer `name`, and the updated running statistics. */
function jaxNorm(x: A, weights: Arrays, running: Arrays, name: string): [A, Arrays] {
  const mean = numpy.mean(x.ref, 0);
  const centered = x.sub(mean.ref);
  const variance = numpy.mean(numpy.square(centered.ref), 0);
  const scaled = centered.div(numpy.sqrt(variance.ref.add(1e-5))).mul(of(weights, `${name}.weight`));
  const moved = (part: string, to: A) => of(running, `${name}.${part}`).mul(0.9).add(to.mul(0.1));
  const after = {
    [`${name}.running_mean`]: moved('running_mean', mean),
    [`${name}.running_var`]: moved('running_var', variance.mul(batch / (batch - 1))),
  };
  return [scaled.add(of(weights, `${name}.bias`)), after];
}

function jaxCost(weights: Arrays, running: Arrays, images: A, labels: A): [A, Arrays] {
  const dense = (x: A, name: string) => numpy.dot(x, of(weights, `${name}.weight`)).add(of(weights, `${name}.bias`));
  const [below, runningBelow] = jaxNorm(dense(images, '0'), weights, running, '1');
  const [above, runningAbove] = jaxNorm(dense(nn.relu(below), '3'), weights, running, '4');
  const logits = dense(nn.relu(above), '6');
  const likelihood = nn.logSoftmax(logits).mul(nn.oneHot(labels, classes)).sum();
  return [likelihood.mul(-1 / batch), { ...runningBelow, ...runningAbove }];
}

type MlpState = AdamState & { running: Arrays };

const jaxStep = jit(({ running, ...state }: MlpState, images: A, labels: A, rate: A, square: A): [A, MlpState] => {
  const gradient = valueAndGrad(jaxCost, { hasAux: true });
  const [[loss, after], gradients] = gradient(tree.ref(state.weights), running, images, labels);
  return [loss, { ...adam(state, gradients as Arrays, rate, square), running: after }];
});

function jax(runtime: Runtime): Side {
  const { parameters, images, labels } = setUp(runtime);
  const entries = Object.entries(arrays(parameters.stateDict()));
  const running = entries.filter(([name]) => name.includes('running'));
  const weights = entries.filter(([name]) => !name.includes('running'));
  const xs = array({ shape: images.shape, data: images.toArray() });
  const ys = numpy.array(labels);
  const first = { ...adamState(Object.fromEntries(weights)), running: Object.fromEntries(running) };
  return jaxTraining(first, (state, step) => jaxStep(state, xs.ref, ys.ref, ...corrections(lr, step)));
}

export const mlpCase: PeerCase = {
  name: `MLP step, ${pixels}-${hidden}-${hidden}-${classes}, batch ${batch}`,
  tolerance: 1e-4,
  ours,
  peers: { 'TensorFlow.js': tensorflow, 'onnxruntime-web': onnxTraining, 'jax-js': jax },
};
