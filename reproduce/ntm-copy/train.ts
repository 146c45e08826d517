// The training loop of the copy task.
import {
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
  type Tensor,
} from 'tapehead';
import { bitsWrongOnFresh } from './evaluate.js';
import type { Metric } from './plots.js';

/** How to train; docs/ntm-copy.md tells how these were found. */
export const settings = {
  /** Sequences seen in all. */
  sequences: 40_000,
  /** Sequences in an update. */
  batch: 8,
  /** At the start; it falls linearly to zero. */
  learningRate: 1e-3,
  alpha: 0.95,
  eps: 1e-4,
  momentum: 0.9,
  /** Largest norm of all gradients together. */
  maxNorm: 10,
  /** The longest sequence at the very start; it grows evenly to the task's longest … */
  firstLength: 3,
  /** … over this many sequences. */
  growth: 3000,
};

export type Settings = typeof settings;

export interface Tasks {
  readonly training: CopyTask;
  readonly validation: CopyTask;
}

/** Where training stands. */
export interface Learned {
  readonly metrics: readonly Metric[];
  /** Sequences seen when 1,000 fresh ones first had less than 0.1 bits wrong in the mean; NaN if they never had. */
  readonly sequencesToLearn: number;
}

const METRIC_EVERY = 256;
const CHECK_EVERY = 1000;
/** Worth a check with fresh sequences: the bits wrong in those just trained on. */
const NEARLY_LEARNED = 0.5;

/** A fresh model with the tasks to train and to check it on, everything random from one seed. */
export function setUp(runtime: Runtime, seed: number): { model: NTM; tasks: Tasks } {
  const [training, validation, initial] = [0, 1, 2].map((stream) => new Random(runtime, seed + stream * 2 ** 20)) as [
    Random,
    Random,
    Random,
  ];
  const tasks = {
    training: new CopyTask(runtime, { random: training }),
    validation: new CopyTask(runtime, { random: validation }),
  };
  const { inputSize, vectorSize } = tasks.training;
  return { model: new NTM(runtime, { inputSize, outputSize: vectorSize, random: initial }), tasks };
}

/** Trains `model`; `watch` sees every metric and ends training by returning false. */
export async function train(
  runtime: Runtime,
  model: NTM,
  tasks: Tasks,
  { sequences, batch, learningRate, alpha, eps, momentum, maxNorm, firstLength, growth }: Settings,
  watch: (metric: Metric) => Promise<boolean>,
): Promise<Learned> {
  const optimizer = new RMSprop(model.parameters, { lr: learningRate, alpha, eps, momentum, centered: true });
  const { maxLength } = tasks.training;
  const metrics: Metric[] = [];
  let recent = { loss: 0, bitsWrong: 0, updates: 0 };
  let sequencesToLearn = Number.NaN;
  for (let seen = batch; seen <= sequences; seen += batch) {
    const before = seen - batch;
    optimizer.learningRate = learningRate * (1 - before / sequences);
    const longest = Math.min(maxLength, Math.round(firstLength + ((maxLength - firstLength) * before) / growth));
    const { loss, wrong } = runtime.step(() => {
      const { inputs, targets, length } = tasks.training.batch(batch, tasks.training.drawLength(longest));
      const [, outputs] = split(model.forward(inputs), [length + 1, length], 0) as [Tensor, Tensor];
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
      const check = Number.isNaN(sequencesToLearn) && longest === maxLength && crossed(seen, METRIC_EVERY, CHECK_EVERY);
      if (check && metric.bitsWrong < NEARLY_LEARNED && bitsWrongOnFresh(runtime, model, tasks.validation) < 0.1) {
        sequencesToLearn = seen;
      }
    }
  }
  return { metrics, sequencesToLearn };
}

/** Whether counting up to `seen` in steps of `by` has just passed a multiple of `every`. */
function crossed(seen: number, by: number, every: number): boolean {
  return Math.floor(seen / every) > Math.floor((seen - by) / every);
}
