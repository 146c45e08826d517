// The worker threads of a runtime, in Node and in browsers: how they start, get lost and end.
import { closeJobs } from './job.js';
import type { Start } from './tapehead-worker.js';

/** A worker of Node or of a browser. */
interface Handle {
  post(start: Start): void;
  /** Lets the process exit while the worker runs. */
  unref(): void;
  terminate(): void;
}

/** Called with a message of a worker, or with how it ended. */
type Listener = (message: string) => void;

interface Listeners {
  readonly heard: Listener;
  /** Called if the worker fails or exits. */
  readonly ended: Listener;
}

/** Time after which a worker that has not answered counts as missing. */
const START_TIMEOUT_MS = 30_000;

/**
 * The workers of a runtime.
 *
 * Must not refer to the runtime's memory or kernels: the engine holds on to this object until the workers have exited.
 *
 * @internal
 */
export class Workers {
  /** Resolves when every worker is up or counts as missing. */
  readonly settled: Promise<void>;
  readonly #control: SharedArrayBuffer;
  readonly #handles = new Map<number, Handle>();
  readonly #settle = new Map<number, () => void>();
  readonly #missing = new Map<number, string>();
  #lost: string | undefined;
  #closed = false;

  /**
   * Starts the workers 1 … count - 1.
   *
   * @param count Number of threads, including the caller.
   * @param start What every worker needs to start.
   */
  constructor(count: number, start: Omit<Start, 'thread'>) {
    this.#control = start.control;
    const started: Promise<void>[] = [];
    for (let thread = 1; thread < count; thread++) started.push(this.#open({ ...start, thread }));
    this.settled = Promise.all(started).then(() => {});
  }

  /** Why each missing worker is missing, by thread. */
  get missing(): readonly string[] {
    return [...this.#missing].sort(([a], [b]) => a - b).map(([, reason]) => reason);
  }

  /** Why a worker was lost, if any was. */
  get lost(): string | undefined {
    return this.#lost;
  }

  /** Whether the workers have been ended. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Records the loss of a worker, after which no job may be run.
   *
   * @param reason What happened.
   */
  lose(reason: string): void {
    if (!this.#closed) this.#lost ??= reason;
  }

  /** Ends the workers, including those that are still starting, and forgets losses. */
  close(): void {
    this.#closed = true;
    this.#lost = undefined;
    // An engine that cannot terminate a waiting worker (Deno) needs it to leave by itself.
    closeJobs(this.#control);
    for (const handle of this.#handles.values()) handle.terminate();
    for (const settle of this.#settle.values()) settle();
    this.#handles.clear();
    this.#settle.clear();
  }

  /** Starts a worker. Resolves when it is up or counts as missing. */
  #open(start: Start): Promise<void> {
    const { thread } = start;
    const settled = new Promise<void>((resolve) => this.#settle.set(thread, resolve));
    const listeners = this.#listen(thread);
    try {
      const handle = startWorker(listeners);
      this.#handles.set(thread, handle);
      handle.post(start);
    } catch (error) {
      listeners.ended(`cannot start: ${(error as Error).message}`);
    }
    return settled;
  }

  /** Listeners of a worker. A method of its own, so that they do not close over `Start` and the memory in it. */
  #listen(thread: number): Listeners {
    let ready = false;
    const ended = (how: string) => {
      const reason = `thread ${thread} ${how}`;
      if (ready) this.lose(reason);
      else if (!this.#closed && !this.#missing.has(thread)) this.#missing.set(thread, reason);
      settle();
    };
    const heard = (message: string) => {
      if (message !== 'ready') return ended(message);
      ready = true;
      this.#missing.delete(thread);
      this.#handles.get(thread)?.unref();
      settle();
    };
    const timer: unknown = setTimeout(() => ended('did not start within 30 seconds'), START_TIMEOUT_MS);
    // Node's timer would keep the process alive.
    (timer as { unref?(): void }).unref?.();
    const settle = () => {
      clearTimeout(timer as number);
      this.#settle.get(thread)?.();
    };
    return { heard, ended };
  }
}

/** Starts a worker. */
function startWorker(listeners: Listeners): Handle {
  if (import.meta.url === undefined) {
    throw new Error('the bundle is no ES module, and only an ES module can locate the worker script');
  }
  const node = nodeThreads();
  return node === undefined ? startInBrowser(listeners) : startInNode(node, listeners);
}

function nodeThreads() {
  return globalThis.process?.getBuiltinModule?.('node:worker_threads');
}

function startInNode(node: NonNullable<ReturnType<typeof nodeThreads>>, { heard, ended }: Listeners): Handle {
  // The variable hides this URL from bundlers, which take a literal one for a file of the page. Options of the process may not fit a worker.
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

function startInBrowser({ heard, ended }: Listeners): Handle {
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
