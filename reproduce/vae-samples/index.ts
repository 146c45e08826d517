// Samples from the memory VAE, the VQ-VAE and a Gaussian VAE, trained on the same batches, compared with test images.
import { type LabelledImages, pixelsOf } from '../data/images.js';
import type { Program } from '../program.js';
import { type Figure, figure, show, table } from '../result.js';
import { pictures, type Reconstructed, reconstruction } from '../vae-training/evaluate.js';
import { train } from '../vae-training/run.js';
import { saveImages } from '../vae-training/save-images.js';
import { type ModelName, type Settings, settings, titles } from '../vae-training/settings.js';
import type { Training } from '../vae-training/train.js';
import { drawSamples, type Images, reconstructTraining, sampleLabels, trainingLabels } from './draw.js';
import { frechetDistance, type ImageShape, statisticsOf } from './frechet.js';

/** Number of images per row of the plot. */
const SHOWN = 16;
/** Offset of the seed for sampling, far from the seeds of training. */
const SAMPLING_SEED = 2 ** 21;

type Distances = Readonly<Record<string, { readonly blocks: number; readonly patches: number }>>;

export const run: Program = async (options) => {
  const { seed, out, quick, updates = quick ? 100 : 2000, set } = options;
  // This weight assumes a standard deviation per pixel of a third of the data's, as the errors reached suggest: see
  // docs/results/memory-vae.md.
  const chosen: Settings<ModelName> = { ...settings.default, updates, gaussian: { klWeight: 0.1 } };
  const { training, train: images, test } = await train<ModelName>(chosen, options);
  const tested = Math.min(quick ? 500 : test.count, test.count);
  const count = Math.min(quick ? 200 : 2000, images.count, test.count);
  const fitted = Math.min(quick ? 400 : 4000, images.count);

  console.log(`Testing on ${tested} images.`);
  const quality = byName(training, (name) => reconstruction(training.models[name], test, training.variance, tested));
  console.log(`\n${qualityTable(training, quality)}\n`);
  console.log(`Drawing ${count} samples from each model.`);
  const samples = drawSamples(training, images, { count, fitted, seed: seed + SAMPLING_SEED });
  const distances = distancesTo(test, { ...reconstructTraining(training, images, count), ...samples }, count);
  console.log(`\n${distanceTable(distances)}\n`);
  await drawSheet(training, test, samples, out, `${set}, ${training.update} updates, batch ${chosen.batch}`);
  return {
    settings: { ...chosen, set, variance: training.variance, count, fitted },
    measured: { quality, distances, metrics: training.metrics },
    figures: quick ? quickFigures(training) : fullFigures(distances),
  };
};

/** Fréchet distances between each set of images and the first `count` test images. */
function distancesTo(test: LabelledImages, images: Images, count: number): Distances {
  const shape: ImageShape = [test.channels, test.height, test.width];
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  const reference = statisticsOf(pixelsOf(test, indices).data, shape);
  const distances = Object.entries(images).map(([label, pixels]) => {
    const statistics = statisticsOf(pixels, shape);
    const distance = (part: 'blocks' | 'patches') => frechetDistance(statistics[part], reference[part]);
    return [label, { blocks: distance('blocks'), patches: distance('patches') }] as const;
  });
  return Object.fromEntries(distances);
}

function qualityTable({ names, metrics }: Training<ModelName>, quality: Record<ModelName, Reconstructed>): string {
  const last = metrics.at(-1);
  const rows = names.map((name) => [
    ...[titles[name], last === undefined ? '–' : show(last[name])],
    ...[show(quality[name].error), quality[name].psnr.toFixed(2)],
  ]);
  return table([['model', 'training error', 'test error', 'PSNR (dB)'], ...rows]);
}

function distanceTable(distances: Distances): string {
  const rows = Object.entries(distances).map(([label, { blocks, patches }]) => [label, show(blocks), show(patches)]);
  return table([['Fréchet distance to test images', '4×4 means', '8×8 patches'], ...rows]);
}

async function drawSheet(
  { names, models }: Training<ModelName>,
  test: LabelledImages,
  samples: Images,
  out: string,
  subtitle: string,
): Promise<void> {
  const indices = Array.from({ length: Math.min(SHOWN, test.count) }, (_, i) => i);
  const size = test.channels * test.height * test.width;
  const reconstructed = names.map(
    (name) => [titles[name], pictures(models[name], test, indices).reconstructions] as const,
  );
  const drawn = Object.entries(samples).map(([label, pixels]) => [label, pixels.subarray(0, SHOWN * size)] as const);
  const original = pictures(models.memory, test, indices).images;
  const rows = { 'test images': original, ...Object.fromEntries([...reconstructed, ...drawn]) };
  await saveImages(out, 'samples', rows, test, 'Test images, reconstructions and samples', subtitle);
}

/** Samples must be nearly as close to test images as training images are, and as reconstructions of these are. */
function fullFigures(distances: Distances): Figure[] {
  const ratio = (part: 'blocks' | 'patches', of: string, to: string) =>
    (distances[of]?.[part] ?? Number.NaN) / (distances[to]?.[part] ?? Number.NaN);
  const { memory, prior } = sampleLabels;
  return [
    figure(
      'memory VAE, means: samples / training images',
      ratio('blocks', memory, trainingLabels.original),
      'at most',
      2,
    ),
    figure(
      'memory VAE, patches: samples / reconstructions',
      ratio('patches', memory, trainingLabels.memory),
      'at most',
      1.5,
    ),
    figure('means: memory VAE / Gaussian VAE, N(0, 1)', ratio('blocks', memory, prior), 'at most', 1),
  ];
}

/** A quick run: all errors must have started to fall. */
function quickFigures({ names, metrics }: Training<ModelName>): Figure[] {
  const last = metrics.at(-1);
  return names.map((name) => figure(`${titles[name]}, training error`, last?.[name] ?? Number.NaN, 'at most', 1.5));
}

function byName<Value>({ names }: Training<ModelName>, of: (name: ModelName) => Value): Record<ModelName, Value> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<ModelName, Value>;
}
