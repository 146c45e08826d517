// Images that the trained models make: training images again, and new ones.
import { LatentMixture, Random } from 'tapehead';
import { type LabelledImages, pixelsOf } from '../data/images.js';
import { imagesOf, pictures } from '../vae-training/evaluate.js';
import { type ModelName, titles } from '../vae-training/settings.js';
import type { Models, Training } from '../vae-training/train.js';

export interface DrawOptions {
  /** Images of each kind. */
  readonly count: number;
  /** Training images to whose latent maps the mixtures are fitted. */
  readonly fitted: number;
  readonly seed: number;
}

/** Images by what they are called: numbers [count, C, H, W]. */
export type Images = Readonly<Record<string, Float32Array>>;

const IMAGES_AT_A_TIME = 50;

/** What new images are called, by where they come from. */
export const freshOf = {
  memory: `${titles.memory}, mixture`,
  vq: `${titles.vq}, mixture`,
  gaussian: `${titles.gaussian}, mixture`,
  prior: `${titles.gaussian}, N(0, 1)`,
} as const;

/** What training images are called, as they are and as a model gives them back. */
export const knownOf = {
  original: 'training images',
  memory: `${titles.memory}, again`,
  vq: `${titles.vq}, again`,
  gaussian: `${titles.gaussian}, again`,
} as const;

/** The first training images, and what each model makes of them. */
export function drawKnown({ names, models }: Training<ModelName>, train: LabelledImages, count: number): Images {
  const again = names.map((name) => {
    const blocks = inBlocks(count, (size, from) => pictures(models[name], train, range(from, from + size)).again);
    return [knownOf[name], blocks] as const;
  });
  return { [knownOf.original]: pixelsOf(train, Uint32Array.from(range(0, count))).data, ...Object.fromEntries(again) };
}

/** New images from a mixture over each model's latent maps, and from the distribution that the Gaussian VAE was trained for. */
export function drawFresh(
  { names, models, runtime }: Training<ModelName>,
  train: LabelledImages,
  { count, fitted, seed }: DrawOptions,
): Images {
  const drawn = names.map((name) => {
    const random = new Random(runtime, seed);
    const mixture = mixtureOf(models[name], train, fitted, random);
    const sample = (size: number) => runtime.noGrad(() => mixture.sample(size, random).toArray());
    return [freshOf[name], inBlocks(count, sample)] as const;
  });
  const { height, width } = train;
  const prior = (size: number) => runtime.noGrad(() => models.gaussian.sample(size, height, width).toArray());
  return { ...Object.fromEntries(drawn), [freshOf.prior]: inBlocks(count, prior) };
}

function mixtureOf(model: Models[ModelName], train: LabelledImages, count: number, random: Random): LatentMixture {
  return model.runtime.noGrad(() => LatentMixture.fit(model, imagesOf(model, train, range(0, count)), { random }));
}

/** The numbers of `count` images that are made some at a time. */
function inBlocks(count: number, make: (size: number, from: number) => Float32Array): Float32Array {
  const parts = range(0, Math.ceil(count / IMAGES_AT_A_TIME)).map((i) => {
    const from = i * IMAGES_AT_A_TIME;
    return make(Math.min(IMAGES_AT_A_TIME, count - from), from);
  });
  const numbers = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  for (const [i, part] of parts.entries()) numbers.set(part, i * (parts[0]?.length ?? 0));
  return numbers;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
