// How the trained models do on test images, and how much their latent vectors say.
import type { GaussianVAE, MemoryVAE, QuantizedReconstruction, Reconstruction, Tensor, VQVAE } from 'tapehead';
import { type LabelledImages, pixelsOf } from '../data/images.js';

type Model = MemoryVAE | VQVAE | GaussianVAE;

export interface Reconstructed {
  /** Mean squared error of a pixel over the training data's variance. */
  readonly error: number;
  /** Peak signal-to-noise ratio in dB. */
  readonly psnr: number;
}

export interface Use {
  /** How many rows or codes are in use, as 2 to the entropy of their use over all latent vectors. */
  readonly perplexity: number;
  /** Mean entropy of what one latent vector reads, in bits: 0 for a code. */
  readonly entropy: number;
}

const IMAGES_AT_A_TIME = 50;

/** How well the first `count` test images come back; `see` looks at what is made of each batch. */
export function reconstruction(
  model: Model,
  test: LabelledImages,
  variance: number,
  count: number,
  see: (images: Tensor, made: Reconstruction) => void = () => {},
): Reconstructed {
  let squares = 0;
  for (let from = 0; from < count; from += IMAGES_AT_A_TIME) {
    const places = Array.from({ length: Math.min(IMAGES_AT_A_TIME, count - from) }, (_, i) => from + i);
    model.runtime.noGrad(() => {
      const images = imagesOf(model, test, places);
      const made = model.forward(images, { training: false });
      squares += made.error.item() * places.length;
      see(images, made);
    });
  }
  const error = squares / count;
  return { error: error / variance, psnr: -10 * Math.log10(error) };
}

/** The same, and what the latent vectors of these images read. */
export function evaluate(
  model: MemoryVAE | VQVAE,
  test: LabelledImages,
  variance: number,
  count: number,
): Reconstructed & Use {
  let entropies = 0;
  let vectors = 0;
  const use: number[] = [];
  const reconstructed = reconstruction(model, test, variance, count, (images, made) => {
    const { weights, width } = reads(model, images, made);
    for (const [i, weight] of weights.entries()) {
      use[i % width] = (use[i % width] ?? 0) + weight;
      if (weight > 0) entropies -= weight * Math.log2(weight);
    }
    vectors += weights.length / width;
  });
  const bits = use.reduce((sum, total) => (total > 0 ? sum - (total / vectors) * Math.log2(total / vectors) : sum), 0);
  return { ...reconstructed, perplexity: 2 ** bits, entropy: entropies / vectors };
}

/** The test images at these places, and what the model makes of them: numbers of [n, C, H, W] each. */
export function pictures(model: Model, test: LabelledImages, places: number[]) {
  return model.runtime.noGrad(() => {
    const images = imagesOf(model, test, places);
    return { images: images.toArray(), again: model.forward(images, { training: false }).images.toArray() };
  });
}

/** Where each latent vector looks, row by row: soft weights, or a one at its code. */
function reads(model: MemoryVAE | VQVAE, images: Tensor, made: Reconstruction | QuantizedReconstruction) {
  if ('weights' in model) {
    const weights = model.weights(images);
    return { weights: weights.toArray(), width: weights.shape[1] as number };
  }
  const { codes } = made as QuantizedReconstruction;
  const width = model.parameters.get('codebook').shape[0] as number;
  const weights = new Float32Array(codes.length * width);
  for (const [row, code] of codes.entries()) weights[row * width + code] = 1;
  return { weights, width };
}

/** The images at these places: [n, C, H, W]. */
export function imagesOf({ runtime }: Model, set: LabelledImages, places: readonly number[]): Tensor {
  const { channels, height, width } = set;
  return runtime.tensor(pixelsOf(set, Uint32Array.from(places)).data, [places.length, channels, height, width]);
}
