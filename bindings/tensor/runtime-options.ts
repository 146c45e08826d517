// What a runtime says of itself, and the options of its methods.
import type { OptionKeys } from './check.js';

/** The build that was loaded, its threads, and why. */
export interface RuntimeInfo {
  /** `relaxed` uses fused multiply-adds; `simd` computes the same bits on every engine. */
  readonly variant: 'simd' | 'relaxed';
  /** Threads that share large ops, the calling thread included. */
  readonly threads: number;
  /** Why this build, and why that many threads. */
  readonly reason: string;
}

/** Bytes of a runtime's linear memory. */
export interface MemoryUsage {
  /** Bytes in use. */
  readonly used: number;
  /** Most bytes in use at once since the runtime was loaded. */
  readonly peak: number;
  /** Most bytes the runtime may use. */
  readonly max: number;
}

/** Options of `Runtime.step`. */
export interface StepOptions {
  /**
   * Throw a RangeError where the loss or a gradient is NaN or infinite, naming the op that first produced such a number. Default false.
   */
  detectAnomaly?: boolean;
}

/** Options of new tensors. */
export interface TensorOptions {
  /** Compute a gradient for the tensor in `backward`. Default false. */
  requiresGrad?: boolean;
}

export const STEP_OPTIONS: OptionKeys<StepOptions> = { detectAnomaly: true };
export const TENSOR_OPTIONS: OptionKeys<TensorOptions> = { requiresGrad: true };
