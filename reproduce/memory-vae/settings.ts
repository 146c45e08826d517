// How the memory VAE and the VQ-VAE are trained side by side: sizes, starts, the published points.
import type { MemoryVAEOptions, VQVAEOptions } from 'tapehead';
import type { ProgramOptions } from '../program.js';

export interface Settings {
  readonly updates: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly memory: Omit<MemoryVAEOptions, 'random'>;
  readonly vq: Omit<VQVAEOptions, 'random'>;
}

/** Updates of a whole run, by `--set`: as many as published, and a short version. */
export const updatesOn: Readonly<Record<ProgramOptions['set'], number>> = { 'cifar-10': 25_000, 'fashion-mnist': 1000 };

const shared = { batch: 32, learningRate: 3e-4, vq: { restartDeadCodes: true } };

/** By `--variant`: ours, and the notebook's own. */
export const settings: Readonly<Record<ProgramOptions['variant'], Omit<Settings, 'updates'>>> = {
  default: { ...shared, memory: {} },
  published: {
    ...shared,
    memory: {
      similarity: 'l2',
      // The softmax of the squared distance itself, not of its negative.
      strength: -1,
      learnStrength: false,
      memoryInit: [-1 / 512, 1 / 512],
      tiedResiduals: true,
    },
  },
};

/** Training error over the data's variance in the published runs, by update. */
export const published = {
  memory: { 500: 0.213, 1000: 0.198, 2000: 0.103, 5000: 0.093, 10000: 0.065, 25000: 0.042 },
  vq: { 1000: 0.207, 2000: 0.143, 5000: 0.093, 10000: 0.072, 25000: 0.058 },
} as const;
