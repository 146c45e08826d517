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

/** The workers, and the caller as thread 0. A worker takes part from when it is ready; until then the others do its share. */
export class Threads {
  /** Settles when every worker is ready, or will never be. */
  readonly settled: Promise<unknown>;
  readonly #workers: Handle[] = [];
  readonly #missing = new Map<number, string>();
  readonly #job: Job;
  #lost: string | undefined;
  #closed = false;

  /** Opens `count` - 1 workers on `instance`'s module and its shared memory. */
  constructor(
    readonly count: number,
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    { exports }: WebAssembly.Instance,
  ) {
    const control = Job.control();
    this.#job = new Job(control, exports, 0);
    const others = Array.from({ length: count - 1 }, (_, i) => i + 1);
    this.settled = Promise.all(others.map((thread) => this.#open({ module, memory, control, thread })));
  }

  /** Why each worker is missing that could not start, the first thread's first. */
  get missing(): readonly string[] {
    return [...this.#missing].sort(([a], [b]) => a - b).map(([, how]) => how);
  }

  /** Ends the workers, and with them the memory that they hold, when nobody can reach `runtime` any more. */
  endWith(runtime: object): void {
    forgotten.register(runtime, this);
  }

  /** Has the blocks of a kernel done by all threads; see Job. */
  run(name: keyof Kernels, blocks: number, args: readonly Argument[]): void {
    this.expectAlive();
    try {
      this.#job.run(name, blocks, args);
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
    for (const worker of this.#workers.splice(0)) worker.terminate();
  }

  /** Settles when the worker is ready, or will never be. */
  #open(start: Start): Promise<void> {
    return new Promise((settle) => {
      let ready = false;
      const ended = (how: string) => {
        const what = `thread ${start.thread} ${how}`;
        if (ready) this.#lose(what);
        else if (!this.#closed && !this.#missing.has(start.thread)) this.#missing.set(start.thread, what);
        settle();
      };
      const heard = (answer: string) => {
        if (answer !== 'ready') return ended(answer);
        ready = true;
        worker?.unref();
        settle();
      };
      let worker: Handle | undefined;
      try {
        worker = open(heard, ended);
        this.#workers.push(worker);
        worker.post(start);
      } catch (error) {
        ended(`cannot start: ${(error as Error).message}`);
      }
    });
  }

  #lose(how: string): void {
    if (!this.#closed) this.#lost ??= how;
  }
}

/** A runtime that nobody can reach any more takes its threads along. */
const forgotten = new FinalizationRegistry<Threads>((threads) => threads.close());

/** A worker. `ended` hears of its end, if it is early. */
function open(heard: Hear, ended: Hear): Handle {
  if (import.meta.url === undefined) {
    throw new Error('the bundle is no ES module, which alone can find the script of a thread');
  }
  const node = nodeThreads();
  return node === undefined ? inBrowser(heard, ended) : inNode(node, heard, ended);
}

type Hear = (how: string) => void;

function nodeThreads() {
  return globalThis.process?.getBuiltinModule?.('node:worker_threads');
}

function inNode(node: NonNullable<ReturnType<typeof nodeThreads>>, heard: Hear, ended: Hear): Handle {
  // Bundlers take what is written out in one piece for a file of the page. Options of the process may not fit a worker.
  const here = import.meta.url;
  const worker = new node.Worker(new URL('./tapehead-worker.js', here), { execArgv: [] });
  worker.on('message', heard);
  worker.on('error', (error) => ended(`has failed: ${error}`));
  worker.on('exit', (code) => ended(`has ended with exit code ${code}`));
  return {
    post: (start) => worker.postMessage(start),
    unref: () => worker.unref(),
    terminate: () => void worker.terminate(),
  };
}

function inBrowser(heard: Hear, ended: Hear): Handle {
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
