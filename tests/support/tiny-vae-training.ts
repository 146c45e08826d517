// Training of the VAEs with models and images so small that an update takes a millisecond.
import { load } from '../../index.js';
import type { LabelledImages } from '../../reproduce/data/images.js';
import type { ModelName, Settings } from '../../reproduce/vae-training/settings.js';
import { Training } from '../../reproduce/vae-training/train.js';
import { seeded } from './random-numbers.js';

const sizes = { narrow: 4, wide: 6, residual: 3, latentSize: 4 };

export const tinySettings: Settings<ModelName> = {
  updates: 6,
  batch: 4,
  learningRate: 1e-2,
  memory: { ...sizes, memorySize: 7 },
  vq: { ...sizes, codebookSize: 7, restartDeadCodes: true },
  gaussian: sizes,
};

export function syntheticImages(count: number): LabelledImages {
  const random = seeded(count);
  const images = Uint8Array.from({ length: count * 3 * 64 }, () => Math.floor(random() * 256));
  return { count, channels: 3, height: 8, width: 8, images, labels: new Uint8Array(count) };
}

export async function tinyTraining(
  seed = 1,
  settings = tinySettings,
  images = syntheticImages(10),
): Promise<Training<ModelName>> {
  return new Training(await load(), images, settings, 0.08, seed);
}
