// Entry point of a worker thread: instantiates the kernels on the shared memory and takes blocks of jobs.
import { JobView, serveJobs } from './job.js';
import { instantiate } from './kernels.js';

/** @internal What a worker needs to start. */
export interface Start {
  readonly modules: readonly WebAssembly.Module[];
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  readonly thread: number;
}

/** What Node's port and the global scope of a browser's worker have in common. */
interface Port {
  onmessage: ((event: { data: Start }) => void) | null;
  postMessage(message: string): void;
}

const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
const port = (node?.parentPort ?? globalThis) as unknown as Port;

port.onmessage = ({ data: { modules, memory, control, thread } }) => {
  instantiate(modules, memory).then(
    (kernels) => {
      const view = new JobView(control, kernels, thread);
      port.postMessage('ready');
      serveJobs(view);
    },
    (error) => port.postMessage(`failed: ${error}`),
  );
};
