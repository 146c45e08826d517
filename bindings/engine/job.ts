// A job that threads share: a kernel, its arguments, and blocks of it, which whoever is free takes one by one.
import type { Kernels } from './kernels.js';

/** An argument of a kernel: a number, or one that differs from block to block or from thread to thread. */
export type Argument = number | { readonly from: number; perBlock?: number; perThread?: number; most?: number };

type Kernel = (...args: number[]) => unknown;

// Words of the control block, each in a line of the cache of its own.
/** Blocks that nobody has taken yet; without a job 0 or less. */
const LEFT = 0;
/** Threads other than the caller that may be at work. */
const ACTIVE = 16;
/** Counts jobs; a thread without work waits for it to change. */
const NEWS = 32;
/** Threads that wait asleep. */
const ASLEEP = 48;
/** 1 when a kernel has failed in a thread. */
const FAILED = 64;
const KERNEL = 80;
const COUNT = 81;
const WORDS = 96;
const MOST_ARGUMENTS = 24;
const FIELDS = 4;

/** How often a thread without work looks for news before it falls asleep: about 50 µs. */
const LOOKS = 30_000;
/** How often the caller looks, about 1 ms, before it also sleeps, a millisecond at a time, and how often it does that. */
const LONG_LOOKS = 500_000;
const NAP_MS = 1;
const PATIENCE_MS = 30_000;

/**
 * One thread's view of the job that is being worked on. The control block, which all of them share, is not part of the wasm memory.
 *
 * A thread says that it is active before it takes a block, and reads the arguments only after it has got one. The caller writes a new
 * job only when no block is left and nobody is active: a thread that comes late finds nothing, and one with a block the right job.
 */
export class Job {
  readonly #words: Int32Array;
  readonly #arguments: Float64Array;
  readonly #kernels: readonly Kernel[];
  readonly #names: ReadonlyMap<string, number>;
  readonly #canSleep: boolean;

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

  static control(): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * WORDS + 8 * FIELDS * MOST_ARGUMENTS);
  }

  /** For the caller: has `blocks` blocks of a kernel done by all threads, this one included, and returns when they are. */
  run(name: keyof Kernels, blocks: number, args: readonly Argument[]): void {
    const words = this.#words;
    words[KERNEL] = this.#names.get(name) as number;
    words[COUNT] = args.length;
    for (let i = 0; i < args.length; i++) this.#write(FIELDS * i, args[i] as Argument);
    Atomics.store(words, LEFT, blocks);
    Atomics.add(words, NEWS, 1);
    if (Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, NEWS, blocks - 1);
    try {
      this.#takeBlocks();
    } finally {
      Atomics.store(words, LEFT, 0);
      this.#waitForOthers();
    }
    if (Atomics.exchange(words, FAILED, 0) !== 0) throw new Error(`${name}: a kernel has failed in a thread`);
  }

  /** For the other threads: takes blocks of every job there will be. */
  serve(): never {
    for (let seen = 0; ; ) {
      seen = this.#waitForNews(seen);
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
    let block = Atomics.sub(words, LEFT, 1) - 1;
    if (block < 0) return;
    const kernel = this.#kernels[words[KERNEL] as number] as Kernel;
    const args = new Array<number>(words[COUNT] as number);
    for (; block >= 0; block = Atomics.sub(words, LEFT, 1) - 1) {
      for (let i = 0; i < args.length; i++) args[i] = this.#read(FIELDS * i, block);
      kernel(...args);
    }
  }

  #write(at: number, argument: Argument): void {
    const {
      from,
      perBlock = 0,
      perThread = 0,
      most = Infinity,
    } = typeof argument === 'number' ? { from: argument } : argument;
    this.#arguments[at] = from;
    this.#arguments[at + 1] = perBlock;
    this.#arguments[at + 2] = perThread;
    this.#arguments[at + 3] = most;
  }

  #read(at: number, block: number): number {
    const [from, perBlock] = [this.#arguments[at] as number, this.#arguments[at + 1] as number];
    const [perThread, most] = [this.#arguments[at + 2] as number, this.#arguments[at + 3] as number];
    return Math.min(from + block * perBlock + this.thread * perThread, most);
  }

  #waitForNews(seen: number): number {
    const words = this.#words;
    for (let i = 0; i < LOOKS; i++) {
      const news = Atomics.load(words, NEWS);
      if (news !== seen) return news;
    }
    Atomics.add(words, ASLEEP, 1);
    Atomics.wait(words, NEWS, seen);
    Atomics.sub(words, ASLEEP, 1);
    return Atomics.load(words, NEWS);
  }

  /** Until nobody is active. A page's main thread must not sleep: it goes on looking. */
  #waitForOthers(): void {
    const words = this.#words;
    for (let i = 0; i < LONG_LOOKS; i++) if (Atomics.load(words, ACTIVE) === 0) return;
    let last = performance.now();
    for (let waited = 0; waited < PATIENCE_MS; ) {
      const active = Atomics.load(words, ACTIVE);
      if (active === 0) return;
      if (this.#canSleep) Atomics.wait(words, ACTIVE, active, NAP_MS);
      const now = performance.now();
      // No more than a nap counts: the whole process may have been stopped.
      waited += Math.min(now - last, NAP_MS);
      last = now;
    }
    throw new Error('a thread must finish its block, got none within 30 seconds: load a new runtime');
  }
}
