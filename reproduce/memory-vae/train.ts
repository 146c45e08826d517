// Training of both models on the same batches, and the checkpoint from which it goes on bit for bit.
import { existsSync } from 'node:fs';
import {
  Adam,
  ImageBatches,
  type ImageBatchesState,
  MemoryVAE,
  Random,
  type RandomState,
  type Runtime,
  type StateDict,
  type Tensor,
  VQVAE,
} from 'tapehead';
import { DataError } from '../data/data-error.js';
import type { LabelledImages } from '../data/images.js';
import { useCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { Settings } from './settings.js';

/** Mean error over the data's variance of the updates up to this one, since the last metric. */
export interface Metric {
  readonly update: number;
  readonly memory: number;
  readonly vq: number;
}

const METRIC_EVERY = 100;
const CHECKPOINT_EVERY = 500;

/** Both models with their optimizers, the batches, and what has been measured. */
export class Training {
  readonly memory: MemoryVAE;
  readonly vq: VQVAE;
  readonly metrics: Metric[] = [];
  /** Updates done. */
  update = 0;
  readonly #optimizers: Readonly<Record<'memory' | 'vq', Adam>>;
  readonly #batches: ImageBatches;
  readonly #revivals: Random;
  #sums = { memory: 0, vq: 0 };

  constructor(
    readonly runtime: Runtime,
    readonly train: LabelledImages,
    readonly settings: Settings,
    /** Variance of the training images' pixels. */
    readonly variance: number,
    readonly seed: number,
  ) {
    const { channels, height, width, images } = train;
    // The same stream for both, so that they begin with the same encoder and decoder.
    const start = () => new Random(runtime, seed);
    this.memory = new MemoryVAE(runtime, { channels, variance, ...settings.memory, random: start() });
    this.#revivals = start();
    this.vq = new VQVAE(runtime, { channels, variance, ...settings.vq, random: this.#revivals });
    const optimizer = ({ parameters }: MemoryVAE | VQVAE) =>
      new Adam(parameters, { lr: settings.learningRate, amsgrad: true });
    this.#optimizers = { memory: optimizer(this.memory), vq: optimizer(this.vq) };
    this.#batches = new ImageBatches(runtime, {
      images,
      shape: [channels, height, width],
      random: new Random(runtime, seed + 2 ** 20),
    });
  }

  /** One update of both models on one batch; returns their errors over the data's variance. Throws a DataError where one is not finite. */
  step(): { memory: number; vq: number } {
    const errors = this.runtime.step(() => {
      const images = this.#batches.batch(this.settings.batch);
      return { memory: this.#learn('memory', images), vq: this.#learn('vq', images) };
    });
    this.update++;
    this.#expectFinite(errors);
    for (const name of ['memory', 'vq'] as const) this.#sums[name] += errors[name] / METRIC_EVERY;
    if (this.update % METRIC_EVERY === 0) {
      this.metrics.push({ update: this.update, ...this.#sums });
      this.#sums = { memory: 0, vq: 0 };
    }
    return errors;
  }

  /** Whether a checkpoint is due. */
  get due(): boolean {
    return this.update % CHECKPOINT_EVERY === 0;
  }

  #expectFinite(errors: Readonly<Record<string, number>>): void {
    for (const [name, error] of Object.entries(errors)) {
      if (Number.isFinite(error)) continue;
      throw new DataError(
        `update ${this.update}: the error of model ${name} must be finite, got ${error}; training has diverged, so the last checkpoint stays as it is`,
      );
    }
  }

  #learn(name: 'memory' | 'vq', images: Tensor): number {
    const { loss, error } = this[name].forward(images, { training: true });
    loss.backward();
    this.#optimizers[name].step();
    this.#optimizers[name].zeroGrad();
    return error.item() / this.variance;
  }

  /** Writes everything that training goes on from. */
  save(path: string): void {
    const { update, metrics, settings, seed, variance } = this;
    const state: Saved = {
      ...{ update, metrics, settings, seed, sums: this.#sums },
      images: { count: this.train.count, variance },
      batches: this.#batches.state,
      revivals: this.#revivals.state,
    };
    const tensors: StateDict = new Map();
    for (const [name, part] of this.#parts()) {
      for (const [key, entry] of part.stateDict()) tensors.set(`${name}.${key}`, entry);
    }
    writeCheckpoint(path, tensors, state);
  }

  /** Goes on from a checkpoint, if there is one of the same seed, settings and images. Throws a DataError where there is another. */
  resume(path: string): boolean {
    if (!existsSync(path)) return false;
    useCheckpoint<Saved>(path, (tensors, saved) => {
      this.#expectSame(saved);
      for (const [name, part] of this.#parts()) {
        const own = [...tensors].filter(([key]) => key.startsWith(`${name}.`));
        part.loadStateDict(new Map(own.map(([key, entry]) => [key.slice(name.length + 1), entry])));
      }
      this.update = saved.update;
      this.metrics.push(...saved.metrics);
      this.#sums = saved.sums;
      this.#batches.setState(saved.batches);
      this.#revivals.setState(saved.revivals);
    });
    return true;
  }

  #expectSame({ seed, settings, images }: Saved): void {
    const same = ({ updates, ...rest }: Settings) => JSON.stringify(rest);
    if (seed !== this.seed || same(settings) !== same(this.settings)) {
      throw new DataError('it is of another seed or of other settings');
    }
    if (images.count !== this.train.count || images.variance !== this.variance) {
      throw new DataError('it is of other images');
    }
  }

  #parts() {
    return [
      ['memory', this.memory.parameters],
      ['vq', this.vq.parameters],
      ['memory_adam', this.#optimizers.memory],
      ['vq_adam', this.#optimizers.vq],
    ] as const;
  }
}

interface Saved {
  readonly update: number;
  readonly metrics: readonly Metric[];
  readonly settings: Settings;
  readonly seed: number;
  /** What tells the images it was trained on from others. */
  readonly images: { readonly count: number; readonly variance: number };
  readonly sums: { memory: number; vq: number };
  readonly batches: ImageBatchesState;
  readonly revivals: RandomState;
}
