// How to fit: the published settings, and better ones.
import type { FitOptions } from 'tapehead';
import { halfCosine } from '../half-cosine.js';

export interface Settings {
  /** Memories to fit, M keys each. */
  readonly memorySizes: readonly number[];
  /** Pixels of an image that its key shows. */
  readonly pixels: number;
  /** Images to fit to, and others to test with. */
  readonly fitted: number;
  readonly tested: number;
  readonly iterations: number;
  /** Adam's, at the start. */
  readonly learningRate: number;
  /** Whether it falls to zero, along half a cosine, or stays. */
  readonly decay: boolean;
  readonly ridge: number;
  readonly similarity: NonNullable<FitOptions['similarity']>;
  /** β, and whether it is trained. */
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

/** RMSE on the tested images, by memory size, in the published table. */
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

/** A fifth of the iterations, each worth more; docs/results/kernel-memory.md tells how these were found. */
export const best: Settings = {
  ...published,
  iterations: 200,
  learningRate: 0.05,
  decay: true,
  similarity: 'l2',
  strength: 0.05,
  initialKeys: 'rows',
};

/** For `--quick`: a few seconds. */
export const quick = { memorySizes: [2, 8, 32], fitted: 1000, tested: 2000, iterations: 60, learningRate: 1e-2 };

/** What `KernelMemory.fit` is told, but for the random numbers. */
export function fitOptions(settings: Settings, memorySize: number): Omit<FitOptions, 'random'> {
  const { iterations, learningRate, decay, ridge, similarity, strength, learnStrength, initialKeys } = settings;
  const rate = decay ? halfCosine(learningRate, iterations) : learningRate;
  return { memorySize, iterations, learningRate: rate, ridge, similarity, strength, learnStrength, initialKeys };
}
