// The interface between `npm run reproduce` and its programs.
import type { Result } from './result.js';

export const variants = ['default', 'published'] as const;
export const imageSets = ['cifar-10', 'fashion-mnist'] as const;

export interface ProgramOptions {
  /** Seed of everything random. */
  readonly seed: number;
  /** Existing output folder. */
  readonly out: string;
  /** Folder of the data sets; undefined to download them. */
  readonly data: string | undefined;
  /** Short run that only shows that the program works. */
  readonly quick: boolean;
  /** Use the best known settings instead of the published ones. */
  readonly best: boolean;
  /** Number of updates; the default depends on the program. */
  readonly updates?: number;
  /** Variant of the memory VAE: ours or that of the published notebook. */
  readonly variant: (typeof variants)[number];
  /** Data set of the memory VAE and its baselines. */
  readonly set: (typeof imageSets)[number];
}

/** Runs until done or interrupted by the user; returns settings and results. */
export type Program = (options: ProgramOptions) => Promise<Pick<Result, 'settings' | 'measured' | 'figures'>>;
