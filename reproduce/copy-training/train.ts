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
import { curriculum, longestAfter } from '../../tools/copy-curriculum.js';
import type { Metric } from './copy.js';
import { validationError } from './evaluate.js';

/** Training settings; docs/results/ntm-copy.md describes how they were found. */
export const settings = {
  /** Total number of training sequences. */
  sequences: 40_000,
  /** Batch size in sequences. */
  batch: 8,
  /**
   * Initial learning rate. It falls linearly to zero at `decay` sequences, but not below `share` of a linear decay over
   * all of training.
   */
  learningRate: 1e-3,
  decay: 20_000,
  share: 0.5,
  alpha: 0.95,
  eps: 1e-4,
  momentum: 0.9,
  /** Maximum norm of the gradient. */
  maxNorm: 10,
  ...curriculum,
  /**
   * Number of sequences before noise starts, provided that the model copies by then: noise makes the controller robust.
   */
  quiet: 10_000,
  /** Initial standard deviation of the noise on inputs and LSTM cells; it decays to zero by the end. */
  inputNoise: 0.4,
  cellNoise: 0.6,
};

export type Settings = typeof settings;

export interface Tasks {
  readonly training: CopyTask;
  readonly validation: CopyTask;
  /** Source of the training noise. */
  readonly noise: Random;
}

export interface Learned {
  readonly metrics: readonly Metric[];
  /**
   * Number of training sequences at which the mean over 1,000 new ones first fell below 0.1 wrong bits; NaN if it never
   * did.
   */
  readonly sequencesToLearn: number;
  /** Number of training sequences at which noise started; NaN if it never did. */
  readonly noiseFrom: number;
}

const METRIC_EVERY = 256;
const VALIDATE_EVERY = 1000;
/** Validation starts once the training error is below this many bits per sequence. */
const NEARLY_LEARNED = 0.5;

/** Creates a model, its training and validation tasks and the noise source, all from one seed. */
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

/** Trains `model`. `watch` is called with every metric; training stops when it returns false. */
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
      // Weights every bit equally, whatever the length of its sequence.
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
      const due =
        Number.isNaN(sequencesToLearn) && longest === maxLength && crossed(seen, METRIC_EVERY, VALIDATE_EVERY);
      if (due && metric.bitsWrong < NEARLY_LEARNED && validationError(runtime, model, tasks.validation) < 0.1)
        sequencesToLearn = seen;
    }
  }
  return { metrics, sequencesToLearn, noiseFrom: Math.max(settings.quiet, sequencesToLearn) };
}

/** Learning rate, maximum length and remaining share of training after `seen` sequences. */
function schedule(settings: Settings, seen: number, maxLength: number) {
  const { sequences, learningRate, decay, share } = settings;
  const left = 1 - seen / sequences;
  return {
    rate: learningRate * Math.max(1 - seen / decay, share * left),
    longest: longestAfter(seen, maxLength, settings),
    left,
  };
}

/** The last `length` outputs [L, B, V]. With noise the model runs step by step, to add noise to every cell state. */
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

/** Whether the last step of `by` up to `seen` reached or passed a multiple of `every`. */
function crossed(seen: number, by: number, every: number): boolean {
  return Math.floor(seen / every) > Math.floor((seen - by) / every);
}
