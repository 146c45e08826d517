// The memory VAE beside the VQ-VAE: both trained on the same batches of CIFAR-10 from the same start of encoder and decoder.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'tapehead';
import { cifar10 } from '../data/cifar-10.js';
import { DataError } from '../data/data-error.js';
import { fashionMnist } from '../data/fashion-mnist.js';
import type { LabelledImages } from '../data/images.js';
import { savePlot } from '../plot.js';
import type { Program } from '../program.js';
import { Progress } from '../progress.js';
import { type Figure, figure, show, table } from '../result.js';
import { pngOf, sheet } from '../sheet.js';
import { evaluate, pictures, type Quality } from './evaluate.js';
import { convergencePlot, imageRows } from './plots.js';
import { published, settings, updatesOn } from './settings.js';
import { type Metric, Training } from './train.js';

/** Columns of the sheet of test images. */
const SHOWN = 12;
/** Points to a pixel; twice as many in the PNG, for fine screens. */
const SCALE = 2;

export const run: Program = async ({ seed, out, data, quick, updates, variant, set }) => {
  const { train, test } = await (set === 'fashion-mnist' ? fashionMnist(data) : cifar10(data));
  const chosen = { ...settings[variant], updates: updates ?? (quick ? 200 : updatesOn[set]) };
  if (train.count < chosen.batch) {
    throw new DataError(`--data: there must be at least ${chosen.batch} training images, got ${train.count}`);
  }
  const variance = varianceOf(train);
  const training = new Training(await load(), train, chosen, variance, seed);
  console.log(
    `Training on ${train.count} images of ${set}: ${training.memory.parameters.count} and ${training.vq.parameters.count} parameters.`,
  );
  await trainWithProgress(training, join(out, 'checkpoint.safetensors'));

  const count = Math.min(quick ? 500 : test.count, test.count);
  console.log(`Testing on ${count} images.`);
  const quality = {
    memory: evaluate(training.memory, test, variance, count),
    vq: evaluate(training.vq, test, variance, count),
  };
  console.log(`\n${qualityTable(quality, training.metrics)}`);
  const subtitle = `${set}, ${variant} variant, ${training.update} updates, batch ${chosen.batch}`;
  const points = set === 'cifar-10' ? published : undefined;
  await savePlot(join(out, 'convergence.svg'), convergencePlot(training.metrics, subtitle, points));
  await savePictures(training, test, out, subtitle);
  const { peakBytes } = training.runtime.arena;
  const figures =
    quick || set !== 'cifar-10' ? quickFigures(training.metrics) : fullFigures(training.metrics, quality, variant);
  return {
    settings: { ...chosen, variant, set, variance },
    measured: { quality, metrics: training.metrics, peakBytes },
    figures,
  };
};

/** Trains up to the number of updates of the settings, from the checkpoint if there is one, and leaves one behind. */
export async function trainWithProgress(training: Training, checkpoint: string): Promise<void> {
  if (training.resume(checkpoint)) console.log(`Going on from update ${training.update}.`);
  const { updates, batch } = training.settings;
  const progress = new Progress(updates * batch, 'images');
  try {
    while (training.update < updates && !progress.interrupted) {
      const { memory, vq } = training.step();
      if (training.due) training.save(checkpoint);
      await progress.update(training.update * batch, { update: training.update, 'memory VAE': memory, 'VQ-VAE': vq });
    }
  } finally {
    progress.stop();
  }
  training.save(checkpoint);
}

function qualityTable(quality: Readonly<Record<'memory' | 'vq', Quality>>, metrics: readonly Metric[]): string {
  const last = metrics.at(-1);
  const row = (name: string, { error, psnr, perplexity, entropy }: Quality, training: number | undefined) => [
    ...[name, training === undefined ? '–' : show(training), show(error), psnr.toFixed(2)],
    ...[perplexity.toFixed(1), entropy.toFixed(2)],
  ];
  return table([
    ['model', 'training error', 'test error', 'PSNR dB', 'perplexity', 'bits of a read'],
    row('memory VAE', quality.memory, last?.memory),
    row('VQ-VAE', quality.vq, last?.vq),
  ]);
}

async function savePictures(training: Training, test: LabelledImages, out: string, subtitle: string): Promise<void> {
  const places = Array.from({ length: Math.min(SHOWN, test.count) }, (_, i) => i);
  const { images: original, again: memory } = pictures(training.memory, test, places);
  const { again: vq } = pictures(training.vq, test, places);
  const shape: [number, number, number] = [test.channels, test.height, test.width];
  const rows = imageRows({ original, vq, memory }, shape);
  await savePlot(join(out, 'images.svg'), sheet(rows, { title: 'Test images', subtitle, scale: SCALE }));
  writeFileSync(join(out, 'images.png'), pngOf(Object.values(rows), 2 * SCALE));
  console.log(`images.png shows, from above: ${Object.keys(rows).join(', ')}; images.svg has them with their names.`);
}

function fullFigures(metrics: readonly Metric[], quality: Record<'memory' | 'vq', Quality>, variant: string): Figure[] {
  const at = (update: number) => metrics.find((metric) => metric.update === update);
  const last = metrics.at(-1)?.update ?? 0;
  const reached = <T extends object>(points: T) =>
    Object.entries(points as Record<string, number>).filter(([update]) => Number(update) <= last);
  const figures = reached(published.vq).map(([update, expected]) =>
    figure(`VQ-VAE at ${update}`, at(Number(update))?.vq ?? Number.NaN, 'at most', expected, expected),
  );
  if (variant === 'published') {
    for (const [update, expected] of reached(published.memory)) {
      const value = at(Number(update))?.memory ?? Number.NaN;
      figures.push(figure(`published memory VAE at ${update}`, value, 'at most', 1.1 * expected, expected));
    }
    return figures;
  }
  const ours = { 2000: 0.042, 5000: 0.03 };
  for (const [update, target] of reached(ours)) {
    figures.push(figure(`memory VAE at ${update}`, at(Number(update))?.memory ?? Number.NaN, 'at most', target));
  }
  const ratio = quality.memory.error / (metrics.at(-1)?.memory ?? Number.NaN);
  return [...figures, figure('test error over training error, memory VAE', ratio, 'at most', 1.05)];
}

/** A short run, or another set: both models must have begun to learn. */
function quickFigures(metrics: readonly Metric[]): Figure[] {
  const last = metrics.at(-1);
  return [
    figure('memory VAE, training error', last?.memory ?? Number.NaN, 'at most', 0.5),
    figure('VQ-VAE, training error', last?.vq ?? Number.NaN, 'at most', 1.5),
  ];
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
