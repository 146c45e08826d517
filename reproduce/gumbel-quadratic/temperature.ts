// The effect of the temperature: the same training at several temperatures, and with the Gumbel noise annealed to zero.
import { AddressNetwork, type Annealing, type GumbelMemory, linearAnnealing, load, scale } from 'tapehead';
import { type Score, type Settings, score, setUp, square, train, values } from './train.js';

/** A schedule of the temperature and of the noise scale, by update. */
export interface Trial {
  readonly name: string;
  readonly tau: Annealing;
  readonly noise: Annealing;
}

export interface Outcome {
  readonly trial: Trial;
  readonly seed: number;
  readonly score: Score;
  /** Mean weight of the outermost value where it is the nearest, after each update. */
  readonly outermost: readonly number[];
}

/**
 * Trials at several constant temperatures, one annealed from the default to the source's 0.67, and one with fading
 * noise.
 */
export function trials({ updates, tau }: Settings): Trial[] {
  const constant = [0.3, 0.67, 1, 1.5, 2, 3, 5].map((tau) => ({ name: `${tau}`, tau: () => tau, noise: () => 1 }));
  const falling = { name: `${tau}, to 0.67`, tau: linearAnnealing(tau, 0.67, updates), noise: () => 1 };
  // Not quite zero: logits are divided by it.
  const fading = (update: number): number => Math.max(1e-3, 1 - update / updates);
  return [...constant, falling, { name: `${tau}, fading noise`, tau: () => tau, noise: fading }];
}

/** Trains with the schedules of `trial`; training stops when `watch` returns false. */
export async function runTrial(
  trial: Trial,
  seed: number,
  settings: Settings,
  watch: (update: number, loss: number) => Promise<boolean>,
): Promise<Outcome> {
  const runtime = await load();
  let noise = 1;
  // (h + s·g) / τ = (h / s + g) / (τ / s): scaling the noise by s is the same as scaling the logits and τ by 1 / s.
  const { model, data } = setUp(runtime, seed, settings, values, {
    address: (parameters, random) => {
      const net = new AddressNetwork(parameters, [1, 64, 64, values.length], random);
      return (x, mode) => scale(net.forward(x, mode), 1 / noise);
    },
  });
  const outermost: number[] = [];
  const tau: Annealing = (update) => {
    noise = trial.noise(update);
    return trial.tau(update) / noise;
  };
  await train(model, data, settings, tau, (update, loss) => {
    outermost.push(outermostWeight(model, tau(update)));
    return watch(update, loss);
  });
  return { trial, seed, score: score(model, values, square), outermost };
}

/** Mean weight of the last value at ten evenly spaced points that are nearest to it. */
function outermostWeight(model: GumbelMemory, tau: number): number {
  const { runtime } = model;
  const last = values.length - 1;
  const weights = runtime.noGrad(() => {
    const x = Array.from({ length: 10 }, (_, i) => 0.94 + (0.06 * i) / 9);
    return model.forward(runtime.tensor(x, [10, 1]), { training: false, tau }).weights.toArray();
  });
  return weights.reduce((sum, weight, i) => (i % values.length === last ? sum + weight / 10 : sum), 0);
}
