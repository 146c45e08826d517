// The kernel memory as a classifier: with values fitted to one-hot labels, a read is a distribution over the classes.
import { join } from 'node:path';
import { type FitReport, KernelMemory, load, Random } from 'tapehead';
import { oneHot } from '../../tools/one-hot.js';
import { savePlot } from '../../tools/plot.js';
import { replaceFile } from '../../tools/replace-file.js';
import { classNames, fashionMnist } from '../data/fashion-mnist.js';
import { type LabelledImages, pixelsOf } from '../data/images.js';
import { halfCosine } from '../half-cosine.js';
import type { Program } from '../program.js';
import { Progress } from '../progress.js';
import { figure, show } from '../result.js';
import { type Calibration, calibration, normalizeReads } from './calibration.js';
import { reliabilityPlot } from './plots.js';

const settings = {
  memorySize: 256,
  /** Number of pixels in a query. */
  pixels: 78,
  fitted: 60_000,
  tested: 10_000,
  iterations: 80,
  /** Initial learning rate of Adam, with cosine decay to zero. */
  learningRate: 0.02,
  ridge: 1,
  similarity: 'l2' as const,
  /** Inverse temperature β: higher is more confident; docs/results/kernel-memory.md describes how it was found. */
  strength: 1.3,
  initialKeys: 'rows' as const,
  batchSize: 10_000,
};

export type Settings = typeof settings;

const quickly = { memorySize: 32, fitted: 2000, tested: 1000, iterations: 40 };

export const run: Program = async ({ seed, out, data, quick }) => {
  const { train, test } = await fashionMnist(data);
  const chosen = { ...settings, ...(quick && quickly) };
  console.log(`Classifying images by ${chosen.pixels} of their pixels with ${chosen.memorySize} keys.`);
  const progress = new Progress(chosen.iterations, 'iterations');
  const found = await classify(train, test, chosen, seed, progress).finally(() => progress.stop());

  replaceFile(join(out, 'memory.safetensors'), found.memory.save());
  const { accuracy, expectedError, brier } = found.test;
  await savePlot(join(out, 'reliability.svg'), reliabilityPlot(found.test, chosen.tested));
  console.log(`\nBrier score ${show(brier)}; training accuracy ${show(found.training.accuracy)}`);
  console.log(
    `${show(100 * found.outside)} % of the values read lie outside [0, 1], by at most ${show(found.farthest)}.`,
  );
  const { memory, ...measured } = found;
  const figures = [
    figure('test accuracy', accuracy, 'at least', quick ? 0.6 : 0.82),
    figure('expected calibration error', expectedError, 'at most', quick ? 0.1 : 0.03),
  ];
  return { settings: chosen, measured: { ...measured, report: memory.report as FitReport }, figures };
};

export interface Found {
  readonly memory: KernelMemory;
  readonly test: Calibration;
  readonly training: Calibration;
  /** Share of values read for test images that lie outside [0, 1]. */
  readonly outside: number;
  /** Largest distance of such a value from [0, 1]. */
  readonly farthest: number;
}

/** Fits a memory to the labels of the first images of `train` and tests it on the first images of `test`. */
export async function classify(
  train: LabelledImages,
  test: LabelledImages,
  chosen: Settings,
  seed: number,
  progress: Pick<Progress, 'signal' | 'update'>,
): Promise<Found> {
  const runtime = await load();
  const random = new Random(runtime, seed);
  const pixels = random.permutation(train.height * train.width).slice(0, chosen.pixels);
  const queries = (set: LabelledImages, count: number) => pixelsOf(set, firstIndices(count), pixels);
  const { fitted, tested, iterations, learningRate, pixels: _, ...options } = chosen;
  const classes = classNames.length;
  const labels = train.labels.subarray(0, fitted);
  const targets = { shape: [labels.length, classes] as const, data: oneHot(labels, classes) };
  const memory = await KernelMemory.fit(runtime, queries(train, fitted), targets, {
    ...options,
    iterations,
    learningRate: halfCosine(learningRate, iterations),
    random,
    signal: progress.signal,
    onProgress: ({ iteration, rmse }) => progress.update(iteration, { RMSE: rmse }),
  });
  const calibrate = (read: Float32Array, labels: Uint8Array) =>
    calibration(normalizeReads(read, classes), labels.subarray(0, read.length / classes));
  const read = memory.predict(queries(test, tested));
  const distances = read.map((value) => Math.max(0, -value, value - 1));
  return {
    memory,
    test: calibrate(read, test.labels),
    training: calibrate(memory.predict(queries(train, fitted)), train.labels),
    outside: distances.filter((distance) => distance > 0).length / distances.length,
    farthest: distances.reduce((a, b) => Math.max(a, b)),
  };
}

function firstIndices(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}
