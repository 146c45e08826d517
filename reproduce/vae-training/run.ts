// Trains models on a set of images, with progress, up to the number of updates or to where the user stops it.
import { join } from 'node:path';
import { load } from 'tapehead';
import { DataError } from '../../tools/data-error.js';
import { cifar10 } from '../data/cifar-10.js';
import { fashionMnist } from '../data/fashion-mnist.js';
import type { LabelledImages } from '../data/images.js';
import type { ProgramOptions } from '../program.js';
import { Progress } from '../progress.js';
import { type ModelName, type Settings, titles } from './settings.js';
import { Training } from './train.js';

/** The models of `settings`, trained from the checkpoint if there is one, which is left behind; and the images. */
export async function train<Name extends ModelName>(
  settings: Settings<Name>,
  { seed, out, data, set }: ProgramOptions,
): Promise<{ training: Training<Name>; train: LabelledImages; test: LabelledImages }> {
  const { train, test } = await (set === 'fashion-mnist' ? fashionMnist(data) : cifar10(data));
  if (train.count < settings.batch) {
    throw new DataError(`--data: there must be at least ${settings.batch} training images, got ${train.count}`);
  }
  const training = new Training(await load(), train, settings, varianceOf(train), seed);
  const counts = training.names.map((name) => `${titles[name]} ${training.models[name].parameters.count}`);
  console.log(`Training on ${train.count} images of ${set}. Parameters: ${counts.join(', ')}.`);
  await trainWithProgress(training, join(out, 'checkpoint.safetensors'));
  return { training, train, test };
}

/** Trains up to the number of updates of the settings, from the checkpoint if there is one, and leaves one behind. */
export async function trainWithProgress<Name extends ModelName>(
  training: Training<Name>,
  checkpoint: string,
): Promise<void> {
  if (training.resume(checkpoint)) console.log(`Going on from update ${training.update}.`);
  const { updates, batch } = training.settings;
  const progress = new Progress(updates * batch, 'images');
  try {
    while (training.update < updates && !progress.interrupted) {
      const errors = training.step();
      if (training.due) training.save(checkpoint);
      const named = training.names.map((name) => [titles[name], errors[name]]);
      await progress.update(training.update * batch, { update: training.update, ...Object.fromEntries(named) });
    }
  } finally {
    progress.stop();
  }
  training.save(checkpoint);
}

/** Variance of the pixels, from 0 to 1. */
function varianceOf({ images }: LabelledImages): number {
  const counts = new Float64Array(256);
  for (const byte of images) counts[byte] = (counts[byte] as number) + 1;
  const moment = (of: (value: number) => number) =>
    counts.reduce((sum, count, byte) => sum + count * of(byte / 255), 0) / images.length;
  const mean = moment((value) => value);
  return moment((value) => (value - mean) ** 2);
}
