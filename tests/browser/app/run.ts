// A training run of the browser tests, in a page or in a Web Worker.
import { type LoadOptions, load, type RuntimeInfo } from 'tapehead';
import { type ModelName, trainedHash } from '../../support/model-trainings.js';

const MAX_START_MS = 5000;

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
    // Tests of threads want all of them to take part, but a thread may never answer.
    await Promise.race([runtime.ready, new Promise((resolve) => setTimeout(resolve, MAX_START_MS))]);
    const hash = await trainedHash(model, runtime, steps);
    return { info: runtime.info, hash };
  } finally {
    runtime.close();
  }
}
