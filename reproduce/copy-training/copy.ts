// Records of training and evaluating an NTM on the copy task.
import type { Frames } from '../../tools/plot.js';

/** One line of `metrics.jsonl`. */
export interface Metric {
  /** Number of training sequences so far. */
  readonly sequences: number;
  /** Mean loss since the previous metric. */
  readonly loss: number;
  /** Mean number of wrong bits per sequence since the previous metric. */
  readonly bitsWrong: number;
}

/** Inputs, outputs and head activity of a model over one sequence of T steps. */
export interface HeadsTrace {
  readonly inputs: Frames;
  readonly outputs: Frames;
  /** Add vectors, [T, W]. */
  readonly adds: Frames;
  /** Read vectors, [T, W]. */
  readonly reads: Frames;
  /** Attention weights of the heads, [T, N]. */
  readonly writeWeights: Frames;
  readonly readWeights: Frames;
}

/** A target sequence and the model's output, both [L, bits]; outputs are probabilities. */
export interface Copy {
  readonly target: Frames;
  readonly output: Frames;
}

/** Number of wrong bits in a copy. */
export function wrongBits({ target, output }: Copy): number {
  let wrong = 0;
  for (let i = 0; i < target.data.length; i++) {
    if ((target.data[i] as number) > 0.5 !== (output.data[i] as number) > 0.5) wrong++;
  }
  return wrong;
}
