// The kernel memory as a classifier: values fitted to one-hot classes make every read a density over them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FitReport, KernelMemory, load, Random } from 'tapehead';
import { savePlot } from '../../tools/plot.js';
import { classNames, fashionMnist } from '../data/fashion-mnist.js';
import { type LabelledImages, type Matrix, pixelsOf } from '../data/images.js';
import { halfCosine } from '../half-cosine.js';
import type { Program } from '../program.js';
import { Progress } from '../progress.js';
import { figure, show } from '../result.js';
import { type Calibration, calibration, densitiesOf } from './calibration.js';
import { reliabilityPlot } from './plots.js';

const settings = {
  memorySize: 256,
  /** Pixels of an image that its key shows. */
  pixels: 78,
  fitted: 60_000,
  tested: 10_000,
  iterations: 80,
  /** Adam's, at the start; it falls to zero along half a cosine. */
  learningRate: 0.02,
  ridge: 1,
  similarity: 'l2' as const,
  /** β: the higher, the surer the memory is of itself; docs/results/kernel-memory.md tells how it was found. */
  strength: 1.3,
  initialKeys: 'rows' as const,
  batchSize: 10_000,
};

export type Settings = typeof settings;

const quickly = { memorySize: 32, fitted: 2000, tested: 1000, iterations: 40 };

export const run: Program = async ({ seed, out, data, quick }) => {
  const { train, test } = await fashionMnist(data);
  const chosen = { ...settings, ...(quick && quickly) };
  console.log(`Classifying images by ${chosen.pixels} of their pixels, with a memory of ${chosen.memorySize} keys.`);
  const progress = new Progress(chosen.iterations, 'iterations');
  const found = await classify(train, test, chosen, seed, progress).finally(() => progress.stop());

  writeFileSync(join(out, 'memory.safetensors'), found.memory.save());
  const { accuracy, expectedError, brier } = found.test;
  await savePlot(join(out, 'reliability.svg'), reliabilityPlot(found.test, chosen.tested));
  console.log(`\nBrier score ${show(brier)}; fitted images: accuracy ${show(found.training.accuracy)}`);
  console.log(
    `${show(100 * found.outside)} % of what is read lies outside [0, 1], by ${show(found.farthest)} at most.`,
  );
  const { memory, ...measured } = found;
  const figures = [
    figure('accuracy on test images', accuracy, 'at least', quick ? 0.6 : 0.82),
    figure('expected calibration error', expectedError, 'at most', quick ? 0.1 : 0.03),
  ];
  return { settings: chosen, measured: { ...measured, report: memory.report as FitReport }, figures };
};

export interface Found {
  readonly memory: KernelMemory;
  readonly test: Calibration;
  readonly training: Calibration;
  /** Share of the numbers read of test images that are below 0 or above 1, and how far at most. */
  readonly outside: number;
  readonly farthest: number;
}

/** Fits a memory to the classes of the first images of `train`, and tests it with the first of `test`. */
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
  const keys = (set: LabelledImages, count: number) => pixelsOf(set, firstOf(count), pixels);
  const { fitted, tested, iterations, learningRate, ...options } = chosen;
  const memory = await KernelMemory.fit(runtime, keys(train, fitted), oneHot(train.labels.subarray(0, fitted)), {
    ...options,
    iterations,
    learningRate: halfCosine(learningRate, iterations),
    random,
    signal: progress.signal,
    onProgress: ({ iteration, rmse }) => progress.update(iteration, { RMSE: rmse }),
  });
  const judge = (read: Float32Array, labels: Uint8Array) =>
    calibration(densitiesOf(read, classNames.length), labels.subarray(0, read.length / classNames.length));
  const read = memory.predict(keys(test, tested));
  const beyond = read.map((value) => Math.max(0, -value, value - 1));
  return {
    memory,
    test: judge(read, test.labels),
    training: judge(memory.predict(keys(train, fitted)), train.labels),
    outside: beyond.filter((distance) => distance > 0).length / beyond.length,
    farthest: beyond.reduce((a, b) => Math.max(a, b)),
  };
}

/** A row for each label: 1 at its class, 0 elsewhere. */
function oneHot(labels: Uint8Array): Matrix {
  const data = new Float32Array(labels.length * classNames.length);
  for (const [i, label] of labels.entries()) data[i * classNames.length + label] = 1;
  return { shape: [labels.length, classNames.length], data };
}

function firstOf(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => i);
}
