// Training runs of every model, identical in Node and in browsers, and large enough for multithreaded kernels.
import {
  Adam,
  binaryCrossEntropyWithLogits,
  GaussianVAE,
  GumbelMemory,
  KernelMemory,
  LSTMBaseline,
  MemoryVAE,
  mseLoss,
  NTM,
  type NTMOptions,
  type Optimizer,
  type Parameters,
  Random,
  RMSprop,
  type Runtime,
  type Tensor,
  VQVAE,
} from 'tapehead';

const sizes = { narrow: 20, wide: 36, residual: 12, residualBlocks: 1, latentSize: 20 };

/**
 * Trains a model from a fixed seed and returns the hexadecimal SHA-256 hash of all its weights. Throws a RangeError if
 * a weight is not finite.
 */
export async function trainedHash(model: ModelName, runtime: Runtime, steps: number): Promise<string> {
  const weights = await trainings[model](runtime, steps);
  if (!weights.every((values) => values.every(Number.isFinite))) throw new RangeError(`${model} has diverged`);
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(weights as BlobPart[]).arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export type ModelName = keyof typeof trainings;

/** Each run returns all weights. */
const trainings = {
  NTM: (runtime: Runtime, steps: number) => {
    const random = new Random(runtime, 1);
    const options = {
      inputSize: 9,
      outputSize: 8,
      controllerSize: 64,
      memorySize: 32,
      wordSize: 16,
      random,
    } satisfies NTMOptions;
    const model = new NTM(runtime, options);
    return onSequences(runtime, steps, random, model);
  },
  LSTMBaseline: (runtime: Runtime, steps: number) => {
    const random = new Random(runtime, 1);
    const model = new LSTMBaseline(runtime, { inputSize: 9, outputSize: 8, hiddenSize: 64, layers: 2, random });
    return onSequences(runtime, steps, random, model);
  },
  GumbelMemory: (runtime: Runtime, steps: number) => {
    const random = new Random(runtime, 1);
    const bank = random.uniform([40, 64]);
    const model = new GumbelMemory(runtime, { bank, inputSize: 48, hiddenSizes: [128, 128], random });
    const [x, targets] = [random.uniform([300, 48]), random.uniform([300, 64])];
    const optimizer = new Adam(model.parameters, { lr: 1e-3 });
    return trained(runtime, steps, model, optimizer, () =>
      mseLoss(model.forward(x, { training: true }).read, targets).backward(),
    );
  },
  KernelMemory: async (runtime: Runtime, steps: number) => {
    const random = new Random(runtime, 1);
    const [queries, targets] = [random.uniform([1500, 30]), random.uniform([1500, 120])];
    const memory = await KernelMemory.fit(runtime, queries, targets, { memorySize: 70, iterations: steps, random });
    return [memory.keys.toArray(), memory.values.toArray()];
  },
  MemoryVAE: (runtime: Runtime, steps: number) => {
    const random = new Random(runtime, 1);
    return onImages(runtime, steps, random, new MemoryVAE(runtime, { ...sizes, memorySize: 300, random }));
  },
  VQVAE: (runtime: Runtime, steps: number) => {
    const random = new Random(runtime, 1);
    const model = new VQVAE(runtime, { ...sizes, codebookSize: 60, restartDeadCodes: true, random });
    return onImages(runtime, steps, random, model);
  },
  GaussianVAE: (runtime: Runtime, steps: number) => {
    const random = new Random(runtime, 1);
    return onImages(runtime, steps, random, new GaussianVAE(runtime, { ...sizes, random }));
  },
};

export const modelNames = Object.keys(trainings) as ModelName[];

function onSequences(runtime: Runtime, steps: number, random: Random, model: NTM | LSTMBaseline): Float32Array[] {
  const [inputs, targets] = [random.bernoulli([7, 64, 9], 0.5), random.bernoulli([7, 64, 8], 0.5)];
  const optimizer = new RMSprop(model.parameters, { lr: 1e-3, centered: true, momentum: 0.9 });
  return trained(runtime, steps, model, optimizer, () =>
    binaryCrossEntropyWithLogits(model.forward(inputs), targets).backward(),
  );
}

interface ImageModel {
  readonly parameters: Parameters;
  forward(images: Tensor, mode: { training: boolean }): { readonly loss: Tensor };
}

function onImages(runtime: Runtime, steps: number, random: Random, model: ImageModel): Float32Array[] {
  const images = random.uniform([9, 3, 24, 32]);
  const optimizer = new Adam(model.parameters, { lr: 1e-3, amsgrad: true });
  return trained(runtime, steps, model, optimizer, () => model.forward(images, { training: true }).loss.backward());
}

function trained(
  runtime: Runtime,
  steps: number,
  model: { readonly parameters: Parameters },
  optimizer: Optimizer,
  backward: () => void,
): Float32Array[] {
  for (let i = 0; i < steps; i++) {
    runtime.step(() => {
      backward();
      optimizer.step();
      optimizer.zeroGrad();
    });
  }
  return [...model.parameters.entries()].map(([, tensor]) => tensor.toArray());
}
