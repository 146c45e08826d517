// A page that runs tasks for a test, on its main thread or in a Web Worker.
import { type Outcome, run, type Task } from './run.js';

declare global {
  var trial: { here(task: Task): Promise<Outcome>; inWorker(task: Task, script?: string): Promise<Outcome> };
}

/** `script` is the URL of a classic script; without it, bundlers find the module. */
function inWorker(task: Task, script?: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const worker =
      script === undefined
        ? new Worker(new URL('./in-worker.js', import.meta.url), { type: 'module' })
        : new Worker(script);
    worker.onmessage = ({ data }) => (typeof data === 'string' ? reject(new Error(data)) : resolve(data));
    worker.onerror = ({ message }) => reject(new Error(`the worker has failed: ${message}`));
    worker.postMessage(task);
  });
}

globalThis.trial = { here: run, inWorker };
