// What a thread runs: an instance of the kernels on the shared memory, for any job that comes.
import { Job } from './job.js';

export interface Start {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: SharedArrayBuffer;
  readonly thread: number;
}

interface Port {
  onmessage: ((event: { data: Start }) => void) | null;
  postMessage(message: string): void;
}

// Node's port and the scope of a browser's worker are of two worlds, which have in common what Port says.
const node = globalThis.process?.getBuiltinModule?.('node:worker_threads');
const port = (node?.parentPort ?? globalThis) as unknown as Port;

port.onmessage = ({ data: { module, memory, control, thread } }) => {
  WebAssembly.instantiate(module, { env: { memory } }).then(
    ({ exports }) => {
      const job = new Job(control, exports, thread);
      port.postMessage('ready');
      job.serve();
    },
    (error) => port.postMessage(`has failed: ${error}`),
  );
};
