// The threads of a runtime: the caller and the workers, which share its memory.
import { type Argument, controlBlock, Jobs } from './job.js';
import type { Kernels } from './kernels.js';
import { Workers } from './workers.js';

/**
 * The workers, and the caller as thread 0. A worker takes blocks from when it is up; until then the other threads do its share.
 *
 * @internal
 */
export class Threads {
  readonly #kernels: Kernels;
  readonly #workers: Workers;
  #jobs: Jobs;

  /**
   * Starts `count` - 1 workers.
   *
   * @param count Number of threads, including the caller.
   * @param modules The modules, which import shared memory.
   * @param memory The shared memory.
   * @param kernels The caller's kernels: the exports of `modules`.
   */
  constructor(
    readonly count: number,
    modules: readonly WebAssembly.Module[],
    memory: WebAssembly.Memory,
    kernels: Kernels,
  ) {
    const control = controlBlock();
    this.#kernels = kernels;
    this.#jobs = new Jobs(control, this.#kernels);
    this.#workers = new Workers(count, { modules, memory, control });
  }

  /** Resolves when every worker is up or counts as missing. */
  get settled(): Promise<void> {
    return this.#workers.settled;
  }

  /** Why each missing worker is missing, by thread. */
  get missing(): readonly string[] {
    return this.#workers.missing;
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#workers.closed;
  }

  /**
   * Ends the workers when `runtime` is garbage-collected.
   *
   * @param runtime The runtime that uses these threads.
   */
  closeWith(runtime: object): void {
    collected.register(runtime, this.#workers, this);
  }

  /**
   * Runs a kernel in blocks on all threads.
   *
   * @param name Name of the kernel.
   * @param blocks Number of blocks, ≥ 1.
   * @param args Arguments of the kernel.
   * @throws {Error} A worker was lost, or the kernel trapped.
   */
  run(name: keyof Kernels, blocks: number, args: readonly Argument[]): void {
    this.expectAlive();
    try {
      this.#jobs.run(name, blocks, args);
    } catch (error) {
      this.#workers.lose(`${error}`);
      throw error;
    }
  }

  /**
   * Checks that no worker was lost.
   *
   * @throws {Error} A worker was lost.
   */
  expectAlive(): void {
    const { lost } = this.#workers;
    if (lost !== undefined) {
      throw new Error(`the runtime has lost a thread (${lost}); call runtime.close() to go on without threads`);
    }
  }

  /** Ends the workers. From then on the caller does all work, also after a worker was lost. */
  close(): void {
    if (this.closed) return;
    this.#workers.close();
    collected.unregister(this);
    // A worker that is terminated while active stays so in the old control block, for ever.
    this.#jobs = new Jobs(controlBlock(), this.#kernels);
  }
}

/** Holds the workers alone, so that the first collection frees the memory too. */
const collected = new FinalizationRegistry<Workers>((workers) => workers.close());
