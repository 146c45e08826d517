// Adam updates of a million weights.
import { blockUntilReady, jit } from '@jax-js/jax';
import * as tf from '@tensorflow/tfjs-core';
import { Adam, Parameters, type Runtime, scale } from 'tapehead';
import type { PeerCase, Side } from './row.js';
import { array } from './sides/jax.js';
import { adam, adamState, beta1, beta2, corrections, eps, of } from './sides/jax-training.js';
import { onnxSession, onnxTensor } from './sides/onnx.js';
import type { OnnxNode } from './sides/onnx-model.js';
import { type Operand, operands } from './sides/tapehead.js';
import { tensor } from './sides/tensorflow.js';

const n = 1_000_000;
const lr = 1e-3;
const STEPS_COMPARED = 3;

/** Weights and their constant gradient. */
function inputs(runtime: Runtime): [Operand, Operand] {
  return operands(runtime, [[n], [n]]) as [Operand, Operand];
}

function updating(run: () => unknown, weights: () => Float32Array): Side {
  const result = async () => {
    for (let i = 0; i < STEPS_COMPARED; i++) await run();
    return weights();
  };
  return { run, result };
}

function ours(runtime: Runtime): Side {
  const [weights, gradient] = inputs(runtime);
  const parameters = new Parameters(runtime);
  const p = parameters.create('p', [n]).set(weights.data);
  runtime.step(() => runtime.backward([scale(p, 1)], [gradient.data]));
  const adam = new Adam(parameters, { lr, betas: [beta1, beta2], eps });
  return updating(
    () => adam.step(),
    () => p.toArray(),
  );
}

function tensorflow(runtime: Runtime): Side {
  const [weights, gradient] = inputs(runtime);
  const p = tf.variable(tensor(weights));
  const gradients = { [p.name]: tensor(gradient) as tf.Variable };
  const adam = tf.train.adam(lr, beta1, beta2, eps);
  return updating(
    () => adam.applyGradients(gradients),
    () => p.dataSync<'float32'>(),
  );
}

function jax(runtime: Runtime): Side {
  const [weights, gradient] = inputs(runtime);
  const update = jit(adam);
  const g = array(gradient);
  let state = adamState({ p: array(weights) });
  let step = 0;
  const run = async () => {
    state = update(state, { p: g.ref }, ...corrections(lr, ++step));
    await blockUntilReady(state);
  };
  return updating(run, () => of(state.weights, 'p').ref.dataSync() as Float32Array);
}

/** Adam as a graph: the package has no optimizer. */
const nodes: readonly OnnxNode[] = [
  { op: 'Mul', inputs: ['m', 'beta1'], outputs: ['keptMean'] },
  { op: 'Mul', inputs: ['g', 'rest1'], outputs: ['newMean'] },
  { op: 'Add', inputs: ['keptMean', 'newMean'], outputs: ['mean'] },
  { op: 'Mul', inputs: ['v', 'beta2'], outputs: ['keptSquares'] },
  { op: 'Mul', inputs: ['g', 'g'], outputs: ['gg'] },
  { op: 'Mul', inputs: ['gg', 'rest2'], outputs: ['newSquares'] },
  { op: 'Add', inputs: ['keptSquares', 'newSquares'], outputs: ['squares'] },
  { op: 'Mul', inputs: ['squares', 'square'], outputs: ['corrected'] },
  { op: 'Sqrt', inputs: ['corrected'], outputs: ['deviation'] },
  { op: 'Add', inputs: ['deviation', 'eps'], outputs: ['root'] },
  { op: 'Mul', inputs: ['mean', 'rate'], outputs: ['moved'] },
  { op: 'Div', inputs: ['moved', 'root'], outputs: ['change'] },
  { op: 'Sub', inputs: ['p', 'change'], outputs: ['next'] },
];

async function onnx(runtime: Runtime): Promise<Side> {
  const [weights, gradient] = inputs(runtime);
  const scalar = (x: number): Operand => ({ shape: [], data: Float32Array.of(x) });
  const constants = { beta1, beta2, eps, rest1: 1 - beta1, rest2: 1 - beta2 };
  const session = await onnxSession(runtime, {
    inputs: { p: [n], g: [n], m: [n], v: [n], rate: [], square: [] },
    outputs: ['next', 'mean', 'squares'],
    constants: Object.fromEntries(Object.entries(constants).map(([name, x]) => [name, scalar(x)])),
    nodes,
  });
  const zeros = () => onnxTensor({ shape: [n], data: new Float32Array(n) });
  const g = onnxTensor(gradient);
  let [p, m, v] = [onnxTensor(weights), zeros(), zeros()];
  let step = 0;
  const run = async () => {
    const [rate, square] = corrections(lr, ++step).map((x) => onnxTensor(scalar(x))) as [typeof p, typeof p];
    const made = await session.run({ p, g, m, v, rate, square });
    [p, m, v] = [made.next, made.mean, made.squares] as [typeof p, typeof p, typeof p];
  };
  return updating(run, () => p.data as Float32Array);
}

export const adamCase: PeerCase = {
  name: `Adam ${n}`,
  tolerance: 1e-6,
  ours,
  peers: { 'TensorFlow.js': tensorflow, 'onnxruntime-web': onnx, 'jax-js': jax },
};
