// A training step of a Neural Turing Machine in the style of jax-js: time steps unrolled, jitted as a whole.
import { jit, nn, numpy, tree, valueAndGrad } from '@jax-js/jax';
import type { Runtime } from 'tapehead';
import type { Side } from '../row.js';
import { array } from '../sides/jax.js';
import { type Arrays, arrays, jaxTraining, of, zerosLike } from '../sides/jax-training.js';
import { alpha, eps, length, lr, maxNorm, memorySize, momentum, setUp, steps, wordSize } from './copy-task.js';

type A = numpy.Array;

type State = { hidden: A; cell: A; read: A; readFocus: A; writeFocus: A; memory: A };

function dense(weights: Arrays, name: string, x: A): A {
  return numpy.dot(x, of(weights, `${name}.weight`).ref).add(of(weights, `${name}.bias`).ref);
}

/** Splits the columns into parts of these sizes. */
function columns(x: A, sizes: readonly number[]): A[] {
  let at = 0;
  const parts = sizes.map((size) => {
    at += size;
    return x.ref.slice([], [at - size, at]);
  });
  x.dispose();
  return parts;
}

function lstm(weights: Arrays, x: A, hidden: A, cell: A): [A, A] {
  const from = (y: A, part: string) =>
    numpy
      .dot(y, of(weights, `controller.cells.0.weight_${part}`).ref)
      .add(of(weights, `controller.cells.0.bias_${part}`).ref);
  const gates = from(x, 'ih').add(from(hidden, 'hh'));
  const size = cell.shape[1] as number;
  const [i, f, g, o] = columns(gates, [size, size, size, size]) as [A, A, A, A];
  const next = nn
    .sigmoid(f)
    .mul(cell)
    .add(nn.sigmoid(i).mul(numpy.tanh(g)));
  return [nn.sigmoid(o).mul(numpy.tanh(next.ref)), next];
}

/**
 * Content, interpolation, shift, sharpening (Graves et al. 2014, eq. 5–9); `parts`: key, strength, gate, shift,
 * sharpness.
 */
function focus(parts: readonly A[], previous: A, memory: A): A {
  const [key, strength, gate, shift, sharpness] = parts as [A, A, A, A, A];
  const k = numpy.tanh(key);
  const norm = (x: A, axis: number, keepdims: boolean) =>
    numpy.maximum(numpy.sqrt(numpy.square(x).sum(axis, { keepdims })), 1e-8);
  const products = numpy.squeeze(numpy.matmul(memory.ref, numpy.expandDims(k.ref, 2)), 2);
  const cosine = products.div(norm(memory, 2, false).mul(norm(k, 1, true)));
  const content = nn.softmax(nn.softplus(strength).mul(cosine));
  const g = nn.sigmoid(gate);
  const q = g.ref.mul(content).add(numpy.subtract(1, g).mul(previous));
  const [up, stay, down] = columns(nn.softmax(shift), [1, 1, 1]) as [A, A, A];
  const shifted = up
    .mul(numpy.roll(q.ref, 1, 1))
    .add(stay.mul(q.ref))
    .add(down.mul(numpy.roll(q, -1, 1)));
  const sharp = numpy.power(shifted, nn.softplus(sharpness).add(1));
  return sharp.ref.div(sharp.sum(1, { keepdims: true }));
}

const focusSizes = [wordSize, 1, 1, 3, 1];

/** One time step; returns the input of the output layer and the next state. */
function advance(weights: Arrays, x: A, state: State): [A, State] {
  const below = dense(weights, 'controller.fc', numpy.concatenate([x, state.read], 1));
  const [hidden, cell] = lstm(weights, below, state.hidden, state.cell);
  const reading = columns(dense(weights, 'read_heads.0.fc', hidden.ref), focusSizes);
  const readFocus = focus(reading, state.readFocus, state.memory.ref);
  const read = numpy.squeeze(numpy.matmul(numpy.expandDims(readFocus.ref, 1), state.memory.ref), 1);
  const writing = columns(dense(weights, 'write_heads.0.fc', hidden.ref), [...focusSizes, wordSize, wordSize]);
  const writeFocus = focus(writing.slice(0, focusSizes.length), state.writeFocus, state.memory.ref);
  const [erase, add] = writing.slice(focusSizes.length) as [A, A];
  const where = numpy.expandDims(writeFocus.ref, 2);
  const kept = state.memory.mul(numpy.subtract(1, where.ref.mul(numpy.expandDims(nn.sigmoid(erase), 1))));
  const memory = kept.add(where.mul(numpy.expandDims(numpy.tanh(add), 1)));
  return [numpy.concatenate([hidden.ref, read.ref], 1), { hidden, cell, read, readFocus, writeFocus, memory }];
}

function initialState(weights: Arrays, batch: number): State {
  const start = (name: string) => of(weights, name).ref;
  const repeated = (x: A) => numpy.tile(x.reshape([1, -1]), [batch, 1]);
  return {
    hidden: repeated(start('controller.h_bias')),
    cell: repeated(start('controller.c_bias')),
    read: repeated(start('read_heads.0.read_bias')),
    readFocus: repeated(nn.softmax(start('read_heads.0.read_focus_bias'))),
    writeFocus: repeated(nn.softmax(start('write_heads.0.write_focus_bias'))),
    memory: numpy.full([batch, memorySize, wordSize], 1e-6),
  };
}

/** Mean cross-entropy of the last outputs, which are logits. */
function cost(weights: Arrays, inputs: A, targets: A): A {
  let state = initialState(weights, targets.shape[1] as number);
  const outputs: A[] = [];
  for (let t = 0; t < steps; t++) {
    const [output, next] = advance(weights, inputs.ref.slice(t), state);
    outputs.push(output);
    state = next;
  }
  tree.dispose([...outputs.splice(0, steps - length), state]);
  const logits = dense(weights, 'fc', numpy.stack(outputs));
  tree.dispose([weights, inputs]);
  const softened = numpy.log1p(numpy.exp(numpy.negative(numpy.abs(logits.ref))));
  return numpy.maximum(logits.ref, 0).sub(logits.mul(targets)).add(softened).mean();
}

/** Clips the norm of all gradients to `maxNorm`. */
function clipped(gradients: Arrays): Arrays {
  const squares = Object.values(gradients).map((gradient) => numpy.square(gradient.ref).sum());
  const norm = numpy.sqrt(squares.reduce((sum, x) => sum.add(x)));
  const factor = numpy.minimum(1, numpy.divide(maxNorm, norm.add(1e-6)));
  const scaled = tree.map((gradient: A) => gradient.mul(factor.ref), gradients) as Arrays;
  factor.dispose();
  return scaled;
}

type Training = { weights: Arrays; squares: Arrays; velocities: Arrays };

/** A step of RMSprop. */
function rmsprop(state: Training, gradients: Arrays): Training {
  const next: Training = { weights: {}, squares: {}, velocities: {} };
  for (const [name, g] of Object.entries(gradients)) {
    const squares = of(state.squares, name)
      .mul(alpha)
      .add(numpy.square(g.ref).mul(1 - alpha));
    const velocity = of(state.velocities, name)
      .mul(momentum)
      .add(g.mul(lr).div(numpy.sqrt(squares.ref.add(eps))));
    next.weights[name] = of(state.weights, name).sub(velocity.ref);
    next.squares[name] = squares;
    next.velocities[name] = velocity;
  }
  return next;
}

const trained = jit((state: Training, inputs: A, targets: A): [A, Training] => {
  const [loss, gradients] = valueAndGrad(cost)(tree.ref(state.weights), inputs, targets);
  return [loss, rmsprop(state, clipped(gradients as Arrays))];
});

export function jax(runtime: Runtime, batch: number): Side {
  const { model, inputs, targets } = setUp(runtime, batch);
  const weights = arrays(model.parameters.stateDict());
  const [xs, ys] = [inputs, targets].map((x) => array({ shape: x.shape, data: x.toArray() })) as [A, A];
  const first = { weights, squares: zerosLike(weights), velocities: zerosLike(weights) };
  return jaxTraining(first, (state) => trained(state, xs.ref, ys.ref));
}
