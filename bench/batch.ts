// Batches of runs, long enough to be timed.
import type { Runtime } from 'tapehead';
import type { BenchCase } from './bench-case.js';

/**
 * Minimum duration of a batch: long enough to hide the overhead of timing, and short enough that the median batch is
 * not interrupted by other processes.
 */
const BATCH_MS = 2;
const WARM_UP_MS = 100;

export interface Batch {
  readonly run: () => unknown;
  readonly repeats: number;
}

/** Options of benny for timing batches; with `quick`, each runs once. */
export function benchOptions(quick: boolean) {
  return quick ? { minSamples: 1, maxTime: 0, minTime: 1e-6 } : { minTime: BATCH_MS / 1000, maxTime: 1 };
}

/** Prepares a bench and runs it once. Throws a RangeError if its output, which is returned as well, is not finite. */
export async function prepareBatch(
  runtime: Runtime,
  { name, prepare }: BenchCase,
  quick: boolean,
): Promise<Batch & { readonly first: Float32Array }> {
  const work = prepare(runtime);
  work.run();
  const first = work.result();
  if (!first.every(Number.isFinite)) throw new RangeError(`bench: ${name} produced a NaN or an infinity`);
  return { ...(await batched(work.run, quick)), first };
}

/** Batches a run; with `quick`, a batch is one run. A run that returns a promise is awaited before the next. */
export async function batched(run: () => unknown, quick: boolean): Promise<Batch> {
  const first = run();
  await first;
  const repeats = quick ? 1 : Math.ceil(BATCH_MS / (await fastest(run)));
  if (first instanceof Promise) return { run: asyncBatch(run, repeats), repeats };
  const batch = () => {
    for (let i = 0; i < repeats; i++) run();
  };
  return { run: batch, repeats };
}

/** The first call is a no-op: benny makes it to detect a promise, without awaiting it. */
function asyncBatch(run: () => unknown, repeats: number): () => Promise<void> {
  let isProbe = true;
  return async () => {
    if (isProbe) {
      isProbe = false;
      return;
    }
    for (let i = 0; i < repeats; i++) await run();
  };
}

/** Shortest run within the warm-up, during which the engine also optimizes the code. */
async function fastest(run: () => unknown): Promise<number> {
  let best = Infinity;
  const end = performance.now() + WARM_UP_MS;
  for (let start = performance.now(); start < end; ) {
    const running = run();
    if (running instanceof Promise) await running;
    const now = performance.now();
    best = Math.min(best, Math.max(now - start, 1e-4));
    start = now;
  }
  return best;
}
