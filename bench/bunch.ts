// Runs in bunches, long enough to be timed.
import type { Runtime } from 'tapehead';
import type { BenchCase } from './bench-case.js';

/**
 * Runs are timed in bunches at least this long, so that what is done around a call does not show; and not much longer, so that the median
 * of many is a time at which nothing else had the core.
 */
export const BUNCH_MS = 2;

export interface Bunch {
  run(): void;
  readonly repeats: number;
  /** What the first run has produced. */
  readonly first: Float32Array;
}

/** Does the work once to see that it works, then finds how often to repeat it within one timed run; `quick`, once. */
export function bunch(runtime: Runtime, { name, prepare }: BenchCase, quick: boolean): Bunch {
  const work = prepare(runtime);
  work.run();
  const first = work.result();
  if (!first.every(Number.isFinite)) throw new RangeError(`bench: ${name} must give finite numbers`);
  const repeats = quick ? 1 : Math.ceil(BUNCH_MS / fastest(work.run));
  const run = (): void => {
    for (let i = 0; i < repeats; i++) work.run();
  };
  return { run, repeats, first };
}

/** Shortest of the runs that fit into 100 ms, in which the engine also optimizes its code. */
function fastest(run: () => void): number {
  let best = Infinity;
  const end = performance.now() + 100;
  for (let start = performance.now(); start < end; ) {
    run();
    const now = performance.now();
    best = Math.min(best, Math.max(now - start, 1e-4));
    start = now;
  }
  return best;
}
