// The training loop of the copy task.
import {
  add,
  binaryCrossEntropyWithLogits,
  bitsWrong,
  CopyTask,
  clipGradNorm,
  NTM,
  Random,
  RMSprop,
  type Runtime,
  scale,
  split,
  stack,
  type Tensor,
  unbind,
} from 'tapehead';
import type { Metric } from './copy.js';
import { bitsWrongOnFresh } from './evaluate.js';

/** How to train; docs/results/ntm-copy.md tells how these were found. */
export const settings = {
  /** Sequences seen in all. */
  sequences: 40_000,
  /** Sequences in an update. */
  batch: 8,
  /** At the start. It falls linearly, so as to reach zero … */
  learningRate: 1e-3,
  /** … here; but never below this share of what an even fall to the end of training would leave. */
  decay: 20_000,
  share: 0.5,
  alpha: 0.95,
  eps: 1e-4,
  momentum: 0.9,
  /** Largest norm of all gradients together. */
  maxNorm: 10,
  /** The longest sequence at the very start; it grows evenly to the task's longest … */
  firstLength: 3,
  /** … over this many sequences. */
  growth: 3000,
  /** After so many sequences, and once copying is learned, there is noise: it teaches the controller to hold its course. */
  quiet: 10_000,
  /** Standard deviation of the noise on every input and on every cell; it dies away towards the end. */
  inputNoise: 0.4,
  cellNoise: 0.6,
};

export type Settings = typeof settings;

export interface Tasks {
  readonly training: CopyTask;
  readonly validation: CopyTask;
  /** Where the noise of training comes from. */
  readonly noise: Random;
}

/** Where training stands. */
export interface Learned {
  readonly metrics: readonly Metric[];
  /** Sequences seen when 1,000 fresh ones first had less than 0.1 bits wrong in the mean; NaN if they never had. */
  readonly sequencesToLearn: number;
  /** Sequences seen when noise set in; NaN if it never did. */
  readonly noiseFrom: number;
}

const METRIC_EVERY = 256;
const CHECK_EVERY = 1000;
/** Worth a check with fresh sequences: the bits wrong in those just trained on. */
const NEARLY_LEARNED = 0.5;

/** A fresh model with the tasks to train and to check it on, everything random from one seed. */
export function setUp(runtime: Runtime, seed: number): { model: NTM; tasks: Tasks } {
  const stream = (index: number) => new Random(runtime, seed + index * 2 ** 20);
  const tasks = {
    training: new CopyTask(runtime, { random: stream(0) }),
    validation: new CopyTask(runtime, { random: stream(1) }),
    noise: stream(3),
  };
  const { inputSize, vectorSize } = tasks.training;
  return { model: new NTM(runtime, { inputSize, outputSize: vectorSize, random: stream(2) }), tasks };
}

/** Trains `model`; `watch` sees every metric and ends training by returning false. */
export async function train(
  runtime: Runtime,
  model: NTM,
  tasks: Tasks,
  settings: Settings,
  watch: (metric: Metric) => Promise<boolean>,
): Promise<Learned> {
  const { sequences, batch, learningRate, alpha, eps, momentum, maxNorm } = settings;
  const optimizer = new RMSprop(model.parameters, { lr: learningRate, alpha, eps, momentum, centered: true });
  const { maxLength } = tasks.training;
  const metrics: Metric[] = [];
  let recent = { loss: 0, bitsWrong: 0, updates: 0 };
  let sequencesToLearn = Number.NaN;
  for (let seen = batch; seen <= sequences; seen += batch) {
    const { rate, longest, left } = schedule(settings, seen - batch, maxLength);
    const noise = seen > settings.quiet && sequencesToLearn <= seen ? Math.sqrt(left) : 0;
    optimizer.learningRate = rate;
    const { loss, wrong } = runtime.step(() => {
      const { inputs, targets, length } = tasks.training.batch(batch, tasks.training.drawLength(longest));
      const outputs = copies(model, inputs, length, noise, tasks.noise, settings);
      const loss = binaryCrossEntropyWithLogits(outputs, targets);
      // Every bit counts alike, in long sequences and in short ones.
      scale(loss, (2 * length) / maxLength).backward();
      clipGradNorm(model.parameters, maxNorm);
      optimizer.step();
      optimizer.zeroGrad();
      return { loss: loss.item(), wrong: bitsWrong(outputs, targets) };
    });
    recent = { loss: recent.loss + loss, bitsWrong: recent.bitsWrong + wrong, updates: recent.updates + 1 };
    if (crossed(seen, batch, METRIC_EVERY) || seen + batch > sequences) {
      const { updates } = recent;
      const metric = { sequences: seen, loss: recent.loss / updates, bitsWrong: recent.bitsWrong / updates };
      recent = { loss: 0, bitsWrong: 0, updates: 0 };
      metrics.push(metric);
      if (!(await watch(metric))) break;
      const due = Number.isNaN(sequencesToLearn) && longest === maxLength && crossed(seen, METRIC_EVERY, CHECK_EVERY);
      if (due && metric.bitsWrong < NEARLY_LEARNED && bitsWrongOnFresh(runtime, model, tasks.validation) < 0.1)
        sequencesToLearn = seen;
    }
  }
  return { metrics, sequencesToLearn, noiseFrom: Math.max(settings.quiet, sequencesToLearn) };
}

/** Learning rate and longest sequence after `before` sequences, and the share of them that is left. */
function schedule(
  { sequences, learningRate, decay, share, firstLength, growth }: Settings,
  before: number,
  maxLength: number,
) {
  const left = 1 - before / sequences;
  return {
    rate: learningRate * Math.max(1 - before / decay, share * left),
    longest: Math.min(maxLength, Math.round(firstLength + ((maxLength - firstLength) * before) / growth)),
    left,
  };
}

/** The last `length` outputs [L, B, V]; with noise, a step at a time, so that every cell gets its share. */
function copies(
  model: NTM,
  inputs: Tensor,
  length: number,
  noise: number,
  random: Random,
  { inputNoise, cellNoise }: Settings,
): Tensor {
  if (noise === 0) return split(model.forward(inputs), [length + 1, length], 0)[1];
  const noisy = (x: Tensor, std: number): Tensor => add(x, random.normal(x.shape, { std: std * noise }));
  let state = model.initialState(inputs.shape[1] as number);
  const outputs = unbind(noisy(inputs, inputNoise)).map((x) => {
    const [output, next] = model.step(x, state);
    state = { ...next, cell: next.cell.map((cell) => noisy(cell, cellNoise)) };
    return output;
  });
  return stack(outputs.slice(length + 1));
}

/** Whether counting up to `seen` in steps of `by` has just passed a multiple of `every`. */
function crossed(seen: number, by: number, every: number): boolean {
  return Math.floor(seen / every) > Math.floor((seen - by) / every);
}
