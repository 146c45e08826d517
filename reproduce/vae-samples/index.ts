// New images from the memory VAE, the VQ-VAE and a Gaussian VAE, trained on the same batches, and how much they look like test images.
import { type LabelledImages, pixelsOf } from '../data/images.js';
import type { Program } from '../program.js';
import { type Figure, figure, show, table } from '../result.js';
import { pictures, type Reconstructed, reconstruction } from '../vae-training/evaluate.js';
import { saveImages } from '../vae-training/plots.js';
import { train } from '../vae-training/run.js';
import { type ModelName, type Settings, settings, titles } from '../vae-training/settings.js';
import type { Training } from '../vae-training/train.js';
import { drawFresh, drawKnown, freshOf, type Images, knownOf } from './draw.js';
import { frechetDistance, type ImageShape, lookOf } from './frechet.js';

/** Columns of the sheet. */
const SHOWN = 16;
/** Added to the seed for what is drawn after training, far from the seeds of training. */
const SEED = 2 ** 21;

type Distances = Readonly<Record<string, { readonly blocks: number; readonly patches: number }>>;

export const run: Program = async (options) => {
  const { seed, out, quick, updates = quick ? 100 : 2000, set } = options;
  // The weight that belongs to a third of the data's spread around each pixel, as of the errors that are reached: see docs/results/memory-vae.md.
  const chosen: Settings<ModelName> = { ...settings.default, updates, gaussian: { klWeight: 0.1 } };
  const { training, train: images, test } = await train<ModelName>(chosen, options);
  const tested = Math.min(quick ? 500 : test.count, test.count);
  const count = Math.min(quick ? 200 : 2000, images.count, test.count);
  const fitted = Math.min(quick ? 400 : 4000, images.count);

  console.log(`Testing on ${tested} images.`);
  const quality = byName(training, (name) => reconstruction(training.models[name], test, training.variance, tested));
  console.log(`\n${qualityTable(training, quality)}\n`);
  console.log(`Drawing ${count} images from each model.`);
  const fresh = drawFresh(training, images, { count, fitted, seed: seed + SEED });
  const distances = distancesTo(test, { ...drawKnown(training, images, count), ...fresh }, count);
  console.log(`\n${distanceTable(distances)}\n`);
  await drawSheet(training, test, fresh, out, `${set}, ${training.update} updates, batch ${chosen.batch}`);
  return {
    settings: { ...chosen, set, variance: training.variance, count, fitted },
    measured: { quality, distances, metrics: training.metrics },
    figures: quick ? quickFigures(training) : fullFigures(distances),
  };
};

/** Fréchet distances of images from the first `count` test images. */
function distancesTo(test: LabelledImages, images: Images, count: number): Distances {
  const shape: ImageShape = [test.channels, test.height, test.width];
  const places = Uint32Array.from({ length: count }, (_, i) => i);
  const wanted = lookOf(pixelsOf(test, places).data, shape);
  const found = Object.entries(images).map(([label, numbers]) => {
    const look = lookOf(numbers, shape);
    const distance = (part: 'blocks' | 'patches') => frechetDistance(look[part], wanted[part]);
    return [label, { blocks: distance('blocks'), patches: distance('patches') }] as const;
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

function distanceTable(distances: Distances): string {
  const rows = Object.entries(distances).map(([label, { blocks, patches }]) => [label, show(blocks), show(patches)]);
  return table([['Fréchet distance from test images', '4×4 means', '8×8 patches'], ...rows]);
}

async function drawSheet(
  { names, models }: Training<ModelName>,
  test: LabelledImages,
  fresh: Images,
  out: string,
  subtitle: string,
): Promise<void> {
  const places = Array.from({ length: Math.min(SHOWN, test.count) }, (_, i) => i);
  const size = test.channels * test.height * test.width;
  const again = names.map((name) => [titles[name], pictures(models[name], test, places).again] as const);
  const drawn = Object.entries(fresh).map(([label, numbers]) => [label, numbers.subarray(0, SHOWN * size)] as const);
  const original = pictures(models.memory, test, places).images;
  const rows = { 'test images': original, ...Object.fromEntries([...again, ...drawn]) };
  await saveImages(out, 'samples', rows, test, 'Test images, what the models make of them, and new images', subtitle);
}

/** New images must look little less like test images than training images do, and than these do when the model gives them back. */
function fullFigures(distances: Distances): Figure[] {
  const ratio = (part: 'blocks' | 'patches', of: string, to: string) =>
    (distances[of]?.[part] ?? Number.NaN) / (distances[to]?.[part] ?? Number.NaN);
  const { memory, prior } = freshOf;
  return [
    figure('memory VAE, means: new over training images', ratio('blocks', memory, knownOf.original), 'at most', 2),
    figure('memory VAE, patches: new over those again', ratio('patches', memory, knownOf.memory), 'at most', 1.5),
    figure('means: memory VAE over Gaussian VAE, N(0, 1)', ratio('blocks', memory, prior), 'at most', 1),
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
