// Learning to read x² from a bank of numbers: the points, the training loop, and how good the choices are.
import { Adam, type Annealing, GumbelMemory, type GumbelMemoryOptions, mseLoss, Random, type Runtime } from 'tapehead';

/** How to train; docs/results/gumbel-memory.md tells how the temperature was found. */
export const settings = {
  updates: 1000,
  /** Points to learn from, all of them in every update. */
  points: 1000,
  /** Standard deviation of the noise on their y. */
  noise: 0.05,
  /** Adam's at the start; it falls linearly to zero. */
  learningRate: 0.03,
  tau: 2,
};

export type Settings = typeof settings;

/** Five values evenly spaced in [0, 1]. */
export const values: readonly number[] = [0, 0.25, 0.5, 0.75, 1];

export interface Points {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** What a model reads on even points, beside what it should. */
export interface Score {
  readonly x: Float32Array;
  /** Where the model reads, and where the nearest value is. */
  readonly addresses: ArrayLike<number>;
  readonly best: readonly number[];
  /** Share of the points that read the nearest value. */
  readonly share: number;
  /** Root mean square error of what is read, and of the nearest values. */
  readonly rmse: number;
  readonly bestRmse: number;
}

/** A fresh model for a bank of these values, and points to learn from, everything random from one seed. */
export function setUp(
  runtime: Runtime,
  seed: number,
  { points, noise }: Settings,
  bank: readonly number[],
  options: Partial<GumbelMemoryOptions> = {},
): { model: GumbelMemory; data: Points } {
  const random = new Random(runtime, seed);
  const model = new GumbelMemory(runtime, { bank: runtime.tensor(bank), inputSize: 1, random, ...options });
  return { model, data: drawPoints(new Random(runtime, seed + 2 ** 20), points, noise) };
}

/** Trains `model`; `watch` sees the loss of every update and ends training by returning false. */
export async function train(
  model: GumbelMemory,
  data: Points,
  { updates, learningRate }: Settings,
  tau: Annealing,
  watch: (update: number, loss: number) => Promise<boolean>,
): Promise<void> {
  const { runtime } = model;
  const x = runtime.tensor(data.x, [data.x.length, 1]);
  const y = runtime.tensor(data.y);
  const optimizer = new Adam(model.parameters, { lr: learningRate });
  for (let update = 0; update < updates; update++) {
    optimizer.learningRate = learningRate * (1 - update / updates);
    const loss = runtime.step(() => {
      const { read } = model.forward(x, { training: true, tau: tau(update) });
      const loss = mseLoss(read, y);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.item();
    });
    if (!(await watch(update + 1, loss))) return;
  }
}

/** How `model`, reading from a bank of `values`, follows the function f on 1,000 even points of [−1, 1]. */
export function score(model: GumbelMemory, values: readonly number[], f: (x: number) => number): Score {
  const { runtime } = model;
  const x = Float32Array.from({ length: 1000 }, (_, i) => -1 + (2 * i) / 999);
  const { addresses } = runtime.noGrad(() => model.forward(runtime.tensor(x, [1000, 1]), { training: false }));
  const targets = Array.from(x, f);
  const best = targets.map((y) => nearest(values, y));
  const rmse = (choice: ArrayLike<number>): number =>
    Math.sqrt(targets.reduce((sum, y, i) => sum + (y - (values[choice[i] as number] as number)) ** 2, 0) / x.length);
  const right = best.filter((address, i) => address === addresses[i]).length;
  return { x, addresses, best, share: right / x.length, rmse: rmse(addresses), bestRmse: rmse(best) };
}

export function square(x: number): number {
  return x * x;
}

/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** x even over [−1, 1], y = x² and normal noise. */
function drawPoints(random: Random, count: number, noise: number): Points {
  return random.runtime.step(() => {
    const x = random.uniform([count], { low: -1, high: 1 }).toArray();
    const offsets = random.normal([count], { std: noise }).toArray();
    return { x, y: x.map((value, i) => square(value) + (offsets[i] as number)) };
  });
}

/** The place of the value nearest to y. */
function nearest(values: readonly number[], y: number): number {
  const distances = values.map((value) => Math.abs(value - y));
  return distances.indexOf(Math.min(...distances));
}
