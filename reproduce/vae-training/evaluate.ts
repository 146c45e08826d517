// Evaluation on test images: reconstruction error, and how the latent vectors use the memory.
import type { GaussianVAE, MemoryVAE, QuantizedReconstruction, Reconstruction, Tensor, VQVAE } from 'tapehead';
import { entropy } from '../../tools/entropy.js';
import { oneHot } from '../../tools/one-hot.js';
import { type LabelledImages, pixelsOf } from '../data/images.js';

type Model = MemoryVAE | VQVAE | GaussianVAE;

export interface Reconstructed {
  /** Mean squared error of a pixel relative to the variance of the training data. */
  readonly error: number;
  /** Peak signal-to-noise ratio in dB. */
  readonly psnr: number;
}

export interface Use {
  /** Effective number of rows or codes in use: 2 to the entropy of their use over all latent vectors. */
  readonly perplexity: number;
  /** Mean entropy of a read in bits: 0 for a code. */
  readonly entropy: number;
}

const BATCH = 50;

/**
 * Reconstruction error on the first `count` test images; `onBatch` is called with every batch and its reconstruction.
 */
export function reconstruction(
  model: Model,
  test: LabelledImages,
  variance: number,
  count: number,
  onBatch: (images: Tensor, output: Reconstruction) => void = () => {},
): Reconstructed {
  let squares = 0;
  for (let from = 0; from < count; from += BATCH) {
    const indices = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => from + i);
    model.runtime.noGrad(() => {
      const images = imagesOf(model, test, indices);
      const output = model.forward(images, { training: false });
      squares += output.error.item() * indices.length;
      onBatch(images, output);
    });
  }
  const error = squares / count;
  return { error: error / variance, psnr: -10 * Math.log10(error) };
}

/** Reconstruction error, and how the latent vectors of these images use the memory. */
export function evaluate(
  model: MemoryVAE | VQVAE,
  test: LabelledImages,
  variance: number,
  count: number,
): Reconstructed & Use {
  let entropies = 0;
  let vectors = 0;
  const use: number[] = [];
  const reconstructed = reconstruction(model, test, variance, count, (images, output) => {
    const { weights, width } = reads(model, images, output);
    for (const [i, weight] of weights.entries()) use[i % width] = (use[i % width] ?? 0) + weight;
    entropies += entropy(weights);
    vectors += weights.length / width;
  });
  const perplexity = 2 ** entropy(use.map((total) => total / vectors));
  return { ...reconstructed, perplexity, entropy: entropies / vectors };
}

/** The test images at these indices and their reconstructions, [n, C, H, W] each. */
export function pictures(model: Model, test: LabelledImages, indices: number[]) {
  return model.runtime.noGrad(() => {
    const images = imagesOf(model, test, indices);
    return { images: images.toArray(), reconstructions: model.forward(images, { training: false }).images.toArray() };
  });
}

/** Read weights of each latent vector, one row each: attention weights, or one-hot codes. */
function reads(model: MemoryVAE | VQVAE, images: Tensor, output: Reconstruction | QuantizedReconstruction) {
  if ('weights' in model) {
    const weights = model.weights(images);
    return { weights: weights.toArray(), width: weights.shape[1] as number };
  }
  const width = model.parameters.get('codebook').shape[0] as number;
  return { weights: oneHot((output as QuantizedReconstruction).codes, width), width };
}

/** The images at these indices: [n, C, H, W]. */
export function imagesOf({ runtime }: Model, set: LabelledImages, indices: readonly number[]): Tensor {
  const { channels, height, width } = set;
  return runtime.tensor(pixelsOf(set, Uint32Array.from(indices)).data, [indices.length, channels, height, width]);
}
