// The published runs of the memory VAE and the VQ-VAE.
import type { ProgramOptions } from '../program.js';

/** Default number of updates by `--set`: as published for CIFAR-10, fewer for Fashion-MNIST. */
export const defaultUpdates: Readonly<Record<ProgramOptions['set'], number>> = {
  'cifar-10': 25_000,
  'fashion-mnist': 1000,
};

/** Published training error relative to the data variance, by update. */
export const published = {
  memory: { 500: 0.213, 1000: 0.198, 2000: 0.103, 5000: 0.093, 10000: 0.065, 25000: 0.042 },
  vq: { 1000: 0.207, 2000: 0.143, 5000: 0.093, 10000: 0.072, 25000: 0.058 },
} as const;
