// The yardstick of the benches: how fast this engine multiplies and adds when nothing else holds it up.
import type { Runtime } from './runtime.js';

const ITERATIONS = 10_000;
const FLOP = ITERATIONS * 128 * 64;
const MEASURE_MS = 30;

/**
 * Rate of 128-bit multiply-adds in registers alone, in GFLOP/s: the peak that no kernel on one thread can exceed.
 * The best of many short runs, over 30 ms.
 */
export function measurePeak(runtime: Runtime): number {
  let best = Infinity;
  const end = performance.now() + MEASURE_MS;
  for (let start = performance.now(); start < end; ) {
    runtime.kernels.peakMultiplyAdd(ITERATIONS);
    const now = performance.now();
    best = Math.min(best, now - start);
    start = now;
  }
  return FLOP / best / 1e6;
}
