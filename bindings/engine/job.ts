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
export class JobView {
  readonly words: Int32Array;
  readonly arguments: Float64Array;
  readonly #kernels: readonly Kernel[];

  /**
   * Creates the view of one thread.
   *
   * @param control The control block of all threads, from `controlBlock`.
   * @param kernels Kernels of this thread, from `instantiate`.
   * @param thread Index of this thread; 0 is the caller.
   */
  constructor(
    control: SharedArrayBuffer,
    kernels: Kernels,
    readonly thread: number,
  ) {
    this.words = new Int32Array(control, 0, WORDS);
    this.arguments = new Float64Array(control, 4 * WORDS);
    this.#kernels = Object.values(kernels);
  }

  /** Runs blocks until none is left. */
  takeBlocks(): void {
    const { words } = this;
    let block = Atomics.sub(words, BLOCKS_LEFT, 1) - 1;
    if (block < 0) return;
    const kernel = this.#kernels[words[KERNEL] as number] as Kernel;
    const args = new Array<number>(words[ARGUMENT_COUNT] as number);
    for (; block >= 0; block = Atomics.sub(words, BLOCKS_LEFT, 1) - 1) {
      for (let i = 0; i < args.length; i++) args[i] = this.#read(FIELDS * i, block);
      kernel(...args);
    }
  }

  #read(at: number, block: number): number {
    const numbers = this.arguments;
    const [from, perBlock] = [numbers[at] as number, numbers[at + 1] as number];
    const [perThread, max] = [numbers[at + 2] as number, numbers[at + 3] as number];
    return Math.min(from + block * perBlock + this.thread * perThread, max);
  }
}

/**
 * The caller's side of the jobs.
 *
 * @internal
 */
export class Jobs {
  readonly #view: JobView;
  readonly #names: ReadonlyMap<string, number>;
  readonly #canSleep: boolean;

  /**
   * Joins as thread 0.
   *
   * @param control The control block of all threads.
   * @param kernels Kernels of the caller, from `instantiate`.
   */
  constructor(control: SharedArrayBuffer, kernels: Kernels) {
    this.#view = new JobView(control, kernels, 0);
    this.#names = new Map(Object.keys(kernels).map((name, i) => [name, i]));
    this.#canSleep = !('document' in globalThis);
  }

  /**
   * Runs a kernel on all threads, including this one. Returns when all blocks are done.
   *
   * @param name Name of the kernel.
   * @param blocks Number of blocks, ≥ 1.
   * @param args Arguments of the kernel, at most 24.
   * @throws {Error} The kernel trapped, or a worker did not finish its block within 30 seconds.
   */
  run(name: keyof Kernels, blocks: number, args: readonly Argument[]): void {
    const { words } = this.#view;
    words[KERNEL] = this.#names.get(name) as number;
    words[ARGUMENT_COUNT] = args.length;
    for (let i = 0; i < args.length; i++) this.#write(FIELDS * i, args[i] as Argument);
    Atomics.store(words, BLOCKS_LEFT, blocks);
    Atomics.add(words, GENERATION, 1);
    if (Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, GENERATION, blocks - 1);
    try {
      this.#view.takeBlocks();
    } finally {
      Atomics.store(words, BLOCKS_LEFT, 0);
      this.#waitForWorkers();
    }
    if (Atomics.exchange(words, FAILED, 0) !== 0) throw new Error(`${name}: the kernel trapped on a worker thread`);
  }

  #write(at: number, argument: Argument): void {
    const {
      from,
      perBlock = 0,
      perThread = 0,
      max = Infinity,
    } = typeof argument === 'number' ? { from: argument } : argument;
    const numbers = this.#view.arguments;
    numbers[at] = from;
    numbers[at + 1] = perBlock;
    numbers[at + 2] = perThread;
    numbers[at + 3] = max;
  }

  /** Waits until no worker is active. A page's main thread may not sleep: it spins. */
  #waitForWorkers(): void {
    const { words } = this.#view;
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
 * Allocates a control block without a job.
 *
 * @internal
 * @returns The control block.
 */
export function controlBlock(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * WORDS + 8 * FIELDS * MAX_ARGUMENTS);
}

/**
 * Takes blocks of all jobs to come. Runs on a worker and returns after `closeJobs`.
 *
 * @internal
 * @param view The worker's view.
 */
export function serveJobs(view: JobView): void {
  const { words } = view;
  for (let seen = 0; ; ) {
    seen = waitForJob(words, seen);
    if (Atomics.load(words, CLOSED) !== 0) return;
    Atomics.add(words, ACTIVE, 1);
    try {
      view.takeBlocks();
    } catch {
      Atomics.store(words, FAILED, 1);
    }
    Atomics.sub(words, ACTIVE, 1);
  }
}

/** Waits until the job counter differs from `seen`, and returns it. */
function waitForJob(words: Int32Array, seen: number): number {
  for (let i = 0; i < SPIN_COUNT; i++) {
    const generation = Atomics.load(words, GENERATION);
    if (generation !== seen) return generation;
  }
  Atomics.add(words, ASLEEP, 1);
  Atomics.wait(words, GENERATION, seen);
  Atomics.sub(words, ASLEEP, 1);
  return Atomics.load(words, GENERATION);
}

/**
 * Wakes all workers and makes them leave `serveJobs`. There must be no job.
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
