// How the models are trained side by side: sizes, starts, the published points.
import type { GaussianVAEOptions, MemoryVAEOptions, VQVAEOptions } from 'tapehead';
import type { ProgramOptions } from '../program.js';

/** The models by the names they have here and in checkpoints, and what they are called. */
export const titles = { memory: 'memory VAE', vq: 'VQ-VAE', gaussian: 'Gaussian VAE' } as const;
export type ModelName = keyof typeof titles;

interface ModelOptions {
  readonly memory: Omit<MemoryVAEOptions, 'random'>;
  readonly vq: Omit<VQVAEOptions, 'random'>;
  readonly gaussian: Omit<GaussianVAEOptions, 'random'>;
}

/** How long and how fast, and the options of every model that is trained. */
export type Settings<Name extends ModelName> = Pick<ModelOptions, Name> & {
  readonly updates: number;
  readonly batch: number;
  readonly learningRate: number;
};

/** Updates of a whole run, by `--set`: as many as published, and a short version. */
export const updatesOn: Readonly<Record<ProgramOptions['set'], number>> = { 'cifar-10': 25_000, 'fashion-mnist': 1000 };

const shared = { batch: 32, learningRate: 3e-4 };

/** By `--variant`: ours, and the notebook's own. */
export const settings: Readonly<Record<ProgramOptions['variant'], Omit<Settings<'memory' | 'vq'>, 'updates'>>> = {
  default: { ...shared, memory: { latentInit: 10 }, vq: { latentInit: 10, restartDeadCodes: true } },
  published: {
    ...shared,
    vq: { restartDeadCodes: true },
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
