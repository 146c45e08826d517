// What the browser's tests run, in a page or in a Web Worker: a training, and what it came to.
import { type LoadOptions, load, type RuntimeInfo } from 'tapehead';
import { type ModelName, trainedHash } from '../../trainings.js';

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
    return { info: runtime.info, hash: await trainedHash(model, runtime, steps) };
  } finally {
    runtime.close();
  }
}
