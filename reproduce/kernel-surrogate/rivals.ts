// What the kernel memory is compared with: nearest neighbours, and a small network of as many numbers.
import { Adam, Linear, load, mseLoss, Parameters, Random, type Tensor, tanh } from 'tapehead';
import type { Matrix } from '../data/images.js';
import { halfCosine } from '../half-cosine.js';

/** Inputs and what a costly function made of them. */
export interface Samples {
  readonly inputs: Matrix;
  readonly outputs: Matrix;
}

/** Root mean square of the difference. */
export function rmse(read: Float32Array, { data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += ((read[i] as number) - (data[i] as number)) ** 2;
  return Math.sqrt(sum / data.length);
}

/** The means of the `k` fitted outputs whose inputs are nearest to each row of `inputs`. */
export function nearestNeighbours(fitted: Samples, inputs: Matrix, k: number): Float32Array {
  const [rows] = inputs.shape;
  const columns = fitted.outputs.shape[1];
  const read = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const mean = read.subarray(row * columns, (row + 1) * columns);
    for (const near of nearest(fitted.inputs, inputs, row, k)) {
      const output = fitted.outputs.data.subarray(near * columns, (near + 1) * columns);
      for (const [i, value] of output.entries()) mean[i] = (mean[i] as number) + value / k;
    }
  }
  return read;
}

/** The `k` rows of `among` nearest to row `row` of `of`. */
function nearest(among: Matrix, of: Matrix, row: number, k: number): number[] {
  const [count, size] = among.shape;
  const found: { i: number; square: number }[] = [];
  for (let i = 0; i < count; i++) {
    let square = 0;
    for (let j = 0; j < size; j++)
      square += ((among.data[i * size + j] as number) - (of.data[row * size + j] as number)) ** 2;
    if (found.length === k && square >= (found[k - 1]?.square ?? 0)) continue;
    if (found.length === k) found.pop();
    const at = found.findIndex((other) => other.square > square);
    found.splice(at < 0 ? found.length : at, 0, { i, square });
  }
  return found.map(({ i }) => i);
}

/** Numbers in a network of `hidden` units in each of two hidden layers. */
export function networkSize(inputs: number, hidden: number, outputs: number): number {
  return (inputs + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * outputs;
}

/** The widest network that holds at most `numbers` numbers. */
export function widthFor(numbers: number, inputs: number, outputs: number): number {
  let hidden = 1;
  while (networkSize(inputs, hidden + 1, outputs) <= numbers) hidden++;
  return hidden;
}

const BATCH = 128;

/** Trains a network of two hidden layers of tanh units by Adam along half a cosine; returns what it makes of `inputs`. */
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
    runtime.tensor(rowsOf(matrix, rows), [rows.length, matrix.shape[1]]);
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

function rowsOf({ data, shape: [, columns] }: Matrix, rows: Uint32Array): Float32Array {
  const picked = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) picked.set(data.subarray(row * columns, (row + 1) * columns), i * columns);
  return picked;
}
