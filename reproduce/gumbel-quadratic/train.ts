// Learning to read x² from a bank of values: data, training loop, and score.
import { Adam, type Annealing, GumbelMemory, type GumbelMemoryOptions, mseLoss, Random, type Runtime } from 'tapehead';
import { noisySquares } from '../../tools/noisy-squares.js';

/** Training settings; docs/results/gumbel-memory.md describes how the temperature was found. */
export const settings = {
  updates: 1000,
  /** Number of training points; every update uses all of them. */
  points: 1000,
  /** Standard deviation of the noise on y. */
  noise: 0.05,
  /** Initial learning rate of Adam; it decays linearly to zero. */
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

/** Reads of a model at evenly spaced points, compared with the optimum. */
export interface Score {
  readonly x: Float32Array;
  /** Addresses read. */
  readonly addresses: ArrayLike<number>;
  /** Addresses of the nearest values. */
  readonly best: readonly number[];
  /** Share of points that read the nearest value. */
  readonly share: number;
  /** Root mean square error of the values read. */
  readonly rmse: number;
  /** Root mean square error of the nearest values. */
  readonly bestRmse: number;
}

/** Creates a model with a bank of these values and its training points, all from one seed. */
export function setUp(
  runtime: Runtime,
  seed: number,
  { points, noise }: Settings,
  bank: readonly number[],
  options: Partial<GumbelMemoryOptions> = {},
): { model: GumbelMemory; data: Points } {
  const random = new Random(runtime, seed);
  const model = new GumbelMemory(runtime, { bank: runtime.tensor(bank), inputSize: 1, random, ...options });
  return { model, data: noisySquares(new Random(runtime, seed + 2 ** 20), points, noise) };
}

/** Trains `model`. `watch` is called with the loss of every update; training stops when it returns false. */
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

/** Scores `model`, whose bank holds `values`, against the function f at 1,000 evenly spaced points of [−1, 1]. */
export function score(model: GumbelMemory, values: readonly number[], f: (x: number) => number): Score {
  const { runtime } = model;
  const x = Float32Array.from({ length: 1000 }, (_, i) => -1 + (2 * i) / 999);
  const { addresses } = runtime.noGrad(() => model.forward(runtime.tensor(x, [1000, 1]), { training: false }));
  const targets = Array.from(x, f);
  const best = targets.map((y) => nearest(values, y));
  const rmse = (read: ArrayLike<number>): number =>
    Math.sqrt(targets.reduce((sum, y, i) => sum + (y - (values[read[i] as number] as number)) ** 2, 0) / x.length);
  const optimal = best.filter((address, i) => address === addresses[i]).length;
  return { x, addresses, best, share: optimal / x.length, rmse: rmse(addresses), bestRmse: rmse(best) };
}

export function square(x: number): number {
  return x * x;
}

/** Index of the value nearest to y. */
function nearest(values: readonly number[], y: number): number {
  const distances = values.map((value) => Math.abs(value - y));
  return distances.indexOf(Math.min(...distances));
}
