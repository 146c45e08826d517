// The yardsticks of the benches: how fast this engine multiplies and adds, and hands out jobs, when nothing else holds it up.

import type { Runtime } from 'tapehead';
import { fail } from '../bindings/tensor/check.js';

const ITERATIONS = 10_000;
/** 8 sums of 4 lanes, or 12 where multiply-adds are fused. */
const FLOP = { simd: ITERATIONS * 128 * 64, relaxed: ITERATIONS * 128 * 96 };
const MEASURE_MS = 30;
/** The engine's optimizing compiler works beside us and may take this long before a run gets faster. */
const PATIENCE_MS = 100;
const JOBS = 1000;

/**
 * Rate of 128-bit multiply-adds in registers alone, in GFLOP/s: the peak that no kernel on one thread can exceed.
 * The best of many short runs, until none has been faster for 100 ms.
 */
export function measurePeak(runtime: Runtime): number {
  let best = Infinity;
  let improved = performance.now();
  for (let start = improved; start - improved < PATIENCE_MS; ) {
    runtime.kernels.peakMultiplyAdd(ITERATIONS);
    const now = performance.now();
    if (now - start < best) [best, improved] = [now - start, now];
    start = now;
  }
  return FLOP[runtime.info.variant] / best / 1e6;
}

/** Time to have threads do two blocks of nothing, in µs: the best mean of a thousand, over 30 ms. Throws a RangeError on one thread. */
export function measureDispatch({ info, threads }: Runtime): number {
  if (threads === undefined) return fail('measureDispatch', 'the runtime', 'have several threads', info.threads);
  let best = Infinity;
  const end = performance.now() + MEASURE_MS;
  for (let start = performance.now(); start < end; ) {
    for (let i = 0; i < JOBS; i++) threads.run('clear', 2, [0, 0]);
    const now = performance.now();
    best = Math.min(best, now - start);
    start = now;
  }
  return (1000 * best) / JOBS;
}
