// The memory VAE and the VQ-VAE, trained on the same batches of CIFAR-10 from the same initial encoder and decoder.
import { join } from 'node:path';
import { savePlot } from '../../tools/plot.js';
import type { LabelledImages } from '../data/images.js';
import type { Program } from '../program.js';
import { type Figure, figure, show, table } from '../result.js';
import { evaluate, pictures, type Reconstructed, type Use } from '../vae-training/evaluate.js';
import { train } from '../vae-training/run.js';
import { saveImages } from '../vae-training/save-images.js';
import { settings, titles } from '../vae-training/settings.js';
import type { Metric, Training } from '../vae-training/train.js';
import { convergencePlot } from './plots.js';
import { defaultUpdates, published } from './published.js';

type Pair = 'memory' | 'vq';
type Quality = Reconstructed & Use;

/** Number of test images in the plot. */
const SHOWN = 12;

export const run: Program = async (options) => {
  const { out, quick, updates, variant, set } = options;
  const chosen = { ...settings[variant], updates: updates ?? (quick ? 200 : defaultUpdates[set]) };
  const { training, test } = await train<Pair>(chosen, options);
  const { memory, vq } = training.models;

  const { variance } = training;
  const count = Math.min(quick ? 500 : test.count, test.count);
  console.log(`Testing on ${count} images.`);
  const quality = {
    memory: evaluate(memory, test, variance, count),
    vq: evaluate(vq, test, variance, count),
  };
  console.log(`\n${qualityTable(quality, training.metrics)}`);
  const subtitle = `${set}, ${variant} variant, ${training.update} updates, batch ${chosen.batch}`;
  const points = set === 'cifar-10' ? published : undefined;
  await savePlot(join(out, 'convergence.svg'), convergencePlot(training.metrics, subtitle, points));
  await savePictures(training, test, out, subtitle);
  const { peak: peakBytes } = training.runtime.memory;
  const figures =
    quick || set !== 'cifar-10' ? quickFigures(training.metrics) : fullFigures(training.metrics, quality, variant);
  return {
    settings: { ...chosen, variant, set, variance },
    measured: { quality, metrics: training.metrics, peakBytes },
    figures,
  };
};

function qualityTable(quality: Readonly<Record<Pair, Quality>>, metrics: readonly Metric<Pair>[]): string {
  const last = metrics.at(-1);
  const row = (name: string, { error, psnr, perplexity, entropy }: Quality, training: number | undefined) => [
    ...[name, training === undefined ? '–' : show(training), show(error), psnr.toFixed(2)],
    ...[perplexity.toFixed(1), entropy.toFixed(2)],
  ];
  return table([
    ['model', 'training error', 'test error', 'PSNR (dB)', 'perplexity', 'entropy of a read (bits)'],
    row(titles.memory, quality.memory, last?.memory),
    row(titles.vq, quality.vq, last?.vq),
  ]);
}

async function savePictures(
  training: Training<Pair>,
  test: LabelledImages,
  out: string,
  subtitle: string,
): Promise<void> {
  const indices = Array.from({ length: Math.min(SHOWN, test.count) }, (_, i) => i);
  const { images: original, reconstructions: memory } = pictures(training.models.memory, test, indices);
  const { reconstructions: vq } = pictures(training.models.vq, test, indices);
  const rows = { original, [titles.vq]: vq, [titles.memory]: memory };
  await saveImages(out, 'images', rows, test, 'Test images', subtitle);
}

function fullFigures(metrics: readonly Metric<Pair>[], quality: Record<Pair, Quality>, variant: string): Figure[] {
  const at = (update: number) => metrics.find((metric) => metric.update === update);
  const last = metrics.at(-1)?.update ?? 0;
  const reached = <T extends object>(points: T) =>
    Object.entries(points as Record<string, number>).filter(([update]) => Number(update) <= last);
  const figures = reached(published.vq).map(([update, expected]) =>
    figure(`VQ-VAE, update ${update}`, at(Number(update))?.vq ?? Number.NaN, 'at most', expected, expected),
  );
  if (variant === 'published') {
    for (const [update, expected] of reached(published.memory)) {
      const value = at(Number(update))?.memory ?? Number.NaN;
      figures.push(figure(`published memory VAE, update ${update}`, value, 'at most', 1.1 * expected, expected));
    }
    return figures;
  }
  const ours = { 2000: 0.042, 5000: 0.03 };
  for (const [update, target] of reached(ours)) {
    figures.push(figure(`memory VAE, update ${update}`, at(Number(update))?.memory ?? Number.NaN, 'at most', target));
  }
  const ratio = quality.memory.error / (metrics.at(-1)?.memory ?? Number.NaN);
  return [...figures, figure('memory VAE, test error / training error', ratio, 'at most', 1.05)];
}

/** A quick run, or another data set: both errors must have started to fall. */
function quickFigures(metrics: readonly Metric<Pair>[]): Figure[] {
  const last = metrics.at(-1);
  return [
    figure('memory VAE, training error', last?.memory ?? Number.NaN, 'at most', 0.5),
    figure('VQ-VAE, training error', last?.vq ?? Number.NaN, 'at most', 1.5),
  ];
}
