// Garbage collection on demand.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const gc: () => void = runInNewContext('gc');

/** Collects garbage, and lets finalizers run, until `done` or for two seconds; returns whether it is done. */
export async function collectUntil(done: () => boolean): Promise<boolean> {
  const end = performance.now() + 2000;
  while (!done() && performance.now() < end) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return done();
}
