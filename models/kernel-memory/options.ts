// Options of the kernel memory and of its fit, and what a fit reports.
import type { Similarity } from '../../bindings/ops/attention.js';
import type { Random } from '../../bindings/random.js';

/** Options of `KernelMemory`. */
export interface KernelMemoryOptions {
  /** Number of keys M, at least 1. */
  memorySize: number;
  /** Key size m, at least 1. */
  keySize: number;
  /** Value size n, at least 1. */
  valueSize: number;
  /** Similarity of queries and keys: `dot`, `cosine`, or `l2` (negative squared distance, Nadaraya-Watson). Default `dot`. */
  similarity?: Similarity;
  /** Inverse temperature β: similarities are multiplied by it before the softmax; at least 1e-30. Default 1. */
  strength?: number;
  /** Train β with the keys. Default false. */
  learnStrength?: boolean;
}

/** Options of `KernelMemory.fit`. */
export interface FitOptions
  extends Pick<KernelMemoryOptions, 'memorySize' | 'similarity' | 'strength' | 'learnStrength'> {
  /** Source of the initial keys. */
  random: Random;
  /** Number of iterations (Adam steps), at least 0. Default 1000. */
  iterations?: number;
  /** Adam's learning rate, at least 0, or a function from the iteration (0, 1, …) to it. Default 5e-4. */
  learningRate?: number | ((iteration: number) => number);
  /** The same option under the optimizers' name. Default 5e-4. */
  lr?: number | ((iteration: number) => number);
  /** Ridge λ of the regression, at least 0. Default 1e-6. */
  ridge?: number;
  /** Initial keys: drawn from N(0, 0.01²) (`random`), M distinct rows of Q (`rows`), or M·m numbers, row-major. Default `random`. */
  initialKeys?: 'random' | 'rows' | Float32Array;
  /**
   * Rows per batch, at least 1: bounds the runtime's memory where the weights of all rows do not fit. Differs from a fit on all rows by
   * rounding only; the weights are computed twice per iteration. Default: all of them.
   */
  batchSize?: number;
  /** Called after every iteration; a promise it returns is awaited. Without it, nothing is reported. */
  onProgress?: (progress: FitProgress) => unknown;
  /** Ends the fit after the running iteration; the best state so far is kept. Without it, all iterations run. */
  signal?: AbortSignal;
}

/** Options of `KernelMemory.startFit`: the options of `KernelMemory.fit` without iterations, progress and signal. */
export type StepwiseFitOptions = Omit<FitOptions, 'iterations' | 'onProgress' | 'signal'>;

/** Result of one iteration of a fit. */
export interface FitStep {
  /** Iterations done, this one included. */
  readonly iteration: number;
  /** Root mean square of X − WV over the fitted rows, for the keys before the iteration's Adam step. */
  readonly rmse: number;
  /** Ridge λ used: that of the options, or a larger one where WᵀW + λI was not positive definite. */
  readonly ridge: number;
  /** Estimated condition number of WᵀW + λI. */
  readonly condition: number;
}

/** Progress of `KernelMemory.fit`. */
export interface FitProgress extends FitStep {
  /** Number of iterations asked for. */
  readonly iterations: number;
}

/** Report of a finished fit, about the state that was kept. */
export interface FitReport extends FitProgress {
  /** Largest ridge λ of any iteration. */
  readonly largestRidge: number;
  /** True if a signal ended the fit. */
  readonly aborted: boolean;
}
