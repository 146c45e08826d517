// A page that runs tasks when a test asks for it, by itself or in a Web Worker.
import { type Outcome, run, type Task } from './run.js';

declare global {
  var trial: { here(task: Task): Promise<Outcome>; inWorker(task: Task): Promise<Outcome> };
}

function inWorker(task: Task): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./in-worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }) => (typeof data === 'string' ? reject(new Error(data)) : resolve(data));
    worker.onerror = ({ message }) => reject(new Error(`the worker has failed: ${message}`));
    worker.postMessage(task);
  });
}

globalThis.trial = { here: run, inWorker };
