// What the browser's tests run, in a page or in a Web Worker: a training, and what it came to.
import { type LoadOptions, load, type RuntimeInfo } from 'tapehead';
import { type ModelName, trainedHash } from '../../support/model-trainings.js';

const SOON_MS = 5000;

export interface Task extends Pick<LoadOptions, 'variant' | 'threads'> {
  readonly model: ModelName;
  readonly steps: number;
}

export interface Outcome {
  readonly info: RuntimeInfo;
  readonly hash: string;
}

export async function run({ model, steps, ...options }: Task): Promise<Outcome> {
  const runtime = await load(options);
  try {
    // A test of threads wants all of them to take part; one that never answers is not waited for.
    await Promise.race([runtime.ready, new Promise((resolve) => setTimeout(resolve, SOON_MS))]);
    const hash = await trainedHash(model, runtime, steps);
    return { info: runtime.info, hash };
  } finally {
    runtime.close();
  }
}
