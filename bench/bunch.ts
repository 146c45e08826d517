// Runs in bunches, long enough to be timed.
import type { Runtime } from 'tapehead';
import type { BenchCase } from './bench-case.js';

/**
 * Runs are timed in bunches at least this long, so that what is done around a call does not show; and not much longer, so that the median
 * of many is a time at which nothing else had the core.
 */
const BUNCH_MS = 2;

export interface Bunch {
  readonly run: () => unknown;
  readonly repeats: number;
}

/** How benny is to time bunches; `quick`, once. */
export function samples(quick: boolean) {
  return quick ? { minSamples: 1, maxTime: 0, minTime: 1e-6 } : { minTime: BUNCH_MS / 1000, maxTime: 1 };
}

/** Does the work of a bench once to see that it works, and returns also what it has produced. */
export async function bunchOf(
  runtime: Runtime,
  { name, prepare }: BenchCase,
  quick: boolean,
): Promise<Bunch & { readonly first: Float32Array }> {
  const work = prepare(runtime);
  work.run();
  const first = work.result();
  if (!first.every(Number.isFinite)) throw new RangeError(`bench: ${name} must give finite numbers`);
  return { ...(await bunch(work.run, quick)), first };
}

/** Finds how often to repeat a run within one that is timed; `quick`, once. A run that returns a promise is awaited before the next. */
export async function bunch(run: () => unknown, quick: boolean): Promise<Bunch> {
  const first = run();
  await first;
  const repeats = quick ? 1 : Math.ceil(BUNCH_MS / (await fastest(run)));
  if (first instanceof Promise) return { run: awaiting(run, repeats), repeats };
  const atOnce = () => {
    for (let i = 0; i < repeats; i++) run();
  };
  return { run: atOnce, repeats };
}

/** The first call does nothing: benny makes it to see that a promise comes, and does not wait for that. */
function awaiting(run: () => unknown, repeats: number): () => Promise<void> {
  let isProbe = true;
  return async () => {
    if (isProbe) {
      isProbe = false;
      return;
    }
    for (let i = 0; i < repeats; i++) await run();
  };
}

/** Shortest of the runs that fit into 100 ms, in which the engine also optimizes its code. */
async function fastest(run: () => unknown): Promise<number> {
  let best = Infinity;
  const end = performance.now() + 100;
  for (let start = performance.now(); start < end; ) {
    const running = run();
    if (running instanceof Promise) await running;
    const now = performance.now();
    best = Math.min(best, Math.max(now - start, 1e-4));
    start = now;
  }
  return best;
}
