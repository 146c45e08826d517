// Training of models on the same batches, with checkpoints from which it resumes bit for bit.
import { existsSync } from 'node:fs';
import {
  Adam,
  GaussianVAE,
  ImageBatches,
  type ImageBatchesState,
  MemoryVAE,
  type Optimizer,
  type Parameters,
  Random,
  type RandomState,
  type Runtime,
  type StateDict,
  type Tensor,
  VQVAE,
} from 'tapehead';
import { DataError } from '../../tools/data-error.js';
import type { LabelledImages } from '../data/images.js';
import { useCheckpoint, writeCheckpoint } from './checkpoint.js';
import type { ModelName, Settings } from './settings.js';

export interface Models {
  readonly memory: MemoryVAE;
  readonly vq: VQVAE;
  readonly gaussian: GaussianVAE;
}

/** Errors relative to the data variance, by model. */
export type Errors<Name extends ModelName> = Record<Name, number>;

/** Mean errors over the updates since the last metric. */
export type Metric<Name extends ModelName> = Readonly<{ update: number } & Errors<Name>>;

const METRIC_EVERY = 100;
const CHECKPOINT_EVERY = 500;
/** Number of images whose latent vectors initialise the VQ-VAE's codes. */
const INIT_IMAGES = 64;
const classes = { memory: MemoryVAE, vq: VQVAE, gaussian: GaussianVAE };

/** A training run: models, optimizers, batches and metrics. */
export class Training<Name extends ModelName> {
  readonly names: readonly Name[];
  readonly models: Pick<Models, Name>;
  readonly metrics: Metric<Name>[] = [];
  /** Number of updates so far. */
  update = 0;
  readonly #optimizers: Readonly<Record<Name, Optimizer>>;
  /** Random stream of each model: initialisation, restarts of dead codes, noise. */
  readonly #streams: Readonly<Record<Name, Random>>;
  readonly #batches: ImageBatches;
  #sums: Errors<Name>;

  constructor(
    readonly runtime: Runtime,
    readonly train: LabelledImages,
    readonly settings: Settings<Name>,
    /** Variance of the training images' pixels. */
    readonly variance: number,
    readonly seed: number,
  ) {
    const { channels, height, width, images } = train;
    this.names = (Object.keys(classes) as Name[]).filter((name) => name in settings);
    // Equal seeds give all models the same initial encoder and decoder.
    this.#streams = this.#each(() => new Random(runtime, seed));
    this.#batches = new ImageBatches(runtime, {
      images,
      shape: [channels, height, width],
      random: new Random(runtime, seed + 2 ** 20),
    });
    this.models = this.#each((name) => {
      const random = this.#streams[name];
      const model = new classes[name](runtime, { channels, variance, ...(settings[name] as object), random });
      if (model instanceof VQVAE) this.#initCodes(model, random);
      return model;
    }) as Pick<Models, Name>;
    this.#optimizers = this.#each(
      (name) => new Adam(this.models[name].parameters, { lr: settings.learningRate, amsgrad: true }),
    );
    this.#sums = this.#each(() => 0);
  }

  /** Initialises the codes with latent vectors, so that few of them are dead. */
  #initCodes(vq: VQVAE, random: Random): void {
    const indices = Array.from({ length: Math.min(INIT_IMAGES, this.train.count) }, (_, i) => i);
    this.runtime.step(() => vq.startAt(this.#batches.pick(indices), random));
  }

  /** Updates every model on one batch and returns their errors. Throws a DataError if an error is not finite. */
  step(): Errors<Name> {
    const errors = this.runtime.step(() => {
      const images = this.#batches.batch(this.settings.batch);
      return this.#each((name) => this.#updateModel(name, images));
    });
    this.update++;
    this.#expectFinite(errors);
    this.#sums = this.#each((name) => this.#sums[name] + errors[name] / METRIC_EVERY);
    if (this.update % METRIC_EVERY === 0) {
      this.metrics.push({ update: this.update, ...this.#sums });
      this.#sums = this.#each(() => 0);
    }
    return errors;
  }

  /** Whether a checkpoint is due. */
  get due(): boolean {
    return this.update % CHECKPOINT_EVERY === 0;
  }

  #expectFinite(errors: Errors<Name>): void {
    for (const name of this.names) {
      if (Number.isFinite(errors[name])) continue;
      throw new DataError(
        `update ${this.update}: training has diverged: the error of model ${name} is ${errors[name]}; the last checkpoint is kept`,
      );
    }
  }

  #updateModel(name: Name, images: Tensor): number {
    const { loss, error } = this.models[name].forward(images, { training: true });
    loss.backward();
    this.#optimizers[name].step();
    this.#optimizers[name].zeroGrad();
    return error.item() / this.variance;
  }

  /** Saves everything needed to resume. */
  save(path: string): void {
    const { update, metrics, settings, seed, variance } = this;
    const state: Saved<Name> = {
      ...{ update, metrics, settings, seed, sums: this.#sums },
      images: { count: this.train.count, variance },
      batches: this.#batches.state,
      streams: this.#each((name) => this.#streams[name].state),
    };
    const tensors: StateDict = new Map();
    for (const [name, part] of this.#parts()) {
      for (const [key, entry] of part.stateDict()) tensors.set(`${name}.${key}`, entry);
    }
    writeCheckpoint(path, tensors, state);
  }

  /**
   * Resumes from the checkpoint and returns true, or returns false if there is none. Throws a DataError if seed,
   * settings or images differ.
   */
  resume(path: string): boolean {
    if (!existsSync(path)) return false;
    useCheckpoint<Saved<Name>>(path, (tensors, saved) => {
      this.#expectSame(saved);
      for (const [name, part] of this.#parts()) {
        const own = [...tensors].filter(([key]) => key.startsWith(`${name}.`));
        part.loadStateDict(new Map(own.map(([key, entry]) => [key.slice(name.length + 1), entry])));
      }
      this.update = saved.update;
      this.metrics.push(...saved.metrics);
      this.#sums = saved.sums;
      this.#batches.setState(saved.batches);
      for (const name of this.names) this.#streams[name].setState(saved.streams[name]);
    });
    return true;
  }

  #expectSame({ seed, settings, images }: Saved<Name>): void {
    const same = ({ updates, ...rest }: Settings<Name>) => JSON.stringify(rest);
    if (seed !== this.seed || same(settings) !== same(this.settings)) {
      throw new DataError('checkpoint of a different seed or different settings');
    }
    if (images.count !== this.train.count || images.variance !== this.variance) {
      throw new DataError('checkpoint of different images');
    }
  }

  #parts(): [string, Parameters | Optimizer][] {
    return this.names.flatMap((name): [string, Parameters | Optimizer][] => [
      [name, this.models[name].parameters],
      [`${name}_adam`, this.#optimizers[name]],
    ]);
  }

  #each<Value>(of: (name: Name) => Value): Record<Name, Value> {
    return Object.fromEntries(this.names.map((name) => [name, of(name)])) as Record<Name, Value>;
  }
}

interface Saved<Name extends ModelName> {
  readonly update: number;
  readonly metrics: readonly Metric<Name>[];
  readonly settings: Settings<Name>;
  readonly seed: number;
  /** Identifies the training images. */
  readonly images: { readonly count: number; readonly variance: number };
  readonly sums: Errors<Name>;
  readonly batches: ImageBatchesState;
  readonly streams: Readonly<Record<Name, RandomState>>;
}
