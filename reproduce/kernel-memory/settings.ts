// Settings of the fit: as published, and better ones.
import type { FitOptions } from 'tapehead';
import { halfCosine } from '../half-cosine.js';

export interface Settings {
  /** Number of keys M of each memory. */
  readonly memorySizes: readonly number[];
  /** Number of pixels in a query. */
  readonly pixels: number;
  /** Number of training images. */
  readonly fitted: number;
  /** Number of test images. */
  readonly tested: number;
  readonly iterations: number;
  /** Initial learning rate of Adam. */
  readonly learningRate: number;
  /** Use cosine decay to zero; otherwise the learning rate is constant. */
  readonly decay: boolean;
  readonly ridge: number;
  readonly similarity: NonNullable<FitOptions['similarity']>;
  /** Initial inverse temperature β. */
  readonly strength: number;
  readonly learnStrength: boolean;
  readonly initialKeys: 'random' | 'rows';
}

/** As published in 'Differentiable Memory'. */
export const published: Settings = {
  memorySizes: [2, 4, 8, 16, 32, 64, 128, 256],
  pixels: 78,
  fitted: 10_000,
  tested: 60_000,
  iterations: 1000,
  learningRate: 5e-4,
  decay: false,
  ridge: 1e-6,
  similarity: 'dot',
  strength: 1,
  learnStrength: false,
  initialKeys: 'random',
};

/** Published RMSE on test images, by memory size. */
export const publishedErrors: Readonly<Record<number, number>> = {
  2: 0.2488,
  4: 0.2045,
  8: 0.173,
  16: 0.1538,
  32: 0.1398,
  64: 0.1285,
  128: 0.1219,
  256: 0.1196,
};

/** Better results in a fifth of the iterations; docs/results/kernel-memory.md describes how these were found. */
export const best: Settings = {
  ...published,
  iterations: 200,
  learningRate: 0.05,
  decay: true,
  similarity: 'l2',
  strength: 0.05,
  initialKeys: 'rows',
};

/** Overrides for `--quick`, which takes a few seconds. */
export const quick = { memorySizes: [2, 8, 32], fitted: 1000, tested: 2000, iterations: 60, learningRate: 1e-2 };

/** Options of `KernelMemory.fit`, except for `random`. */
export function fitOptions(settings: Settings, memorySize: number): Omit<FitOptions, 'random'> {
  const { iterations, learningRate, decay, ridge, similarity, strength, learnStrength, initialKeys } = settings;
  const rate = decay ? halfCosine(learningRate, iterations) : learningRate;
  return { memorySize, iterations, learningRate: rate, ridge, similarity, strength, learnStrength, initialKeys };
}
