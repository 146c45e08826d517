// What every program of this folder looks like to `npm run reproduce`.
import type { Result } from './result.js';

export const variants = ['default', 'published'] as const;
export const imageSets = ['cifar-10', 'fashion-mnist'] as const;

export interface ProgramOptions {
  /** Seed of everything random. */
  readonly seed: number;
  /** Folder for what the program writes; it exists. */
  readonly out: string;
  /** Folder of data sets, for programs that need one; without it they are fetched. */
  readonly data: string | undefined;
  /** A short run that shows the program works; figures of a full run are not to be expected. */
  readonly quick: boolean;
  /** The best settings known instead of the published ones, where a program has both. */
  readonly best: boolean;
  /** Updates of the weights, where the user wants another number than the program's own. */
  readonly updates?: number;
  /** Of the memory VAE: ours, or the one of the published notebook. */
  readonly variant: (typeof variants)[number];
  /** Images to train the memory VAE and its rivals on. */
  readonly set: (typeof imageSets)[number];
}

/** Runs to the end, or to where the user interrupts it, and tells its settings and what it found. */
export type Program = (options: ProgramOptions) => Promise<Pick<Result, 'settings' | 'measured' | 'figures'>>;
