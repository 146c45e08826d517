// Images from the trained models: reconstructions of training images, and new samples.
import { LatentMixture, Random } from 'tapehead';
import { type LabelledImages, pixelsOf } from '../data/images.js';
import { imagesOf, pictures } from '../vae-training/evaluate.js';
import { type ModelName, titles } from '../vae-training/settings.js';
import type { Models, Training } from '../vae-training/train.js';

export interface DrawOptions {
  /** Number of samples per model. */
  readonly count: number;
  /** Number of training images to whose latent maps the mixtures are fitted. */
  readonly fitted: number;
  readonly seed: number;
}

/** Images [count, C, H, W] by their label. */
export type Images = Readonly<Record<string, Float32Array>>;

const BATCH = 50;

/** Labels of new samples. */
export const sampleLabels = {
  memory: `${titles.memory}, mixture`,
  vq: `${titles.vq}, mixture`,
  gaussian: `${titles.gaussian}, mixture`,
  prior: `${titles.gaussian}, N(0, 1)`,
} as const;

/** Labels of training images and their reconstructions. */
export const trainingLabels = {
  original: 'training images',
  memory: `${titles.memory}, reconstructed`,
  vq: `${titles.vq}, reconstructed`,
  gaussian: `${titles.gaussian}, reconstructed`,
} as const;

/** The first training images and their reconstructions by each model. */
export function reconstructTraining(
  { names, models }: Training<ModelName>,
  train: LabelledImages,
  count: number,
): Images {
  const reconstructed = names.map((name) => {
    const part = (size: number, from: number) => pictures(models[name], train, range(from, from + size));
    return [trainingLabels[name], inBatches(count, (size, from) => part(size, from).reconstructions)] as const;
  });
  const original = pixelsOf(train, Uint32Array.from(range(0, count))).data;
  return { [trainingLabels.original]: original, ...Object.fromEntries(reconstructed) };
}

/** Samples from a mixture over each model's latent maps, and from the prior of the Gaussian VAE. */
export function drawSamples(
  { names, models, runtime }: Training<ModelName>,
  train: LabelledImages,
  { count, fitted, seed }: DrawOptions,
): Images {
  const drawn = names.map((name) => {
    const random = new Random(runtime, seed);
    const mixture = mixtureOf(models[name], train, fitted, random);
    const sample = (size: number) => runtime.noGrad(() => mixture.sample(size, random).toArray());
    return [sampleLabels[name], inBatches(count, sample)] as const;
  });
  const { height, width } = train;
  const prior = (size: number) => runtime.noGrad(() => models.gaussian.sample(size, height, width).toArray());
  return { ...Object.fromEntries(drawn), [sampleLabels.prior]: inBatches(count, prior) };
}

function mixtureOf(model: Models[ModelName], train: LabelledImages, count: number, random: Random): LatentMixture {
  return model.runtime.noGrad(() => LatentMixture.fit(model, imagesOf(model, train, range(0, count)), { random }));
}

/** Concatenates batches of `count` images in all. */
function inBatches(count: number, make: (size: number, from: number) => Float32Array): Float32Array {
  const parts = range(0, Math.ceil(count / BATCH)).map((i) => {
    const from = i * BATCH;
    return make(Math.min(BATCH, count - from), from);
  });
  const numbers = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  for (const [i, part] of parts.entries()) numbers.set(part, i * (parts[0]?.length ?? 0));
  return numbers;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
