// The kernel memory's programs on small synthetic data.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TopLevelSpec } from 'vega-lite';
import { KernelMemory, load, Random } from '../index.js';
import type { LabelledImages } from '../reproduce/data/images.js';
import { concatenated, pixelsOf } from '../reproduce/data/images.js';
import { calibration, normalizeReads } from '../reproduce/kernel-classes/calibration.js';
import { classify } from '../reproduce/kernel-classes/index.js';
import { reliabilityPlot } from '../reproduce/kernel-classes/plots.js';
import { linearError, measure, splitImages } from '../reproduce/kernel-memory/measure.js';
import { errorPlot, recallSheet } from '../reproduce/kernel-memory/plots.js';
import { best, fitOptions, published } from '../reproduce/kernel-memory/settings.js';
import { draw, measure as measureSurrogate } from '../reproduce/kernel-surrogate/measure.js';
import { examplesPlot, errorPlot as surrogatePlot } from '../reproduce/kernel-surrogate/plots.js';
import { nearestNeighbours, networkSize, rmse } from '../reproduce/kernel-surrogate/rivals.js';
import { quick as quickSurrogate, settings as surrogate } from '../reproduce/kernel-surrogate/settings.js';
import { DURATION, simulate, TIMES } from '../reproduce/kernel-surrogate/simulation.js';
import { grey } from '../reproduce/sheet.js';
import { savePlot } from '../tools/plot.js';
import { seeded } from './support/random-numbers.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));

/** 8×8 images of a bright vertical bar at a random position, narrow (label 0) or wide (label 1). */
function bars(count: number): LabelledImages {
  const random = seeded(1);
  const images = new Uint8Array(64 * count);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    labels[i] = Math.floor(2 * random());
    const middle = 8 * random();
    const breadth = labels[i] === 0 ? 1 : 2.5;
    for (let at = 0; at < 64; at++) images[64 * i + at] = 255 * Math.exp(-(((at % 8) - middle) ** 2) / breadth);
  }
  return { count, channels: 1, height: 8, width: 8, images, labels };
}

test('pixelsOf selects images and pixels and scales them to [0, 1]', (t) => {
  const images = new Uint8Array([0, 51, 102, 153, 204, 255]);
  const set = { count: 3, channels: 1, height: 1, width: 2, images, labels: new Uint8Array(3) };
  const { shape, data } = pixelsOf(set, new Uint32Array([2, 0]), new Uint32Array([1]));
  t.deepEqual(
    [shape, [...data]],
    [
      [2, 1],
      [1, Math.fround(0.2)],
    ],
  );
  t.deepEqual(pixelsOf(set, new Uint32Array([1])).shape, [1, 2]);
  t.deepEqual([...concatenated(set, set).images.subarray(4, 8)], [204, 255, 0, 51]);
});

test('the seed shuffles the images, and training and test sets are disjoint', async (t) => {
  const settings = { ...published, fitted: 60, tested: 40, pixels: 10 };
  const runtime = await load();
  const split = splitImages(runtime, bars(100), settings, 1);
  t.is(new Set([...split.fitted, ...split.tested]).size, 100);
  t.is(new Set(split.pixels).size, 10);
  t.deepEqual(splitImages(runtime, bars(100), settings, 1), split);
  t.notDeepEqual(splitImages(runtime, bars(100), settings, 2).pixels, split.pixels);
});

test('recall improves with the number of keys, and the reported error is that of the recalled images', async (t) => {
  const settings = { ...published, fitted: 200, tested: 100, pixels: 16, iterations: 50, learningRate: 0.05 };
  const split = splitImages(await load(), bars(300), settings, 1);
  const entries = [];
  for (const memorySize of [2, 8]) entries.push(await measure(split, settings, memorySize, { seed: 1, shown: 100 }));
  const [small, large] = entries as [(typeof entries)[0], (typeof entries)[0]];
  t.true(large.test < 0.7 * small.test, `from ${small.test} to ${large.test}`);
  t.true(large.training < small.training);
  const truth = pixelsOf(split.images, split.tested).data;
  const squares = large.recalled.reduce((sum, value, i) => sum + (value - truth[i]!) ** 2, 0);
  t.true(Math.abs(Math.sqrt(squares / truth.length) - large.test) < 1e-6);
  t.is(KernelMemory.load(await load(), large.memory).keys.shape[0], 8);
  const linear = linearError(await load(), split);
  const everything = { ...split, pixels: Uint32Array.from({ length: 64 }, (_, i) => i) };
  t.true(linear > 0.01 && linear < 0.1 && linearError(await load(), everything) < 1e-3, `${linear}`);
  await draws(t, 'rmse', errorPlot(entries, linear, settings));
  const drawing = await draws(t, 'recalled', recallSheet(entries, split, 5));
  t.is(drawing.match(/data:image\/png/g)?.length, 5 * 3);
});

test('the same seed gives the same memory', async (t) => {
  const settings = { ...best, fitted: 100, tested: 50, pixels: 16, iterations: 5 };
  const again = async () =>
    measure(splitImages(await load(), bars(150), settings, 3), settings, 4, { seed: 3, shown: 1 });
  t.deepEqual((await again()).memory, (await again()).memory);
});

test('the learning rate is constant or decays to zero along half a cosine', (t) => {
  t.is(fitOptions(published, 2).learningRate, 5e-4);
  const { learningRate } = fitOptions({ ...published, decay: true, iterations: 100, learningRate: 0.2 }, 2);
  if (typeof learningRate !== 'function') return t.fail();
  t.deepEqual(
    [0, 50, 100].map((iteration) => Number(learningRate(iteration).toFixed(6))),
    [0.2, 0.1, 0],
  );
});

test('a grey picture clamps values below 0 to black and above 1 to white', (t) => {
  t.deepEqual([...grey([-1, 0.2, 2], 1, 3).rgb], [0, 0, 0, 51, 51, 51, 255, 255, 255]);
});

test('calibration: accuracy, Brier score, bins and their error', (t) => {
  const densities = new Float32Array([0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.5, 0.5]);
  const { accuracy, brier, expectedError, bins } = calibration(densities, new Uint8Array([0, 1, 1, 0]), 4);
  const near = (value: number, expected: number) => t.true(Math.abs(value - expected) < 1e-6, `${value}`);
  near(accuracy, 3 / 4);
  near(brier, (0.02 + 1.28 + 0.18 + 0.5) / 4);
  // 0.9 and 0.8, one of them correct, share a bin; 0.7 and 0.5 are correct.
  t.deepEqual(
    bins.map(({ count, accuracy }) => [count, accuracy]),
    [
      [2, 1],
      [2, 0.5],
    ],
  );
  near(expectedError, (2 * 0.4 + 2 * 0.35) / 4);
});

test('normalised reads are non-negative and sum to 1', (t) => {
  const densities = normalizeReads(new Float32Array([0.5, 0.25, 0.25, -1, 2, 2]), 3);
  t.deepEqual([...densities], [0.5, 0.25, 0.25, 0, 0.5, 0.5]);
});

test('a memory classifies images by a few pixels', async (t) => {
  const all = bars(400);
  const settings = { memorySize: 16, pixels: 40, fitted: 300, tested: 100, iterations: 60, learningRate: 0.05 };
  const rest = {
    ridge: 1e-3,
    similarity: 'l2' as const,
    strength: 1,
    initialKeys: 'rows' as const,
  };
  const test = { ...all, images: all.images.subarray(300 * 64), labels: all.labels.subarray(300) };
  const progress = { signal: new AbortController().signal, update: async () => {} };
  const found = await classify(all, test, { ...settings, ...rest, batchSize: 100 }, 1, progress);
  t.true(found.test.accuracy > 0.9, `${found.test.accuracy}`);
  t.is(
    found.test.bins.reduce((sum, { count }) => sum + count, 0),
    100,
  );
  await draws(t, 'reliability', reliabilityPlot(found.test, 100));
});

test('the predator-prey simulation agrees with the midpoint rule at many small steps', async (t) => {
  const { inputs, outputs } = simulate(new Random(await load(), 1), 2);
  t.deepEqual(
    [inputs.shape, outputs.shape],
    [
      [2, 4],
      [2, TIMES],
    ],
  );
  const [low, high] = [
    [0.8, 0.3, 0.1, 0.5],
    [1.4, 0.7, 0.4, 1.1],
  ];
  const [a, b, c, d] = low.map((value, i) => value + ((high[i]! - value) * (inputs.data[4 + i]! + 1)) / 2) as number[];
  const change = (x: number, y: number) => [x * (a! - b! * y), y * (c! * x - d!)] as const;
  const [steps, step] = [1000, DURATION / TIMES / 1000];
  let [x, y] = [2, 1];
  for (let i = 1; i <= steps * TIMES; i++) {
    const [dx, dy] = change(x, y);
    const [mx, my] = change(x + 0.5 * step * dx, y + 0.5 * step * dy);
    [x, y] = [x + step * mx, y + step * my];
    if (i % steps === 0) t.true(Math.abs(outputs.data[TIMES + i / steps - 1]! - x) < 1e-4);
  }
});

test('a surrogate improves with the number of keys, and the nearest neighbour of a training input is itself', async (t) => {
  const settings = { ...surrogate, ...quickSurrogate, iterations: 60, updates: 200 };
  const samples = await draw(settings, 1);
  const entries = [];
  for (const memorySize of [4, 16]) entries.push(await measureSurrogate(samples, settings, memorySize, { seed: 1 }));
  const [small, large] = entries as [(typeof entries)[0], (typeof entries)[0]];
  t.true(large.memory < 0.8 * small.memory, `from ${small.memory} to ${large.memory}`);
  t.true(
    networkSize(4, large.hidden, TIMES) <= large.numbers && large.numbers < networkSize(4, large.hidden + 1, TIMES),
  );
  t.deepEqual(nearestNeighbours(samples.fitted, samples.fitted.inputs, 1), samples.fitted.outputs.data);
  const near = nearestNeighbours(samples.fitted, samples.tested.inputs, 4);
  t.true(large.memory < rmse(near, samples.tested.outputs));
  await draws(t, 'surrogate', surrogatePlot(entries, 1, settings));
  await draws(t, 'examples', examplesPlot(large, near, samples.tested));
});

/** Draws the plot, checks it, and returns its SVG. */
async function draws(t: ExecutionContext, name: string, spec: TopLevelSpec): Promise<string> {
  const path = join(dir, `${name}.svg`);
  await savePlot(path, spec);
  const svg = readFileSync(path, 'utf8');
  t.regex(svg, /^<svg/);
  t.notRegex(svg, /NaN|undefined/);
  return svg;
}
