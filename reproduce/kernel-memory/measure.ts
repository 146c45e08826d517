// Fits a memory and measures its recall of test images.
import {
  type FitOptions,
  type FitReport,
  KernelMemory,
  load,
  matmul,
  NormalEquations,
  Random,
  type Runtime,
} from 'tapehead';
import { type LabelledImages, type Matrix, pixelsOf } from '../data/images.js';
import { fitOptions, type Settings } from './settings.js';

/** Results for one memory size. */
export interface Entry {
  readonly memorySize: number;
  /** RMSE of a pixel of the training images. */
  readonly training: number;
  /** RMSE of a pixel of the test images. */
  readonly test: number;
  readonly iterations: number;
  /** Duration of the fit. */
  readonly seconds: number;
  /** Final λ. */
  readonly ridge: number;
  /** Largest λ of any iteration. */
  readonly largestRidge: number;
  /** Estimated condition number of the final system. */
  readonly condition: number;
  readonly strength: number;
  /** The memory as a safetensors file. */
  readonly memory: Uint8Array;
  /** Recalls of the first test images, [·, height·width]. */
  readonly recalled: Float32Array;
}

/** Training images, test images and query pixels, by index. */
export interface Split {
  readonly images: LabelledImages;
  readonly fitted: Uint32Array;
  readonly tested: Uint32Array;
  readonly pixels: Uint32Array;
}

/** Shuffles the images and draws the query pixels, which depend on nothing but the seed. */
export function splitImages(runtime: Runtime, images: LabelledImages, settings: Settings, seed: number): Split {
  const random = new Random(runtime, seed);
  const order = random.permutation(images.count);
  const pixels = random.permutation(images.height * images.width).slice(0, settings.pixels);
  const { fitted, tested } = settings;
  return { images, fitted: order.slice(0, fitted), tested: order.slice(fitted, fitted + tested), pixels };
}

/** Fits and tests a memory; `shown` is the number of recalls to return. */
export async function measure(
  split: Split,
  settings: Settings,
  memorySize: number,
  options: { seed: number; shown: number } & Pick<FitOptions, 'signal' | 'onProgress'>,
): Promise<Entry> {
  // Each memory gets its own runtime, so that memory use does not add up.
  const runtime = await load();
  const random = new Random(runtime, options.seed + memorySize * 2 ** 20);
  const tensor = ({ data, shape }: Matrix) => runtime.tensor(data, shape);
  const Q = tensor(pixelsOf(split.images, split.fitted, split.pixels));
  const X = tensor(pixelsOf(split.images, split.fitted));
  const start = performance.now();
  const memory = await KernelMemory.fit(runtime, Q, X, {
    ...fitOptions(settings, memorySize),
    random,
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  });
  const seconds = (performance.now() - start) / 1000;
  const { rmse, iteration, ridge, largestRidge, condition } = memory.report as FitReport;
  return {
    memorySize,
    training: rmse,
    test: testError(split, (keys) => memory.predict(keys)),
    iterations: iteration,
    seconds,
    ridge,
    largestRidge,
    condition,
    strength: memory.strength,
    memory: memory.save(),
    recalled: memory.predict(pixelsOf(split.images, split.tested.subarray(0, options.shown), split.pixels)),
  };
}

const BATCH = 5000;

/**
 * Test RMSE of the simplest baseline: linear regression of each pixel on the query pixels. It shows how much the query
 * pixels reveal.
 */
export function linearError(runtime: Runtime, split: Split): number {
  const { images, fitted, pixels } = split;
  const tensor = ({ data, shape }: Matrix) => runtime.tensor(data, shape);
  const solved = runtime.noGrad(() => {
    const equations = new NormalEquations(runtime, pixels.length + 1, images.height * images.width);
    equations.add(tensor(withOne(pixelsOf(images, fitted, pixels))), tensor(pixelsOf(images, fitted)));
    return equations.solve(1e-6).values.toArray();
  });
  const values = runtime.tensor(solved, [pixels.length + 1, images.height * images.width]);
  return testError(split, (keys) => runtime.noGrad(() => matmul(tensor(withOne(keys)), values).toArray()));
}

/** RMSE of a pixel of all test images. */
function testError({ images, tested, pixels }: Split, recall: (queries: Matrix) => Float32Array): number {
  let sum = 0;
  for (let from = 0; from < tested.length; from += BATCH) {
    const rows = tested.subarray(from, from + BATCH);
    sum += squares(recall(pixelsOf(images, rows, pixels)), pixelsOf(images, rows));
  }
  return Math.sqrt(sum / (tested.length * images.height * images.width));
}

function squares(recalled: Float32Array, { data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += ((recalled[i] as number) - (data[i] as number)) ** 2;
  return sum;
}

/** Appends a column of ones. */
function withOne({ data, shape: [rows, columns] }: Matrix): Matrix {
  const longer = new Float32Array(rows * (columns + 1)).fill(1);
  for (let row = 0; row < rows; row++) {
    longer.set(data.subarray(row * columns, (row + 1) * columns), row * (columns + 1));
  }
  return { shape: [rows, columns + 1], data: longer };
}
