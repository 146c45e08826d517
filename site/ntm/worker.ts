// Trains the Neural Turing Machine on the copy task, as reproduce/ntm-copy does before it adds noise.
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
import { curriculum, longestAfter } from '../../tools/copy-curriculum.js';
import type { Measures, Settings } from '../shell/messages.js';
import { serve, type Trainee } from '../shell/trainer.js';
import { type LongCopy, longCopy, type Trace, trace } from './trace.js';

export interface NtmSettings extends Settings {
  readonly seed: number;
  /** Maximum length. */
  readonly length: number;
  readonly vectorSize: number;
  readonly memorySize: number;
  readonly wordSize: number;
  readonly controllerSize: number;
  readonly batch: number;
}

export interface NtmView {
  readonly trace: Trace;
  /** The last test on long sequences, if there was one. */
  readonly long: LongCopy | undefined;
}

/** Requests a test on sequences of this length. */
export type NtmQuestion = number;

const LEARNING_RATE = 1e-3;
/** Number of sequences over which the learning rate decays linearly to a tenth. */
const DECAY = 20_000;

class CopyTraining implements Trainee<NtmView, NtmQuestion> {
  readonly #settings: NtmSettings;
  readonly #task: CopyTask;
  readonly #model: NTM;
  readonly #optimizer: RMSprop;
  #long: LongCopy | undefined;

  constructor(
    readonly runtime: Runtime,
    settings: NtmSettings,
  ) {
    const { seed, length: maxLength, vectorSize, memorySize, wordSize, controllerSize } = settings;
    this.#settings = settings;
    this.#task = new CopyTask(runtime, { random: new Random(runtime, seed), vectorSize, maxLength });
    const random = new Random(runtime, seed + 2 ** 21);
    const sizes = { inputSize: vectorSize + 1, outputSize: vectorSize, memorySize, wordSize, controllerSize };
    this.#model = new NTM(runtime, { ...sizes, random });
    this.#optimizer = new RMSprop(this.#model.parameters, { alpha: 0.95, eps: 1e-4, momentum: 0.9, centered: true });
  }

  get parameters() {
    return this.#model.parameters;
  }

  update(done: number): Measures {
    const { batch, length: maxLength } = this.#settings;
    const seen = done * batch;
    const longest = longestAfter(seen, maxLength, curriculum);
    this.#optimizer.learningRate = LEARNING_RATE * Math.max(1 - seen / DECAY, 0.1);
    return this.runtime.step(() => {
      const { inputs, targets, length } = this.#task.batch(batch, this.#task.drawLength(Math.max(1, longest)));
      const [, outputs] = split(this.#model.forward(inputs), [length + 1, length], 0) as [Tensor, Tensor];
      const loss = binaryCrossEntropyWithLogits(outputs, targets);
      // Weights every bit equally, whatever the length of its sequence.
      scale(loss, (2 * length) / maxLength).backward();
      clipGradNorm(this.parameters, 10);
      this.#optimizer.step();
      this.#optimizer.zeroGrad();
      return { loss: loss.item(), bitsWrong: bitsWrong(outputs, targets) };
    });
  }

  view(): NtmView {
    const { vectorSize, length } = this.#settings;
    return { trace: trace(this.#model, vectorSize, length), long: this.#long };
  }

  ask(length: NtmQuestion): void {
    this.#long = longCopy(this.#model, this.#settings.vectorSize, length);
  }
}

serve<NtmView, NtmQuestion>({
  create: (runtime, settings) => new CopyTraining(runtime, settings as NtmSettings),
  settingsOf: (shapeOf) => ({
    vectorSize: shapeOf('fc.bias')[0] as number,
    controllerSize: shapeOf('controller.fc.bias')[0] as number,
    memorySize: shapeOf('read_heads.0.read_focus_bias')[1] as number,
    wordSize: shapeOf('read_heads.0.read_bias')[1] as number,
  }),
});
