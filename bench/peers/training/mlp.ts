// A training step of a classifier with batch norm: ours, and as one writes it in TensorFlow.js.
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { Adam, BatchNorm1d, crossEntropy, Linear, Parameters, Random, type Runtime, relu } from 'tapehead';
import type { PeerCase, Side } from '../row.js';
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

export const mlpCase: PeerCase = {
  name: `MLP training step, ${pixels}-${hidden}-${hidden}-${classes} with batch norm, batch ${batch}`,
  tolerance: 1e-4,
  ours,
  peers: { 'TensorFlow.js': tensorflow, 'onnxruntime-web': onnxTraining },
};
