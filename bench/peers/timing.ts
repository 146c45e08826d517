// Times the sides of a row with benny, one after the other.
import benny from 'benny';
import type { Timer } from './row.js';

/** Runs are timed in bunches at least this long, so that what benny does around a call does not show. */
const BUNCH_MS = 2;

/** Median times; with `quick` each side runs once. */
export function benchTimer(name: string, quick: boolean): Timer {
  return async (...runs) => {
    const bunches: Bunch[] = [];
    for (const run of runs) bunches.push(await bunch(run, quick));
    const times: number[] = [];
    await benny.suite(
      name,
      benny.configure({
        cases: quick ? { minSamples: 1, maxTime: 0, minTime: 1e-6 } : { minTime: BUNCH_MS / 1000, maxTime: 1 },
      }),
      ...bunches.map((bunch, i) => benny.add(`${i}`, bunch.run)),
      benny.cycle((cycle) => {
        times.push((1000 * cycle.details.median) / (bunches[times.length]?.repeats ?? 1));
      }),
    );
    return times;
  };
}

interface Bunch {
  readonly run: () => unknown;
  readonly repeats: number;
}

/** As many runs as fill a bunch, in one; a run that returns a promise is awaited before the next. */
async function bunch(run: () => unknown, quick: boolean): Promise<Bunch> {
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
