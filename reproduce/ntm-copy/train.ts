// The training loop of the copy task.
import {
  binaryCrossEntropyWithLogits,
  bitsWrong,
  type CopyTask,
  clipGradNorm,
  type NTM,
  RMSprop,
  type Runtime,
  split,
} from 'tapehead';
import { bitsWrongOnFresh } from './evaluate.js';
import type { Metric } from './plots.js';

/** How to train; docs/ntm-copy.md tells how these were found. */
export const defaults = {
  /** Sequences seen in all. */
  sequences: 32_000,
  /** Sequences in an update. */
  batch: 16,
  /** At the start; it falls linearly to zero. */
  learningRate: 2e-3,
  alpha: 0.95,
  eps: 1e-4,
  momentum: 0.9,
  /** Largest norm of all gradients together. */
  maxNorm: 10,
};

export type Settings = typeof defaults;

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

/** Trains `model`; `watch` sees every metric and ends training by returning false. */
export async function train(
  runtime: Runtime,
  model: NTM,
  tasks: { readonly training: CopyTask; readonly validation: CopyTask },
  settings: Settings,
  watch: (metric: Metric) => Promise<boolean>,
): Promise<Learned> {
  const { sequences, batch, learningRate, alpha, eps, momentum, maxNorm } = settings;
  const optimizer = new RMSprop(model.parameters, { lr: learningRate, alpha, eps, momentum, centered: true });
  const metrics: Metric[] = [];
  let recent = { loss: 0, bitsWrong: 0, updates: 0 };
  let sequencesToLearn = Number.NaN;
  for (let seen = batch; seen <= sequences; seen += batch) {
    optimizer.learningRate = learningRate * (1 - (seen - batch) / sequences);
    const { loss, wrong } = runtime.step(() => {
      const { inputs, targets, length } = tasks.training.batch(batch);
      const [, outputs] = split(model.forward(inputs), [length + 1, length], 0) as [never, ReturnType<NTM['forward']>];
      const loss = binaryCrossEntropyWithLogits(outputs, targets);
      loss.backward();
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
      const check = Number.isNaN(sequencesToLearn) && crossed(seen, METRIC_EVERY, CHECK_EVERY);
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
