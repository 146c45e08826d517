// Trains models on a data set, with progress, until all updates are done or the user interrupts.
import { join } from 'node:path';
import { load } from 'tapehead';
import { DataError } from '../../tools/data-error.js';
import { pixelVariance } from '../../tools/pixel-variance.js';
import { cifar10 } from '../data/cifar-10.js';
import { fashionMnist } from '../data/fashion-mnist.js';
import type { LabelledImages } from '../data/images.js';
import type { ProgramOptions } from '../program.js';
import { Progress } from '../progress.js';
import { type ModelName, type Settings, titles } from './settings.js';
import { Training } from './train.js';

/** Trains the models of `settings`, resuming from the checkpoint if there is one, and saves a checkpoint. */
export async function train<Name extends ModelName>(
  settings: Settings<Name>,
  { seed, out, data, set }: ProgramOptions,
): Promise<{ training: Training<Name>; train: LabelledImages; test: LabelledImages }> {
  const { train, test } = await (set === 'fashion-mnist' ? fashionMnist(data) : cifar10(data));
  if (train.count < settings.batch) {
    throw new DataError(`--data: needs at least ${settings.batch} training images, got ${train.count}`);
  }
  const training = new Training(await load(), train, settings, pixelVariance([train.images]), seed);
  const counts = training.names.map((name) => `${titles[name]} ${training.models[name].parameters.count}`);
  console.log(`Training on ${train.count} images of ${set}. Parameters: ${counts.join(', ')}.`);
  await trainWithProgress(training, join(out, 'checkpoint.safetensors'));
  return { training, train, test };
}

/**
 * Trains until all updates are done or the user interrupts, resuming from the checkpoint if there is one, and saves a
 * checkpoint.
 */
export async function trainWithProgress<Name extends ModelName>(
  training: Training<Name>,
  checkpoint: string,
): Promise<void> {
  if (training.resume(checkpoint)) console.log(`Resuming from update ${training.update}.`);
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
