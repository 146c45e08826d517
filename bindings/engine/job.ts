// A job: one kernel call split into blocks, which all threads take from a shared counter.
import type { Kernels } from './kernels.js';

/**
 * An argument of a kernel: a number, or one that varies by block and by thread: min(from + block·perBlock + thread·perThread, max).
 * @internal
 */
export type Argument = number | { readonly from: number; perBlock?: number; perThread?: number; max?: number };

type Kernel = (...args: number[]) => unknown;

// Indices into the control block. Each contended word has a cache line of its own.
/** Number of blocks not yet taken; ≤ 0 between jobs. */
const BLOCKS_LEFT = 0;
/** Number of workers that may be running a block. */
const ACTIVE = 16;
/** Job counter; idle workers wait for it to change. */
const GENERATION = 32;
/** Number of workers asleep in `Atomics.wait`. */
const ASLEEP = 48;
/** 1 once a kernel has trapped on a worker. */
const FAILED = 64;
const KERNEL = 80;
const ARGUMENT_COUNT = 81;
/** 1 once the workers must leave. */
const CLOSED = 82;
const WORDS = 96;
const MAX_ARGUMENTS = 24;
/** Numbers that describe an argument. */
const FIELDS = 4;

/** Iterations for which an idle worker spins before it sleeps: about 50 µs. */
const SPIN_COUNT = 30_000;
/** Iterations for which the caller spins for the last blocks before it sleeps in intervals: about 1 ms. */
const CALLER_SPIN_COUNT = 500_000;
const SLEEP_MS = 1;
const TIMEOUT_MS = 30_000;

/**
 * One thread's view of the current job. All threads share the control block, which is not part of the wasm memory.
 *
 * A worker marks itself active before it takes a block and reads the arguments only once it has one. The caller writes the next job only
 * when no block is left and no worker is active: a late worker finds no block, and one that has a block finds the right arguments.
 *
 * @internal
 */
export class Job {
  readonly #words: Int32Array;
  readonly #arguments: Float64Array;
  readonly #kernels: readonly Kernel[];
  readonly #names: ReadonlyMap<string, number>;
  readonly #canSleep: boolean;

  /**
   * Creates the view of one thread.
   *
   * @param control The control block of all threads, from `Job.control()`.
   * @param exports Exports of this thread's wasm instance.
   * @param thread Index of this thread; 0 is the caller.
   */
  constructor(
    readonly control: SharedArrayBuffer,
    exports: WebAssembly.Exports,
    readonly thread: number,
  ) {
    this.#words = new Int32Array(control, 0, WORDS);
    this.#arguments = new Float64Array(control, 4 * WORDS);
    // Instances of one module list their exports in the same order.
    this.#kernels = Object.values(exports) as Kernel[];
    this.#names = new Map(Object.keys(exports).map((name, i) => [name, i]));
    this.#canSleep = !('document' in globalThis);
  }

  /**
   * Allocates a control block.
   *
   * @returns The control block, without a job.
   */
  static control(): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * WORDS + 8 * FIELDS * MAX_ARGUMENTS);
  }

  /**
   * Runs a kernel on all threads, including this one, which is the caller. Returns when all blocks are done.
   *
   * @param name Name of the kernel.
   * @param blocks Number of blocks, ≥ 1.
   * @param args Arguments of the kernel, at most 24.
   * @throws {Error} The kernel trapped, or a worker did not finish its block within 30 seconds.
   */
  run(name: keyof Kernels, blocks: number, args: readonly Argument[]): void {
    const words = this.#words;
    words[KERNEL] = this.#names.get(name) as number;
    words[ARGUMENT_COUNT] = args.length;
    for (let i = 0; i < args.length; i++) this.#write(FIELDS * i, args[i] as Argument);
    Atomics.store(words, BLOCKS_LEFT, blocks);
    Atomics.add(words, GENERATION, 1);
    if (Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, GENERATION, blocks - 1);
    try {
      this.#takeBlocks();
    } finally {
      Atomics.store(words, BLOCKS_LEFT, 0);
      this.#waitForWorkers();
    }
    if (Atomics.exchange(words, FAILED, 0) !== 0) throw new Error(`${name}: the kernel trapped on a worker thread`);
  }

  /** Takes blocks of all jobs to come. Runs on a worker and returns after `closeJobs`. */
  serve(): void {
    for (let seen = 0; ; ) {
      seen = this.#waitForJob(seen);
      if (Atomics.load(this.#words, CLOSED) !== 0) return;
      Atomics.add(this.#words, ACTIVE, 1);
      try {
        this.#takeBlocks();
      } catch {
        Atomics.store(this.#words, FAILED, 1);
      }
      Atomics.sub(this.#words, ACTIVE, 1);
    }
  }

  #takeBlocks(): void {
    const words = this.#words;
    let block = Atomics.sub(words, BLOCKS_LEFT, 1) - 1;
    if (block < 0) return;
    const kernel = this.#kernels[words[KERNEL] as number] as Kernel;
    const args = new Array<number>(words[ARGUMENT_COUNT] as number);
    for (; block >= 0; block = Atomics.sub(words, BLOCKS_LEFT, 1) - 1) {
      for (let i = 0; i < args.length; i++) args[i] = this.#read(FIELDS * i, block);
      kernel(...args);
    }
  }

  #write(at: number, argument: Argument): void {
    const {
      from,
      perBlock = 0,
      perThread = 0,
      max = Infinity,
    } = typeof argument === 'number' ? { from: argument } : argument;
    this.#arguments[at] = from;
    this.#arguments[at + 1] = perBlock;
    this.#arguments[at + 2] = perThread;
    this.#arguments[at + 3] = max;
  }

  #read(at: number, block: number): number {
    const [from, perBlock] = [this.#arguments[at] as number, this.#arguments[at + 1] as number];
    const [perThread, max] = [this.#arguments[at + 2] as number, this.#arguments[at + 3] as number];
    return Math.min(from + block * perBlock + this.thread * perThread, max);
  }

  /** Waits until the job counter differs from `seen`, and returns it. */
  #waitForJob(seen: number): number {
    const words = this.#words;
    for (let i = 0; i < SPIN_COUNT; i++) {
      const generation = Atomics.load(words, GENERATION);
      if (generation !== seen) return generation;
    }
    Atomics.add(words, ASLEEP, 1);
    Atomics.wait(words, GENERATION, seen);
    Atomics.sub(words, ASLEEP, 1);
    return Atomics.load(words, GENERATION);
  }

  /** Waits until no worker is active. A page's main thread may not sleep: it spins. */
  #waitForWorkers(): void {
    const words = this.#words;
    for (let i = 0; i < CALLER_SPIN_COUNT; i++) if (Atomics.load(words, ACTIVE) === 0) return;
    let last = performance.now();
    for (let waited = 0; waited < TIMEOUT_MS; ) {
      const active = Atomics.load(words, ACTIVE);
      if (active === 0) return;
      if (this.#canSleep) Atomics.wait(words, ACTIVE, active, SLEEP_MS);
      const now = performance.now();
      // Count at most one interval: the whole process may have been suspended.
      waited += Math.min(now - last, SLEEP_MS);
      last = now;
    }
    throw new Error('a worker thread did not finish its block within 30 seconds');
  }
}

/**
 * Wakes all workers and makes them leave `Job.serve`. There must be no job.
 *
 * @internal
 * @param control The control block.
 */
export function closeJobs(control: SharedArrayBuffer): void {
  const words = new Int32Array(control, 0, WORDS);
  Atomics.store(words, CLOSED, 1);
  Atomics.add(words, GENERATION, 1);
  Atomics.notify(words, GENERATION);
}
