// Settings of the models that are trained side by side.
import type { GaussianVAEOptions, MemoryVAEOptions, VQVAEOptions } from 'tapehead';
import type { ProgramOptions } from '../program.js';

/** Display names of the models, by the names used here and in checkpoints. */
export const titles = { memory: 'memory VAE', vq: 'VQ-VAE', gaussian: 'Gaussian VAE' } as const;
export type ModelName = keyof typeof titles;

interface ModelOptions {
  readonly memory: Omit<MemoryVAEOptions, 'random'>;
  readonly vq: Omit<VQVAEOptions, 'random'>;
  readonly gaussian: Omit<GaussianVAEOptions, 'random'>;
}

/** Settings of a training run, and the options of every model trained. */
export type Settings<Name extends ModelName> = Pick<ModelOptions, Name> & {
  readonly updates: number;
  readonly batch: number;
  readonly learningRate: number;
};

const shared = { batch: 32, learningRate: 3e-4 };

/** Settings by `--variant`: ours and those of the published notebook. */
export const settings: Readonly<Record<ProgramOptions['variant'], Omit<Settings<'memory' | 'vq'>, 'updates'>>> = {
  default: { ...shared, memory: { latentInit: 10 }, vq: { latentInit: 10, restartDeadCodes: true } },
  published: {
    ...shared,
    vq: { restartDeadCodes: true },
    memory: {
      similarity: 'l2',
      // The notebook takes the softmax of the squared distance rather than of its negative.
      strength: -1,
      learnStrength: false,
      memoryInit: [-1 / 512, 1 / 512],
      tiedResiduals: true,
    },
  },
};
