// A Web Worker that runs one task.
import { run, type Task } from './run.js';

addEventListener('message', async ({ data }: MessageEvent<Task>) => {
  try {
    postMessage(await run(data));
  } catch (error) {
    postMessage(`${error}`);
  }
});
