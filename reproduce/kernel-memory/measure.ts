// Fits one memory, and measures how well it recalls images it has not seen.
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

/** What one memory size gave. */
export interface Entry {
  readonly memorySize: number;
  /** RMSE over all pixels of the fitted and of the tested images. */
  readonly training: number;
  readonly test: number;
  readonly iterations: number;
  /** Of the fit alone. */
  readonly seconds: number;
  /** λ as used, and the estimated condition number of what was solved at the end. */
  readonly ridge: number;
  /** The largest λ of any iteration. */
  readonly largestRidge: number;
  readonly condition: number;
  readonly strength: number;
  readonly memory: Uint8Array;
  /** What it recalled of the first tested images, [·, height·width]. */
  readonly recalled: Float32Array;
}

/** Who is fitted and tested, and what is seen of them. */
export interface Cards {
  readonly images: LabelledImages;
  readonly fitted: Uint32Array;
  readonly tested: Uint32Array;
  readonly pixels: Uint32Array;
}

/** Shuffles the images and draws the pixels of the keys: the same for the same seed, whatever is fitted afterwards. */
export function deal(runtime: Runtime, images: LabelledImages, settings: Settings, seed: number): Cards {
  const random = new Random(runtime, seed);
  const order = random.permutation(images.count);
  const pixels = random.permutation(images.height * images.width).slice(0, settings.pixels);
  const { fitted, tested } = settings;
  return { images, fitted: order.slice(0, fitted), tested: order.slice(fitted, fitted + tested), pixels };
}

/** The first `shown` tested images are kept as the memory recalls them. */
export async function measure(
  cards: Cards,
  settings: Settings,
  memorySize: number,
  options: { seed: number; shown: number } & Pick<FitOptions, 'signal' | 'onProgress'>,
): Promise<Entry> {
  // A runtime a memory: what one fit leaves behind does not add up.
  const runtime = await load();
  const random = new Random(runtime, options.seed + memorySize * 2 ** 20);
  const tensor = ({ data, shape }: Matrix) => runtime.tensor(data, shape);
  const Q = tensor(pixelsOf(cards.images, cards.fitted, cards.pixels));
  const X = tensor(pixelsOf(cards.images, cards.fitted));
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
    test: testError(cards, (keys) => memory.predict(keys)),
    iterations: iteration,
    seconds,
    ridge,
    largestRidge,
    condition,
    strength: memory.strength,
    memory: memory.save(),
    recalled: memory.predict(pixelsOf(cards.images, cards.tested.subarray(0, options.shown), cards.pixels)),
  };
}

const IMAGES_AT_A_TIME = 5000;

/**
 * RMSE on the tested images of the simplest rival: each pixel of an image as a linear function of those its key shows,
 * fitted to the fitted images. It tells how much the pixels drawn give away.
 */
export function linearError(runtime: Runtime, cards: Cards): number {
  const { images, fitted, pixels } = cards;
  const tensor = ({ data, shape }: Matrix) => runtime.tensor(data, shape);
  const solved = runtime.noGrad(() => {
    const equations = new NormalEquations(runtime, pixels.length + 1, images.height * images.width);
    equations.add(tensor(withOne(pixelsOf(images, fitted, pixels))), tensor(pixelsOf(images, fitted)));
    return equations.solve(1e-6).values.toArray();
  });
  const values = runtime.tensor(solved, [pixels.length + 1, images.height * images.width]);
  return testError(cards, (keys) => runtime.noGrad(() => matmul(tensor(withOne(keys)), values).toArray()));
}

/** RMSE over all pixels of all tested images. */
function testError({ images, tested, pixels }: Cards, recall: (keys: Matrix) => Float32Array): number {
  let sum = 0;
  for (let from = 0; from < tested.length; from += IMAGES_AT_A_TIME) {
    const rows = tested.subarray(from, from + IMAGES_AT_A_TIME);
    sum += squares(recall(pixelsOf(images, rows, pixels)), pixelsOf(images, rows));
  }
  return Math.sqrt(sum / (tested.length * images.height * images.width));
}

function squares(recalled: Float32Array, { data }: Matrix): number {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += ((recalled[i] as number) - (data[i] as number)) ** 2;
  return sum;
}

/** The rows with a 1 at the end of each. */
function withOne({ data, shape: [rows, columns] }: Matrix): Matrix {
  const longer = new Float32Array(rows * (columns + 1)).fill(1);
  for (let row = 0; row < rows; row++) {
    longer.set(data.subarray(row * columns, (row + 1) * columns), row * (columns + 1));
  }
  return { shape: [rows, columns + 1], data: longer };
}
