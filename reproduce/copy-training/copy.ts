// What training and evaluation of the copy task record.
import type { Frames } from '../../tools/plot.js';

/** One line of `metrics.jsonl`. */
export interface Metric {
  /** Sequences seen so far. */
  readonly sequences: number;
  /** Mean since the metric before. */
  readonly loss: number;
  readonly bitsWrong: number;
}

/** What a model saw, did and said in one sequence. */
export interface HeadsTrace {
  readonly inputs: Frames;
  readonly outputs: Frames;
  /** What was added to memory, [T, W]. */
  readonly adds: Frames;
  /** What was read from memory, [T, W]. */
  readonly reads: Frames;
  /** Focus of the heads, [T, N]. */
  readonly writeWeights: Frames;
  readonly readWeights: Frames;
}

/** A sequence and what the model made of it, both [L, bits]; outputs are probabilities. */
export interface Copy {
  readonly target: Frames;
  readonly output: Frames;
}

export function wrongIn({ target, output }: Copy): number {
  let wrong = 0;
  for (let i = 0; i < target.data.length; i++) {
    if ((target.data[i] as number) > 0.5 !== (output.data[i] as number) > 0.5) wrong++;
  }
  return wrong;
}
