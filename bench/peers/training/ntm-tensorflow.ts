// A training step of a Neural Turing Machine in the style of TensorFlow.js.
import * as tf from '@tensorflow/tfjs-core';
import type { Runtime } from 'tapehead';
import type { Side } from '../row.js';
import { training } from '../sides/tapehead.js';
import { tensor, variables } from '../sides/tensorflow.js';
import { alpha, eps, length, lr, maxNorm, memorySize, momentum, setUp, wordSize } from './copy-task.js';

type Weights = ReturnType<typeof variables>;

interface State {
  readonly hidden: tf.Tensor2D;
  readonly cell: tf.Tensor2D;
  readonly read: tf.Tensor2D;
  readonly readFocus: tf.Tensor2D;
  readonly writeFocus: tf.Tensor2D;
  readonly memory: tf.Tensor3D;
}

function dense(weights: Weights, name: string, x: tf.Tensor): tf.Tensor2D {
  return tf.add(tf.matMul(x, weights(`${name}.weight`)), weights(`${name}.bias`));
}

function lstm(weights: Weights, x: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor): [tf.Tensor2D, tf.Tensor2D] {
  const name = (part: string) => weights(`controller.cells.0.${part}`);
  const fromInput = tf.add(tf.matMul(x, name('weight_ih')), name('bias_ih'));
  const fromHidden = tf.add(tf.matMul(hidden, name('weight_hh')), name('bias_hh'));
  const [i, f, g, o] = tf.split(tf.add(fromInput, fromHidden), 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const next = tf.add(tf.mul(tf.sigmoid(f), cell), tf.mul(tf.sigmoid(i), tf.tanh(g)));
  return [tf.mul(tf.sigmoid(o), tf.tanh(next)), next as tf.Tensor2D];
}

/**
 * Content, interpolation, shift, sharpening (Graves et al. 2014, eq. 5–9); `parts`: key, strength, gate, shift,
 * sharpness.
 */
function focus(parts: readonly tf.Tensor[], previous: tf.Tensor2D, memory: tf.Tensor3D): tf.Tensor2D {
  const [key, strength, gate, shift, sharpness] = parts as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const k = tf.tanh(key);
  const products = tf.squeeze(tf.matMul(memory, tf.expandDims(k, 2)), [2]);
  const norm = (x: tf.Tensor, axis: number, keepDims: boolean) =>
    tf.maximum(tf.sqrt(tf.sum(tf.square(x), axis, keepDims)), 1e-8);
  const cosine = tf.div(products, tf.mul(norm(memory, 2, false), norm(k, 1, true)));
  const content = tf.softmax(tf.mul(tf.softplus(strength), cosine));
  const g = tf.sigmoid(gate);
  const q = tf.add(tf.mul(g, content), tf.mul(tf.sub(1, g), previous)) as tf.Tensor2D;
  const [up, stay, down] = tf.split(tf.softmax(shift), 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const rolled = (at: number) =>
    tf.concat([tf.slice(q, [0, at], [-1, memorySize - at]), tf.slice(q, [0, 0], [-1, at])], 1);
  const shifted = tf.addN([tf.mul(up, rolled(memorySize - 1)), tf.mul(stay, q), tf.mul(down, rolled(1))]);
  const sharp = tf.pow(shifted, tf.add(1, tf.softplus(sharpness)));
  return tf.div(sharp, tf.sum(sharp, 1, true));
}

const focusSizes = [wordSize, 1, 1, 3, 1];

/** One time step; returns the input of the output layer and the next state. */
function advance(weights: Weights, x: tf.Tensor2D, state: State): [tf.Tensor2D, State] {
  const below = dense(weights, 'controller.fc', tf.concat([x, state.read], 1));
  const [hidden, cell] = lstm(weights, below, state.hidden, state.cell);
  const reading = tf.split(dense(weights, 'read_heads.0.fc', hidden), focusSizes, 1);
  const readFocus = focus(reading, state.readFocus, state.memory);
  const read = tf.squeeze<tf.Tensor2D>(tf.matMul(tf.expandDims(readFocus, 1), state.memory), [1]);
  const writing = tf.split(dense(weights, 'write_heads.0.fc', hidden), [...focusSizes, wordSize, wordSize], 1);
  const writeFocus = focus(writing, state.writeFocus, state.memory);
  const [erase, add] = writing.slice(focusSizes.length) as [tf.Tensor, tf.Tensor];
  const where = tf.expandDims(writeFocus, 2);
  const kept = tf.mul(state.memory, tf.sub(1, tf.mul(where, tf.expandDims(tf.sigmoid(erase), 1))));
  const memory = tf.add<tf.Tensor3D>(kept, tf.mul(where, tf.expandDims(tf.tanh(add), 1)));
  return [tf.concat([hidden, read], 1), { hidden, cell, read, readFocus, writeFocus, memory }];
}

function initialState(weights: Weights, batch: number): State {
  const repeated = (x: tf.Tensor): tf.Tensor2D => tf.tile(tf.reshape(x, [1, x.size]), [batch, 1]);
  return {
    hidden: repeated(weights('controller.h_bias')),
    cell: repeated(weights('controller.c_bias')),
    read: repeated(weights('read_heads.0.read_bias')),
    readFocus: repeated(tf.softmax(weights('read_heads.0.read_focus_bias'))),
    writeFocus: repeated(tf.softmax(weights('write_heads.0.write_focus_bias'))),
    memory: tf.fill([batch, memorySize, wordSize], 1e-6),
  };
}

/** Clips the norm of all gradients to `maxNorm`. */
function clipped(gradients: tf.NamedTensorMap): tf.NamedTensorMap {
  const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
  const factor = tf.minimum(1, tf.div(maxNorm, tf.add(tf.sqrt(tf.addN(squares)), 1e-6)));
  return Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, tf.mul(gradient, factor)]));
}

export function tensorflow(runtime: Runtime, batch: number): Side {
  const { model, inputs, targets } = setUp(runtime, batch);
  const weights = variables(model.parameters.stateDict());
  const xs = tensor({ shape: inputs.shape, data: inputs.toArray() });
  const labels = tensor({ shape: targets.shape, data: targets.toArray() });
  const optimizer = tf.train.rmsprop(lr, alpha, momentum, eps);
  const cost = () => {
    let state = initialState(weights, batch);
    const outputs: tf.Tensor2D[] = [];
    for (const x of tf.unstack(xs)) {
      const [output, next] = advance(weights, x as tf.Tensor2D, state);
      outputs.push(output);
      state = next;
    }
    const logits = outputs.slice(-length).map((output) => dense(weights, 'fc', output));
    return tf.losses.sigmoidCrossEntropy(labels, tf.stack(logits)) as tf.Scalar;
  };
  return training(() =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(cost);
      optimizer.applyGradients(clipped(grads));
      return value.dataSync()[0] as number;
    }),
  );
}
