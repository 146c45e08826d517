// The threads of a runtime: workers that share its memory, in Node and in browsers.
import { type Argument, Job } from './job.js';
import type { Kernels } from './kernels.js';
import type { Start } from './tapehead-worker.js';

/** What a worker of Node and one of a browser have in common, for us. */
interface Handle {
  post(start: Start): void;
  /** Lets the process end while the worker lives. */
  unref(): void;
  terminate(): void;
}

/** How long a worker may take to be ready. */
const PATIENCE_MS = 10_000;

/** The workers, and the caller as thread 0. */
export class Threads {
  #workers: readonly Handle[] = [];
  #lost: string | undefined;
  #closed = false;

  private constructor(
    readonly count: number,
    readonly job: Job,
  ) {}

  /** Starts `count` - 1 workers on `instance`'s module and its shared memory. Rejects where one cannot start. */
  static async start(
    count: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    instance: WebAssembly.Instance,
  ): Promise<Threads> {
    const control = Job.control();
    const threads = new Threads(count, new Job(control, instance.exports, 0));
    const others = Array.from({ length: count - 1 }, (_, i) => i + 1);
    const starts = await Promise.allSettled(
      others.map((thread) =>
        started({ module, memory, control, thread }, (how) => threads.#lose(`thread ${thread} ${how}`)),
      ),
    );
    threads.#workers = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed !== undefined) {
      threads.close();
      throw new Error(failed.reason.message);
    }
    return threads;
  }

  /** Has the blocks of a kernel done by all threads; see Job. */
  run(name: keyof Kernels, blocks: number, args: readonly Argument[]): void {
    this.expectAlive();
    try {
      this.job.run(name, blocks, args);
    } catch (error) {
      this.#lose(`${error}`);
      throw error;
    }
  }

  /** Throws an Error where a thread has been lost. */
  expectAlive(): void {
    if (this.#lost !== undefined) throw new Error(`the runtime must have all of its threads, but ${this.#lost}`);
  }

  /** Ends the workers; from then on the caller does everything. */
  close(): void {
    this.#closed = true;
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
  }

  #lose(how: string): void {
    if (!this.#closed) this.#lost ??= how;
  }
}

/** A worker that is ready for jobs. `ended` hears of its end, if it is early. */
async function started(start: Start, ended: (how: string) => void): Promise<Handle> {
  let answer: (failure?: string) => void = () => {};
  const answered = new Promise<string | undefined>((resolve) => {
    answer = resolve;
  });
  const handle = open(
    (message) => answer(message === 'ready' ? undefined : `has failed: ${message}`),
    (how) => {
      ended(how);
      answer(how);
    },
  );
  const late = setTimeout(answer, PATIENCE_MS, `has not answered within ${PATIENCE_MS / 1000} seconds`);
  handle.post(start);
  const failure = await answered;
  clearTimeout(late);
  handle.unref();
  if (failure === undefined) return handle;
  handle.terminate();
  throw new Error(`a thread ${failure}`);
}

function open(heard: (message: string) => void, ended: (how: string) => void): Handle {
  if (import.meta.url === undefined)
    throw new Error('the bundle is no ES module, which alone can find the script of a thread');
  const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (node !== undefined) {
    // Bundlers take a name that is written out for a file of the page. Options of the process may not fit a worker.
    const script = './tapehead-worker.js';
    const worker = new node.Worker(new URL(script, import.meta.url), { execArgv: [] });
    worker.on('message', heard);
    worker.on('error', (error) => ended(`has failed: ${error}`));
    worker.on('exit', (code) => ended(`has ended with exit code ${code}`));
    return {
      post: (start) => worker.postMessage(start),
      unref: () => worker.unref(),
      terminate: () => void worker.terminate(),
    };
  }
  const worker = new Worker(new URL('./tapehead-worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => heard(data);
  // Where the script cannot be had there is no message.
  worker.onerror = ({ message = 'tapehead-worker.js must lie beside the code that loads it' }) =>
    ended(`has failed: ${message}`);
  return {
    post: (start) => worker.postMessage(start),
    unref: () => {},
    terminate: () => worker.terminate(),
  };
}
