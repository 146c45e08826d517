// Yardsticks for the benches: the engine's peak rate of multiply-adds, and the overhead of a job on several threads.
import { readFileSync } from 'node:fs';
import { instantiateSync } from '@assemblyscript/loader';
import type { RuntimeInfo } from 'tapehead';
import { instantiate, type Kernels } from '../bindings/engine/kernels.js';
import { forSharedMemory } from '../bindings/engine/shared-module.js';
import { Threads } from '../bindings/engine/threads.js';

type Variant = RuntimeInfo['variant'];

/** The exports of `assembly/yardstick/`. */
interface Yardstick extends Record<string, unknown> {
  noop(): void;
  peakMultiplyAdd(iterations: number): number;
}

const files: Readonly<Record<Variant, string>> = { simd: 'yardstick.wasm', relaxed: 'yardstick-relaxed.wasm' };
const NOOP: keyof Yardstick & string = 'noop';

const ITERATIONS = 10_000;
/** 8 sums of 4 lanes, or 12 with fused multiply-adds. */
const FLOP: Readonly<Record<Variant, number>> = { simd: ITERATIONS * 128 * 64, relaxed: ITERATIONS * 128 * 96 };
const MEASURE_MS = 30;
/** The optimizing compiler runs in the background and may need this long before a run gets faster. */
const MAX_WARM_UP_MS = 100;
const JOBS = 1000;
const MAX_PAGES = 65536;

const instances = new Map<Variant, Yardstick>();

/**
 * Measures the rate of 128-bit multiply-adds in registers, in GFLOP/s: the peak that no kernel on one thread can
 * exceed. Takes the best of many short runs, until none has been faster for 100 ms.
 */
export function measurePeak(variant: Variant): number {
  const { peakMultiplyAdd } = yardstick(variant);
  let best = Infinity;
  let improved = performance.now();
  for (let start = improved; start - improved < MAX_WARM_UP_MS; ) {
    peakMultiplyAdd(ITERATIONS);
    const now = performance.now();
    if (now - start < best) [best, improved] = [now - start, now];
    start = now;
  }
  return FLOP[variant] / best / 1e6;
}

/**
 * Measures the time in µs that the engine takes for a job of two empty blocks on `count` threads: the best mean of 1000
 * jobs, over 30 ms.
 */
export async function measureDispatch(count: number): Promise<number> {
  const module = new WebAssembly.Module(forSharedMemory(read('simd')));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true });
  const threads = new Threads(count, [module], memory, await instantiate([module], memory));
  await threads.settled;
  let best = Infinity;
  const end = performance.now() + MEASURE_MS;
  for (let start = performance.now(); start < end; ) {
    // The engine takes the names of its own kernels only; a job finds a kernel by the name that the module exports.
    for (let i = 0; i < JOBS; i++) threads.run(NOOP as keyof Kernels, 2, [0, 0]);
    const now = performance.now();
    best = Math.min(best, now - start);
    start = now;
  }
  threads.close();
  return (1000 * best) / JOBS;
}

/** The instance of a variant; always the same one, since a new one would be compiled again. */
function yardstick(variant: Variant): Yardstick {
  const existing = instances.get(variant);
  if (existing !== undefined) return existing;
  const memory = new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES });
  const { exports } = instantiateSync<Yardstick>(read(variant), { env: { memory } });
  instances.set(variant, exports);
  return exports;
}

function read(variant: Variant): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../wasm/${files[variant]}`, import.meta.url)));
}
