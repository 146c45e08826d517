// Training steps of the memory VAE and the VQ-VAE with the sizes of the published experiment.
import { Adam, MemoryVAE, Random, type Runtime, VQVAE } from 'tapehead';
import type { BenchCase } from '../bench-case.js';

const batch = 32;
/** Operations of the forward pass of a batch: encoder, decoder, and scores of all codes. */
const images = 2 * batch;
const encoder = images * (256 * 48 * 64 + 64 * (1024 * 128 + 1152 * 128 + 2 * (1152 * 32 + 32 * 128) + 128 * 64));
const decoder = images * (64 * (576 * 128 + 2 * (1152 * 32 + 32 * 128) + 1024 * 128) + 256 * 48 * 64);
const scores = images * 64 * 512 * 64;

function trainingStep(name: string, flop: number, make: (runtime: Runtime) => MemoryVAE | VQVAE): BenchCase {
  return {
    name: `${name} training step, CIFAR-10, batch ${batch}`,
    flop,
    prepare: (runtime) => {
      const model = make(runtime);
      const adam = new Adam(model.parameters, { lr: 3e-4, amsgrad: true });
      const images = new Random(runtime, 2).uniform([batch, 3, 32, 32]);
      let loss = NaN;
      const run = () =>
        runtime.step(() => {
          const output = model.forward(images, { training: true });
          output.loss.backward();
          adam.step();
          adam.zeroGrad();
          loss = output.error.item();
        });
      return { run, result: () => Float32Array.of(loss) };
    },
  };
}

const random = (runtime: Runtime) => ({ random: new Random(runtime, 1) });

export const memoryVAESuite: readonly BenchCase[] = [
  trainingStep(
    'memory VAE',
    3 * (encoder + 2 * scores + decoder),
    (runtime) => new MemoryVAE(runtime, random(runtime)),
  ),
  trainingStep('VQ-VAE', 3 * (encoder + decoder) + scores, (runtime) => new VQVAE(runtime, random(runtime))),
];
