// Fits memories of several sizes one after the other, with one bar for all of them.
import type { FitOptions, FitProgress } from 'tapehead';
import { Progress } from './progress.js';

/**
 * What `measure` gives for each size. Where the user interrupts: for the sizes that are done and for the one that was being
 * fitted, as far as it came.
 */
export async function eachSize<Entry>(
  memorySizes: readonly number[],
  iterations: number,
  measure: (memorySize: number, watch: Required<Pick<FitOptions, 'signal' | 'onProgress'>>) => Promise<Entry>,
): Promise<Entry[]> {
  const progress = new Progress(iterations * memorySizes.reduce((sum, size) => sum + work(size), 0), 'units of work');
  const { signal } = progress;
  const entries: Entry[] = [];
  let done = 0;
  try {
    for (const memorySize of memorySizes) {
      const onProgress = ({ iteration, rmse }: FitProgress) =>
        progress.update(done + iteration * work(memorySize), { M: memorySize, RMSE: rmse });
      entries.push(await measure(memorySize, { signal, onProgress }));
      if (signal.aborted) break;
      done += iterations * work(memorySize);
    }
  } finally {
    progress.stop();
  }
  return entries;
}

/** What an iteration costs: it grows with the keys that are moved, and some of it is always the same. */
function work(memorySize: number): number {
  return memorySize + 16;
}
