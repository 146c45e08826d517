// What a kernel memory and its fit can be told, and what they tell.
import type { Similarity } from '../../bindings/ops/attention.js';
import type { Random } from '../../bindings/random.js';

/** Options of KernelMemory. */
export interface KernelMemoryOptions {
  /** Keys M. */
  memorySize: number;
  /** Numbers m in a key. */
  keySize: number;
  /** Numbers n in a value. */
  valueSize: number;
  /** How a query is compared with a key. Default `dot`; `l2` is the estimator of Nadaraya and Watson. */
  similarity?: Similarity;
  /** β, by which similarities are multiplied, above 0. Default 1. */
  strength?: number;
  /** Whether β is trained with the keys. Default false. */
  learnStrength?: boolean;
}

/** Options of KernelMemory.fit. */
export interface FitOptions
  extends Pick<KernelMemoryOptions, 'memorySize' | 'similarity' | 'strength' | 'learnStrength'> {
  /** Source of the initial keys. */
  random: Random;
  /** Steps of Adam, at least 0. Default 1000. */
  iterations?: number;
  /** Adam's learning rate, or a function that gives it for iteration 0, 1, … Default 5e-4. */
  learningRate?: number | ((iteration: number) => number);
  /** λ, at least 0. Default 1e-6. */
  ridge?: number;
  /** Keys at the start: from N(0, 0.01²) (`random`, the default), distinct rows of Q (`rows`), or the numbers themselves, [M, m]. */
  initialKeys?: 'random' | 'rows' | Float32Array;
  /**
   * Rows held in the runtime's memory at a time, where the data does not fit; the result is the same but for rounding, and the
   * weights are computed twice. Default: all of them.
   */
  batchSize?: number;
  /** Called after every iteration, and awaited. */
  onProgress?: (progress: FitProgress) => unknown;
  /** Ends the fit after the running iteration; the best state so far is kept. */
  signal?: AbortSignal;
}

/** Where a fit stands. */
export interface FitProgress {
  /** Iterations done. */
  readonly iteration: number;
  /** Iterations asked for. */
  readonly iterations: number;
  /** Root mean square of X − WV over the fitted rows. */
  readonly rmse: number;
  /** λ as used: the one asked for, or more where WᵀW + λI was not positive definite. */
  readonly ridge: number;
  /** Estimated condition number of WᵀW + λI. */
  readonly condition: number;
}

/** How a fit went: the state that was kept. */
export interface FitReport extends FitProgress {
  /** The largest λ of any iteration: above the one asked for if WᵀW + λI was ever not positive definite. */
  readonly largestRidge: number;
  /** Whether a signal ended it. */
  readonly aborted: boolean;
}
