// Fits memories of several sizes, one after another, with one progress bar.
import type { FitOptions, FitProgress } from 'tapehead';
import { Progress } from './progress.js';

/** Maps the sizes by `measure`. After an interruption the result ends with the size being fitted, as far as it got. */
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

/** Relative cost of an iteration: one part grows with the number of keys, the other is constant. */
function work(memorySize: number): number {
  return memorySize + 16;
}
