// Trains the memory VAE, and a VQ-VAE on the same crops, as reproduce/memory-vae does with whole images.
import { Adam, MemoryVAE, Random, type Reconstruction, type Runtime, VQVAE } from 'tapehead';
import type { Measures, Settings } from '../shell/messages.js';
import { serve, type Trainee } from '../shell/trainer.js';
import { crop, drawCrops, varianceOf } from './crops.js';
import { madeUpPictures, type Picture } from './pictures.js';
import { entropies, oneHot, type Use, useOf } from './use.js';

export interface VaeSettings extends Settings {
  readonly seed: number;
  /** Rows of the memory, and codes of the VQ-VAE. */
  readonly memorySize: number;
  readonly latentSize: number;
  readonly narrow: number;
  /** A multiple of 4: a residual block has a quarter within, as published. */
  readonly wide: number;
  readonly batch: number;
  readonly learningRate: number;
}

export type Name = 'memory' | 'vq';

/** A picture, and what the models make of it: colors from 0 to 1, [3, height, width] each. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  readonly original: Float32Array;
  readonly again: Readonly<Record<Name, Float32Array>>;
  /** Bits of entropy of the memory VAE's read at every place: [height / 4, width / 4]. */
  readonly bits: Float32Array;
}

export interface VaeView {
  /** How many pictures there are to learn from. */
  readonly pictures: number;
  readonly shown: readonly Shown[];
  /** What the pictures that are shown read. */
  readonly use: Readonly<Record<Name, Use>>;
  /** Bits of entropy of the memory VAE's reads. */
  readonly bits: { readonly mean: number; readonly least: number; readonly most: number };
  /** Mean square errors of a pixel that is shown. */
  readonly errors: Readonly<Record<Name, number>>;
}

/** Other pictures to learn from; none for those that are made up. */
export type VaeQuestion = { readonly pictures: readonly Picture[] };

const MOST_SHOWN = 6;
/** Crops from whose latent vectors the VQ-VAE's codes begin. */
const START_CROPS = 64;

/** What was dropped last: it outlives a reset. */
let dropped: readonly Picture[] = [];

class Reconstructing implements Trainee<VaeView, VaeQuestion> {
  readonly #memory: MemoryVAE;
  readonly #vq: VQVAE;
  readonly #optimizers: Readonly<Record<Name, Adam>>;
  readonly #crops: Random;
  readonly #batch: number;
  readonly #memorySize: number;
  #pictures: readonly Picture[] = [];
  #variance = 1;

  constructor(
    readonly runtime: Runtime,
    { seed, memorySize, batch, learningRate, ...settings }: VaeSettings,
  ) {
    this.#use(dropped);
    this.#batch = batch;
    this.#memorySize = memorySize;
    this.#crops = new Random(runtime, seed + 2 ** 20);
    const { latentSize, narrow, wide } = settings;
    const sizes = { latentSize, narrow, wide, residual: wide / 4, latentInit: 10, variance: this.#variance };
    this.#memory = new MemoryVAE(runtime, { ...sizes, memorySize, random: new Random(runtime, seed) });
    const random = new Random(runtime, seed);
    this.#vq = new VQVAE(runtime, { ...sizes, codebookSize: memorySize, restartDeadCodes: true, random });
    runtime.step(() => this.#vq.startAt(drawCrops(this.#crops, this.#pictures, START_CROPS), random));
    const adam = { lr: learningRate, amsgrad: true };
    this.#optimizers = { memory: new Adam(this.#memory.parameters, adam), vq: new Adam(this.#vq.parameters, adam) };
  }

  /** The memory VAE's alone: a checkpoint is one of Node's. */
  get parameters() {
    return this.#memory.parameters;
  }

  update(): Measures {
    return this.runtime.step(() => {
      const images = drawCrops(this.#crops, this.#pictures, this.#batch);
      const loss = this.#learn(this.#memory.forward(images), this.#optimizers.memory);
      return { loss, vq: this.#learn(this.#vq.forward(images, { training: true }), this.#optimizers.vq) };
    });
  }

  /** Returns the error over the variance of the pictures. */
  #learn({ loss, error }: Reconstruction, optimizer: Adam): number {
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return error.item() / this.#variance;
  }

  view(): VaeView {
    const seen = this.#pictures.slice(0, MOST_SHOWN).map((picture) => this.runtime.noGrad(() => this.#see(picture)));
    const shown = seen.map(({ shown }) => shown);
    const use = (name: Name) =>
      useOf(
        seen.map(({ weights }) => weights[name]),
        this.#memorySize,
      );
    return {
      pictures: this.#pictures.length,
      shown,
      use: { memory: use('memory'), vq: use('vq') },
      bits: rangeOf(shown.map(({ bits }) => bits)),
      errors: { memory: errorOf(shown, 'memory'), vq: errorOf(shown, 'vq') },
    };
  }

  /** A whole picture: the networks take any size. */
  #see(picture: Picture): { shown: Shown; weights: Record<Name, Float32Array> } {
    const { width, height } = picture;
    const original = crop(picture, 0, 0, width, height);
    const images = this.runtime.tensor(original, [1, 3, height, width]);
    const vq = this.#vq.forward(images, { training: false });
    const weights = {
      memory: this.#memory.weights(images).toArray(),
      vq: oneHot(vq.codes, this.#memorySize),
    };
    const again = { memory: this.#memory.forward(images).images.toArray(), vq: vq.images.toArray() };
    const bits = entropies(weights.memory, this.#memorySize);
    return { shown: { width, height, original, again, bits }, weights };
  }

  ask({ pictures }: VaeQuestion): void {
    dropped = pictures;
    this.#use(pictures);
  }

  #use(pictures: readonly Picture[]): void {
    this.#pictures = pictures.length > 0 ? pictures : madeUpPictures(this.runtime);
    this.#variance = varianceOf(this.#pictures);
  }
}

function errorOf(shown: readonly Shown[], name: Name): number {
  return meanOf(
    shown.map(({ original, again }) => original.map((value, i) => (value - (again[name][i] as number)) ** 2)),
  );
}

function rangeOf(parts: readonly Float32Array[]): VaeView['bits'] {
  const all = parts.flatMap((part) => [...part]);
  return { mean: meanOf(parts), least: Math.min(...all), most: Math.max(...all) };
}

function meanOf(parts: readonly Float32Array[]): number {
  const sum = (numbers: Iterable<number>) => Array.from(numbers).reduce((a, b) => a + b, 0);
  return sum(parts.map(sum)) / sum(parts.map(({ length }) => length));
}

serve<VaeView, VaeQuestion>({
  create: (runtime, settings) => new Reconstructing(runtime, settings as VaeSettings),
  settingsOf(shapeOf) {
    const [memorySize, latentSize] = shapeOf('memory') as [number, number];
    const [narrow, wide] = ['conv_1', 'conv_2'].map((name) => shapeOf(`encoder.${name}.weight`)[0]) as [number, number];
    return { memorySize, latentSize, narrow, wide };
  },
});
