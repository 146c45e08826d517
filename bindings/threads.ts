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

interface Opened extends Handle {
  /** `ready`, or what went wrong. */
  readonly answer: Promise<string>;
}

/** How long a worker may take to be ready. */
const PATIENCE_MS = 10_000;

/** The workers, and the caller as thread 0. */
export class Threads {
  readonly count: number;
  #workers: readonly Opened[];
  #job: Job | undefined;
  #lost: string | undefined;
  #closed = false;

  /** Opens `count` - 1 workers. That takes longer than all else when a runtime is made, so it comes first. */
  constructor(count: number) {
    this.count = count;
    this.#workers = Array.from({ length: count - 1 }, (_, i) => open((how) => this.#lose(`thread ${i + 1} ${how}`)));
  }

  /** Gives the workers `instance`'s module and its shared memory. Rejects where one cannot start. */
  async start(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    { exports }: WebAssembly.Instance,
  ): Promise<void> {
    const control = Job.control();
    this.#job = new Job(control, exports, 0);
    for (const [i, worker] of this.#workers.entries()) worker.post({ module, memory, control, thread: i + 1 });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, `has not answered within ${PATIENCE_MS / 1000} seconds`);
    });
    const answers = await Promise.all(this.#workers.map(({ answer }) => Promise.race([answer, late])));
    clearTimeout(timer);
    const failure = answers.find((answer) => answer !== 'ready');
    if (failure !== undefined) throw new Error(`a thread ${failure}`);
    for (const worker of this.#workers) worker.unref();
  }

  /** Ends the workers, and with them the memory that they hold, when nobody can reach `runtime` any more. */
  endWith(runtime: object): void {
    forgotten.register(runtime, this);
  }

  /** Has the blocks of a kernel done by all threads; see Job. */
  run(name: keyof Kernels, blocks: number, args: readonly Argument[]): void {
    this.expectAlive();
    try {
      this.#job?.run(name, blocks, args);
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

const forgotten = new FinalizationRegistry<Threads>((threads) => threads.close());

/** A worker. `ended` hears of its end, if it is early. */
function open(ended: (how: string) => void): Opened {
  if (import.meta.url === undefined) {
    throw new Error('the bundle is no ES module, which alone can find the script of a thread');
  }
  let answered: (how: string) => void = () => {};
  const answer = new Promise<string>((resolve) => {
    answered = resolve;
  });
  const gone = (how: string) => {
    ended(how);
    answered(how);
  };
  const node = nodeThreads();
  return { answer, ...(node === undefined ? inBrowser(answered, gone) : inNode(node, answered, gone)) };
}

type Hear = (how: string) => void;

function nodeThreads() {
  return globalThis.process?.getBuiltinModule?.('node:worker_threads');
}

function inNode(node: NonNullable<ReturnType<typeof nodeThreads>>, answered: Hear, ended: Hear): Handle {
  // Bundlers take a name that is written out for a file of the page. Options of the process may not fit a worker.
  const script = './tapehead-worker.js';
  const worker = new node.Worker(new URL(script, import.meta.url), { execArgv: [] });
  worker.on('message', answered);
  worker.on('error', (error) => ended(`has failed: ${error}`));
  worker.on('exit', (code) => ended(`has ended with exit code ${code}`));
  return {
    post: (start) => worker.postMessage(start),
    unref: () => worker.unref(),
    terminate: () => void worker.terminate(),
  };
}

function inBrowser(answered: Hear, ended: Hear): Handle {
  const worker = new Worker(new URL('./tapehead-worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => answered(data);
  // Where the script cannot be had there is no message.
  worker.onerror = ({ message = 'tapehead-worker.js must lie beside the code that loads it' }) =>
    ended(`has failed: ${message}`);
  return {
    post: (start) => worker.postMessage(start),
    unref: () => {},
    terminate: () => worker.terminate(),
  };
}
