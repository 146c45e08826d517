// How the trained models do on test images, and how much their latent vectors say.
import type { MemoryVAE, QuantizedReconstruction, Reconstruction, Tensor, VQVAE } from 'tapehead';
import { type LabelledImages, pixelsOf } from '../data/images.js';

export interface Quality {
  /** Mean squared error of a pixel over the training data's variance. */
  readonly error: number;
  /** Peak signal-to-noise ratio in dB. */
  readonly psnr: number;
  /** How many rows or codes are in use, as 2 to the entropy of their use over all latent vectors. */
  readonly perplexity: number;
  /** Mean entropy of what one latent vector reads, in bits: 0 for a code. */
  readonly entropy: number;
}

const IMAGES_AT_A_TIME = 50;

/** Quality over the first `count` test images. */
export function evaluate(model: MemoryVAE | VQVAE, test: LabelledImages, variance: number, count: number): Quality {
  let squares = 0;
  let entropies = 0;
  let vectors = 0;
  const use: number[] = [];
  for (let from = 0; from < count; from += IMAGES_AT_A_TIME) {
    const places = Array.from({ length: Math.min(IMAGES_AT_A_TIME, count - from) }, (_, i) => from + i);
    model.runtime.noGrad(() => {
      const images = imagesOf(model, test, places);
      const made = model.forward(images, { training: false });
      squares += made.error.item() * places.length;
      const { weights, width } = reads(model, images, made);
      for (const [i, weight] of weights.entries()) {
        use[i % width] = (use[i % width] ?? 0) + weight;
        if (weight > 0) entropies -= weight * Math.log2(weight);
      }
      vectors += weights.length / width;
    });
  }
  const error = squares / count;
  const bits = use.reduce((sum, total) => (total > 0 ? sum - (total / vectors) * Math.log2(total / vectors) : sum), 0);
  return {
    error: error / variance,
    psnr: -10 * Math.log10(error),
    perplexity: 2 ** bits,
    entropy: entropies / vectors,
  };
}

/** The test images at these places, and what the model makes of them: numbers of [n, C, H, W] each. */
export function pictures(model: MemoryVAE | VQVAE, test: LabelledImages, places: number[]) {
  return model.runtime.noGrad(() => {
    const images = imagesOf(model, test, places);
    return { images: images.toArray(), again: model.forward(images, { training: false }).images.toArray() };
  });
}

/** Where each latent vector looks, row by row: soft weights, or a one at its code. */
function reads(model: MemoryVAE | VQVAE, images: Tensor, made: Reconstruction | QuantizedReconstruction) {
  if (!('codes' in made)) {
    const weights = (model as MemoryVAE).weights(images);
    return { weights: weights.toArray(), width: weights.shape[1] as number };
  }
  const { codes } = made;
  const width = model.parameters.get('codebook').shape[0] as number;
  const weights = new Float32Array(codes.length * width);
  for (const [row, code] of codes.entries()) weights[row * width + code] = 1;
  return { weights, width };
}

function imagesOf({ runtime }: MemoryVAE | VQVAE, test: LabelledImages, places: number[]): Tensor {
  const { channels, height, width } = test;
  return runtime.tensor(pixelsOf(test, Uint32Array.from(places)).data, [places.length, channels, height, width]);
}
