// Trains the memory VAE and a VQ-VAE on the same crops, as reproduce/memory-vae does on whole images.
import { Adam, MemoryVAE, Random, type Reconstruction, type Runtime, VQVAE } from 'tapehead';
import { rowEntropies } from '../../tools/entropy.js';
import { oneHot } from '../../tools/one-hot.js';
import { pixelVariance } from '../../tools/pixel-variance.js';
import type { Measures, Settings } from '../shell/messages.js';
import { serve, type Trainee } from '../shell/trainer.js';
import { crop, drawCrops } from './crops.js';
import { type Picture, syntheticPictures } from './pictures.js';
import { type Use, useOf } from './use.js';

export interface VaeSettings extends Settings {
  readonly seed: number;
  /** Number of memory rows and of VQ-VAE codes. */
  readonly memorySize: number;
  readonly latentSize: number;
  readonly narrow: number;
  /** A multiple of 4: residual blocks have a quarter of these channels inside, as published. */
  readonly wide: number;
  readonly batch: number;
  readonly learningRate: number;
}

export type Name = 'memory' | 'vq';

/** A picture and its reconstructions: [3, height, width] in [0, 1] each. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  readonly original: Float32Array;
  readonly reconstructions: Readonly<Record<Name, Float32Array>>;
  /** Entropy in bits of each read of the memory VAE: [height / 4, width / 4]. */
  readonly bits: Float32Array;
}

export interface VaeView {
  /** Number of training pictures. */
  readonly pictures: number;
  readonly shown: readonly Shown[];
  /** Use of the memory by the pictures shown. */
  readonly use: Readonly<Record<Name, Use>>;
  /** Entropy in bits of the memory VAE's reads. */
  readonly bits: { readonly mean: number; readonly min: number; readonly max: number };
  /** Mean squared error of a pixel of the pictures shown. */
  readonly errors: Readonly<Record<Name, number>>;
}

/** Sets the training pictures; none for the synthetic ones. */
export type VaeQuestion = { readonly pictures: readonly Picture[] };

const MAX_SHOWN = 6;
/** Number of crops whose latent vectors initialise the VQ-VAE's codes. */
const INIT_CROPS = 64;

/** Pictures dropped last; they survive a reset. */
let dropped: readonly Picture[] = [];

class VaeTraining implements Trainee<VaeView, VaeQuestion> {
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
    runtime.step(() => this.#vq.startAt(drawCrops(this.#crops, this.#pictures, INIT_CROPS), random));
    const adam = { lr: learningRate, amsgrad: true };
    this.#optimizers = { memory: new Adam(this.#memory.parameters, adam), vq: new Adam(this.#vq.parameters, adam) };
  }

  /** Only those of the memory VAE, so that Node can load a checkpoint as one. */
  get parameters() {
    return this.#memory.parameters;
  }

  update(): Measures {
    return this.runtime.step(() => {
      const images = drawCrops(this.#crops, this.#pictures, this.#batch);
      const loss = this.#optimize(this.#memory.forward(images), this.#optimizers.memory);
      return { loss, vq: this.#optimize(this.#vq.forward(images, { training: true }), this.#optimizers.vq) };
    });
  }

  /** Runs one step of an optimizer and returns the error relative to the variance of the pictures. */
  #optimize({ loss, error }: Reconstruction, optimizer: Adam): number {
    loss.backward();
    optimizer.step();
    optimizer.zeroGrad();
    return error.item() / this.#variance;
  }

  view(): VaeView {
    const results = this.#pictures
      .slice(0, MAX_SHOWN)
      .map((picture) => this.runtime.noGrad(() => this.#reconstruct(picture)));
    const shown = results.map(({ shown }) => shown);
    const use = (name: Name) =>
      useOf(
        results.map(({ weights }) => weights[name]),
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

  /** Reconstructs a whole picture: the networks accept any size. */
  #reconstruct(picture: Picture): { shown: Shown; weights: Record<Name, Float32Array> } {
    const { width, height } = picture;
    const original = crop(picture, 0, 0, width, height);
    const images = this.runtime.tensor(original, [1, 3, height, width]);
    const vq = this.#vq.forward(images, { training: false });
    const weights = {
      memory: this.#memory.weights(images).toArray(),
      vq: oneHot(vq.codes, this.#memorySize),
    };
    const reconstructions = { memory: this.#memory.forward(images).images.toArray(), vq: vq.images.toArray() };
    const bits = rowEntropies(weights.memory, this.#memorySize);
    return { shown: { width, height, original, reconstructions, bits }, weights };
  }

  ask({ pictures }: VaeQuestion): void {
    dropped = pictures;
    this.#use(pictures);
  }

  #use(pictures: readonly Picture[]): void {
    this.#pictures = pictures.length > 0 ? pictures : syntheticPictures(this.runtime);
    this.#variance = pixelVariance(this.#pictures.map(({ data }) => data));
  }
}

function errorOf(shown: readonly Shown[], name: Name): number {
  return meanOf(
    shown.map(({ original, reconstructions }) =>
      original.map((value, i) => (value - (reconstructions[name][i] as number)) ** 2),
    ),
  );
}

function rangeOf(parts: readonly Float32Array[]): VaeView['bits'] {
  const all = parts.flatMap((part) => [...part]);
  return { mean: meanOf(parts), min: Math.min(...all), max: Math.max(...all) };
}

function meanOf(parts: readonly Float32Array[]): number {
  const sum = (numbers: Iterable<number>) => Array.from(numbers).reduce((a, b) => a + b, 0);
  return sum(parts.map(sum)) / sum(parts.map(({ length }) => length));
}

serve<VaeView, VaeQuestion>({
  create: (runtime, settings) => new VaeTraining(runtime, settings as VaeSettings),
  settingsOf(shapeOf) {
    const [memorySize, latentSize] = shapeOf('memory') as [number, number];
    const [narrow, wide] = ['conv_1', 'conv_2'].map((name) => shapeOf(`encoder.${name}.weight`)[0]) as [number, number];
    return { memorySize, latentSize, narrow, wide };
  },
});
