// The loop of `KernelMemory.fit`.
import type { FitOptions, FitStep } from './options.js';

/** The event loop gets a turn this often, so that timers, signals and pages are served. */
const YIELD_INTERVAL_MS = 50;

/** Advances a fit up to `iterations` or until the signal; reports progress and yields to the event loop. */
export async function runFit(
  fit: { readonly iteration: number; step(): FitStep },
  iterations: number,
  { onProgress, signal }: Pick<FitOptions, 'onProgress' | 'signal'>,
): Promise<void> {
  let lastTurn = performance.now();
  while (fit.iteration < iterations && !signal?.aborted) {
    const step = fit.step();
    await onProgress?.({ ...step, iterations });
    if (performance.now() - lastTurn < YIELD_INTERVAL_MS) continue;
    await new Promise((resolve) => setTimeout(resolve));
    lastTurn = performance.now();
  }
}
