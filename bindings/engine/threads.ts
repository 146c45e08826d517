// The worker threads of a runtime, which share its memory, in Node and in browsers.
import { type Argument, Job } from './job.js';
import type { Kernels } from './kernels.js';
import type { Start } from './tapehead-worker.js';

/** A worker of Node or of a browser. */
interface Handle {
  post(start: Start): void;
  /** Lets the process exit while the worker runs. */
  unref(): void;
  terminate(): void;
}

/**
 * The workers, and the caller as thread 0. A worker takes blocks from when it is up; until then the other threads do its share.
 *
 * @internal
 */
export class Threads {
  /** Resolves when every worker is up or has failed to start. */
  readonly settled: Promise<void>;
  readonly #workers: Handle[] = [];
  readonly #missing = new Map<number, string>();
  readonly #job: Job;
  #lost: string | undefined;
  #closed = false;

  /**
   * Starts `count` - 1 workers.
   *
   * @param count Number of threads, including the caller.
   * @param module The build that imports shared memory.
   * @param memory The shared memory.
   * @param instance The caller's instance of `module`.
   */
  constructor(
    readonly count: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    instance: WebAssembly.Instance,
  ) {
    const control = Job.control();
    this.#job = new Job(control, instance.exports, 0);
    const threads = Array.from({ length: count - 1 }, (_, i) => i + 1);
    const started = threads.map((thread) => this.#open({ module, memory, control, thread }));
    this.settled = Promise.all(started).then(() => undefined);
  }

  /** Why each missing worker failed to start, by thread. */
  get missing(): readonly string[] {
    return [...this.#missing].sort(([a], [b]) => a - b).map(([, reason]) => reason);
  }

  /**
   * Terminates the workers when `runtime` is garbage-collected.
   *
   * @param runtime The runtime that uses these threads.
   */
  closeWith(runtime: object): void {
    collected.register(runtime, this);
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
      this.#job.run(name, blocks, args);
    } catch (error) {
      this.#lose(`${error}`);
      throw error;
    }
  }

  /**
   * Checks that no worker was lost.
   *
   * @throws {Error} A worker was lost.
   */
  expectAlive(): void {
    if (this.#lost !== undefined) throw new Error(`the runtime has lost a thread (${this.#lost}); load a new runtime`);
  }

  /** Terminates the workers. From then on the caller does all work. */
  close(): void {
    this.#closed = true;
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }

  /** Starts a worker. Resolves when it is up or has failed to start. */
  #open(start: Start): Promise<void> {
    return new Promise((settle) => {
      let ready = false;
      const ended = (how: string) => {
        const reason = `thread ${start.thread} ${how}`;
        if (ready) this.#lose(reason);
        else if (!this.#closed && !this.#missing.has(start.thread)) this.#missing.set(start.thread, reason);
        settle();
      };
      const heard = (message: string) => {
        if (message !== 'ready') return ended(message);
        ready = true;
        worker?.unref();
        settle();
      };
      let worker: Handle | undefined;
      try {
        worker = startWorker(heard, ended);
        this.#workers.push(worker);
        worker.post(start);
      } catch (error) {
        ended(`cannot start: ${(error as Error).message}`);
      }
    });
  }

  #lose(reason: string): void {
    if (!this.#closed) this.#lost ??= reason;
  }
}

const collected = new FinalizationRegistry<Threads>((threads) => threads.close());

/** Called with a message of a worker, or with how it ended. */
type Listener = (message: string) => void;

/** Starts a worker. `ended` is called if it fails or exits. */
function startWorker(heard: Listener, ended: Listener): Handle {
  if (import.meta.url === undefined) {
    throw new Error('the bundle is no ES module, and only an ES module can locate the worker script');
  }
  const node = nodeThreads();
  return node === undefined ? startInBrowser(heard, ended) : startInNode(node, heard, ended);
}

function nodeThreads() {
  return globalThis.process?.getBuiltinModule?.('node:worker_threads');
}

function startInNode(node: NonNullable<ReturnType<typeof nodeThreads>>, heard: Listener, ended: Listener): Handle {
  // A variable hides this URL from bundlers, which would emit the worker twice. Options of the process may not fit a worker.
  const here = import.meta.url;
  const worker = new node.Worker(new URL('./tapehead-worker.js', here), { execArgv: [] });
  worker.on('message', heard);
  worker.on('error', (error) => ended(`failed: ${error}`));
  worker.on('exit', (code) => ended(`exited with code ${code}`));
  return {
    post: (start) => worker.postMessage(start),
    unref: () => worker.unref(),
    terminate: () => void worker.terminate(),
  };
}

function startInBrowser(heard: Listener, ended: Listener): Handle {
  const worker = new Worker(new URL('./tapehead-worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => heard(data);
  // The event has no message where the script cannot be fetched.
  worker.onerror = ({ message = 'tapehead-worker.js is not next to the code that loads it' }) =>
    ended(`failed: ${message}`);
  return {
    post: (start) => worker.postMessage(start),
    unref: () => {},
    terminate: () => worker.terminate(),
  };
}
