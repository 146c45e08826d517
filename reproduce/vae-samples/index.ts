// New images from the memory VAE, the VQ-VAE and a Gaussian VAE, trained on the same batches, and how much they look like test images.
import { type LabelledImages, pixelsOf } from '../data/images.js';
import { pictures, type Reconstructed, reconstruction } from '../memory-vae/evaluate.js';
import { saveImages } from '../memory-vae/plots.js';
import { train } from '../memory-vae/run.js';
import { type ModelName, type Settings, settings, titles } from '../memory-vae/settings.js';
import type { Training } from '../memory-vae/train.js';
import type { Program } from '../program.js';
import { type Figure, figure, show, table } from '../result.js';
import { draw } from './draw.js';
import { frechetDistance, type ImageShape, lookOf } from './frechet.js';

/** Columns of the sheet. */
const SHOWN = 16;
/** Places after those of `Training` in the row of seeds. */
const SEED = 2 ** 21;

interface Distances {
  readonly blocks: number;
  readonly patches: number;
}

export const run: Program = async (options) => {
  const { seed, out, quick, updates = quick ? 100 : 2000, set } = options;
  // A Gaussian of a tenth of the data's variance around each pixel: with all of it the latent says next to nothing.
  const chosen: Settings<ModelName> = { ...settings.default, updates, gaussian: { klWeight: 0.1 } };
  const { training, train: images, test } = await train<ModelName>(chosen, options);
  const tested = Math.min(quick ? 500 : test.count, test.count);
  const count = Math.min(quick ? 200 : 2000, images.count, test.count);
  const fitted = Math.min(quick ? 400 : 4000, images.count);

  console.log(`Testing on ${tested} images.`);
  const quality = byName(training, (name) => reconstruction(training.models[name], test, training.variance, tested));
  console.log(`\n${qualityTable(training, quality)}\n`);
  const drawn = draw(training, images, { count, fitted, seed: seed + SEED });
  const distances = distancesTo(test, drawn, count);
  console.log(`${distanceTable(distances)}\n`);
  await drawSheet(training, test, drawn, out, `${set}, ${training.update} updates, batch ${chosen.batch}`);
  return {
    settings: { ...chosen, set, variance: training.variance, count, fitted },
    measured: { quality, distances, metrics: training.metrics },
    figures: quick ? quickFigures(training) : fullFigures(distances),
  };
};

/** Fréchet distances of each set of images from as many test images. */
function distancesTo(
  test: LabelledImages,
  drawn: Readonly<Record<string, Float32Array>>,
  count: number,
): Record<string, Distances> {
  const shape: ImageShape = [test.channels, test.height, test.width];
  const places = Uint32Array.from({ length: count }, (_, i) => i);
  const wanted = lookOf(pixelsOf(test, places).data, shape);
  const found = Object.entries(drawn).map(([label, numbers]) => {
    const { blocks, patches } = lookOf(numbers, shape);
    return [
      label,
      { blocks: frechetDistance(blocks, wanted.blocks), patches: frechetDistance(patches, wanted.patches) },
    ] as const;
  });
  return Object.fromEntries(found);
}

function qualityTable({ names, metrics }: Training<ModelName>, quality: Record<ModelName, Reconstructed>): string {
  const last = metrics.at(-1);
  const rows = names.map((name) => [
    ...[titles[name], last === undefined ? '–' : show(last[name])],
    ...[show(quality[name].error), quality[name].psnr.toFixed(2)],
  ]);
  return table([['model', 'training error', 'test error', 'PSNR dB'], ...rows]);
}

function distanceTable(distances: Readonly<Record<string, Distances>>): string {
  const rows = Object.entries(distances).map(([label, { blocks, patches }]) => [label, show(blocks), show(patches)]);
  return table([['Fréchet distance from test images', '4×4 means', '8×8 patches'], ...rows]);
}

async function drawSheet(
  { names, models }: Training<ModelName>,
  test: LabelledImages,
  drawn: Readonly<Record<string, Float32Array>>,
  out: string,
  subtitle: string,
): Promise<void> {
  const places = Array.from({ length: Math.min(SHOWN, test.count) }, (_, i) => i);
  const size = test.channels * test.height * test.width;
  const again = names.map((name) => [titles[name], pictures(models[name], test, places).again] as const);
  const fresh = Object.entries(drawn).filter(([label]) => /mixture|N\(0/.test(label));
  const rows = {
    'test images': pictures(models.memory, test, places).images,
    ...Object.fromEntries(again),
    ...Object.fromEntries(fresh.map(([label, numbers]) => [label, numbers.subarray(0, SHOWN * size)])),
  };
  await saveImages(out, 'samples', rows, test, 'Test images, what the models make of them, and new images', subtitle);
}

/** New images must look at most so much less like test images than training images do, and than the model's own reconstructions. */
function fullFigures(distances: Readonly<Record<string, Distances>>): Figure[] {
  const { 'training images': floor, [`${titles.memory}, again`]: again } = distances;
  const { [`${titles.memory}, mixture`]: fresh, [`${titles.gaussian}, N(0, 1)`]: rival } = distances;
  const ratio = (a = Number.NaN, b = Number.NaN) => a / b;
  return [
    figure('memory VAE, means: new images over training images', ratio(fresh?.blocks, floor?.blocks), 'at most', 1.5),
    figure('memory VAE, patches: new images over those again', ratio(fresh?.patches, again?.patches), 'at most', 1.5),
    figure('means: memory VAE over Gaussian VAE, N(0, 1)', ratio(fresh?.blocks, rival?.blocks), 'at most', 1),
  ];
}

/** A short run: all models must have begun to learn. */
function quickFigures({ names, metrics }: Training<ModelName>): Figure[] {
  const last = metrics.at(-1);
  return names.map((name) => figure(`${titles[name]}, training error`, last?.[name] ?? Number.NaN, 'at most', 1.5));
}

function byName<Value>({ names }: Training<ModelName>, of: (name: ModelName) => Value): Record<ModelName, Value> {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Record<ModelName, Value>;
}
