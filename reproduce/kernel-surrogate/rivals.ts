// Baselines for the kernel memory: nearest neighbours, and a small network with as many parameters.
import { Adam, Linear, load, mseLoss, Parameters, Random, type Tensor, tanh } from 'tapehead';
import { nearestRows, rowsOf } from '../../tools/nearest-rows.js';
import type { Matrix } from '../data/images.js';
import { halfCosine } from '../half-cosine.js';

/** Inputs and outputs of simulations. */
export interface Samples {
  readonly inputs: Matrix;
  readonly outputs: Matrix;
}

/** Root mean square error of `read`. */
export function rmse(read: Float32Array, { data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += ((read[i] as number) - (data[i] as number)) ** 2;
  return Math.sqrt(sum / data.length);
}

/** Predicts, for each row of `inputs`, the mean output of the `k` nearest training inputs. */
export function nearestNeighbours(fitted: Samples, inputs: Matrix, k: number): Float32Array {
  const columns = fitted.outputs.shape[1];
  const known = rowsOf(fitted.inputs.data, fitted.inputs.shape[1]);
  const read = new Float32Array(inputs.shape[0] * columns);
  for (const [row, input] of rowsOf(inputs.data, inputs.shape[1]).entries()) {
    const mean = read.subarray(row * columns, (row + 1) * columns);
    for (const near of nearestRows(known, input, k)) {
      const output = fitted.outputs.data.subarray(near * columns, (near + 1) * columns);
      for (const [i, value] of output.entries()) mean[i] = (mean[i] as number) + value / k;
    }
  }
  return read;
}

/** Number of parameters of a network with two hidden layers of `hidden` units. */
export function networkSize(inputs: number, hidden: number, outputs: number): number {
  return (inputs + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * outputs;
}

/** Largest number of hidden units with which the network has at most `parameters` parameters. */
export function widthFor(parameters: number, inputs: number, outputs: number): number {
  let hidden = 1;
  while (networkSize(inputs, hidden + 1, outputs) <= parameters) hidden++;
  return hidden;
}

const BATCH = 128;

/**
 * Trains a network with two hidden tanh layers, by Adam with cosine decay, and returns its predictions for `inputs`.
 */
export async function network(
  fitted: Samples,
  inputs: Matrix,
  options: { hidden: number; updates: number; learningRate: number; seed: number },
): Promise<Float32Array> {
  const { hidden, updates, learningRate, seed } = options;
  const runtime = await load();
  const random = new Random(runtime, seed);
  const parameters = new Parameters(runtime);
  const [count, size] = fitted.inputs.shape;
  const columns = fitted.outputs.shape[1];
  const sizes = [size, hidden, hidden, columns];
  const layers = [0, 1, 2].map(
    (i) => new Linear(parameters.scope(`${2 * i}`), sizes[i] as number, sizes[i + 1] as number, random),
  ) as [Linear, Linear, Linear];
  const [a, b, c] = layers;
  const forward = (x: Tensor) => c.forward(tanh(b.forward(tanh(a.forward(x)))));
  const optimizer = new Adam(parameters);
  const rate = halfCosine(learningRate, updates);
  const tensor = (matrix: Matrix, rows: Uint32Array) =>
    runtime.tensor(gather(matrix, rows), [rows.length, matrix.shape[1]]);
  let order = random.permutation(count);
  for (let update = 0, at = 0; update < updates; update++, at += BATCH) {
    if (at + BATCH > count) [order, at] = [random.permutation(count), 0];
    const rows = order.subarray(at, at + BATCH);
    optimizer.learningRate = rate(update);
    runtime.step(() => {
      mseLoss(forward(tensor(fitted.inputs, rows)), tensor(fitted.outputs, rows)).backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
  }
  return runtime.noGrad(() => forward(runtime.tensor(inputs.data, inputs.shape)).toArray());
}

function gather({ data, shape: [, columns] }: Matrix, rows: Uint32Array): Float32Array {
  const picked = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) picked.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  return picked;
}
