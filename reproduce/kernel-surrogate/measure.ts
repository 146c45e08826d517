// The error of a kernel memory, of a network of as many numbers and of the nearest neighbours, on simulations not seen.

import { type FitOptions, type FitReport, KernelMemory, load, Random } from 'tapehead';
import { halfCosine } from '../half-cosine.js';
import { network, rmse, type Samples, widthFor } from './rivals.js';
import type { Settings } from './settings.js';
import { simulate } from './simulation.js';

/** What one memory size gave. */
export interface Entry {
  readonly memorySize: number;
  /** Numbers in the memory; the network has no more. */
  readonly numbers: number;
  readonly hidden: number;
  /** RMSE of the memory on the simulations fitted, and on those tested. */
  readonly training: number;
  readonly memory: number;
  readonly network: number;
  /** Time to fit. */
  readonly seconds: number;
  readonly networkSeconds: number;
  readonly strength: number;
  /** What memory and network make of the tested simulations. */
  readonly read: { readonly memory: Float32Array; readonly network: Float32Array };
}

/** Simulations to fit to and others to test with. */
export async function draw({ fitted, tested }: Settings, seed: number): Promise<{ fitted: Samples; tested: Samples }> {
  const random = new Random(await load(), seed);
  return { fitted: simulate(random, fitted), tested: simulate(random, tested) };
}

export async function measure(
  { fitted, tested }: { fitted: Samples; tested: Samples },
  settings: Settings,
  memorySize: number,
  options: { seed: number } & Pick<FitOptions, 'signal' | 'onProgress'>,
): Promise<Entry> {
  const { iterations, learningRate, strength, ridge, updates, networkLearningRate } = settings;
  const { seed, ...watch } = options;
  // A runtime a memory: what one fit leaves behind does not add up.
  const runtime = await load();
  const start = performance.now();
  const memory = await KernelMemory.fit(runtime, fitted.inputs, fitted.outputs, {
    memorySize,
    iterations,
    learningRate: halfCosine(learningRate, iterations),
    ridge,
    similarity: 'l2',
    strength,
    learnStrength: true,
    initialKeys: 'rows',
    random: new Random(runtime, seed + memorySize * 2 ** 20),
    ...watch,
  });
  const middle = performance.now();
  const [inputs, outputs] = [fitted.inputs.shape[1], fitted.outputs.shape[1]];
  const numbers = memorySize * (inputs + outputs) + 1;
  const hidden = widthFor(numbers, inputs, outputs);
  const training = { hidden, updates, learningRate: networkLearningRate, seed };
  const guessed = await network(fitted, tested.inputs, training);
  const end = performance.now();
  const recalled = memory.predict(tested.inputs);
  return {
    memorySize,
    numbers,
    hidden,
    training: (memory.report as FitReport).rmse,
    memory: rmse(recalled, tested.outputs),
    network: rmse(guessed, tested.outputs),
    seconds: (middle - start) / 1000,
    networkSeconds: (end - middle) / 1000,
    strength: memory.strength,
    read: { memory: recalled, network: guessed },
  };
}
