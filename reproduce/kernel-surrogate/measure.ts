// Test errors of a kernel memory and of a network with as many parameters.
import { type FitOptions, type FitReport, KernelMemory, load, Random } from 'tapehead';
import { halfCosine } from '../half-cosine.js';
import { network, rmse, type Samples, widthFor } from './rivals.js';
import type { Settings } from './settings.js';
import { simulate } from './simulation.js';

/** Results for one memory size. */
export interface Entry {
  readonly memorySize: number;
  /** Number of parameters of the memory; the network has at most as many. */
  readonly numbers: number;
  /** Hidden units per layer of the network. */
  readonly hidden: number;
  /** Training RMSE of the memory. */
  readonly training: number;
  /** Test RMSE of the memory. */
  readonly memory: number;
  /** Test RMSE of the network. */
  readonly network: number;
  /** Training time of the memory. */
  readonly seconds: number;
  readonly networkSeconds: number;
  readonly strength: number;
  /** Predictions for the test simulations. */
  readonly read: { readonly memory: Float32Array; readonly network: Float32Array };
}

/** Runs the simulations for training and testing. */
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
  // Each memory gets its own runtime, so that memory use does not add up.
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
  const predicted = await network(fitted, tested.inputs, training);
  const end = performance.now();
  const recalled = memory.predict(tested.inputs);
  return {
    memorySize,
    numbers,
    hidden,
    training: (memory.report as FitReport).rmse,
    memory: rmse(recalled, tested.outputs),
    network: rmse(predicted, tested.outputs),
    seconds: (middle - start) / 1000,
    networkSeconds: (end - middle) / 1000,
    strength: memory.strength,
    read: { memory: recalled, network: predicted },
  };
}
