// Images that the trained models make: training images again, and new ones.
import { LatentMixture, Random } from 'tapehead';
import { type LabelledImages, pixelsOf } from '../data/images.js';
import { pictures } from '../memory-vae/evaluate.js';
import { type ModelName, titles } from '../memory-vae/settings.js';
import type { Models, Training } from '../memory-vae/train.js';

export interface DrawOptions {
  /** Images of each kind. */
  readonly count: number;
  /** Training images to whose latent maps the mixtures are fitted. */
  readonly fitted: number;
  readonly seed: number;
}

const IMAGES_AT_A_TIME = 50;

/** Numbers [count, C, H, W] by what they show; the first of all are training images as they are. */
export function draw(
  { names, models, runtime }: Training<ModelName>,
  train: LabelledImages,
  { count, fitted, seed }: DrawOptions,
): Record<string, Float32Array> {
  const { channels, height, width } = train;
  const found: Record<string, Float32Array> = {
    'training images': pixelsOf(train, Uint32Array.from(range(0, count))).data,
  };
  const keep = (label: string, make: (size: number, from: number) => Float32Array) => {
    const numbers = new Float32Array(count * channels * height * width);
    for (let from = 0; from < count; from += IMAGES_AT_A_TIME) {
      const size = Math.min(IMAGES_AT_A_TIME, count - from);
      numbers.set(
        runtime.noGrad(() => make(size, from)),
        from * channels * height * width,
      );
    }
    found[label] = numbers;
  };
  for (const name of names) {
    const model = models[name];
    keep(`${titles[name]}, again`, (size, from) => pictures(model, train, range(from, from + size)).again);
    const random = new Random(runtime, seed);
    const mixture = mixtureOf(model, train, fitted, random);
    keep(`${titles[name]}, mixture`, (size) => mixture.sample(size, random).toArray());
  }
  keep(`${titles.gaussian}, N(0, 1)`, (size) => models.gaussian.sample(size, height, width).toArray());
  return found;
}

function mixtureOf(model: Models[ModelName], train: LabelledImages, count: number, random: Random): LatentMixture {
  const { channels, height, width } = train;
  return model.runtime.noGrad(() => {
    const { data } = pixelsOf(train, Uint32Array.from(range(0, count)));
    return LatentMixture.fit(model, model.runtime.tensor(data, [count, channels, height, width]), { random });
  });
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
