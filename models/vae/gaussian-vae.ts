// A VAE with a Gaussian latent, on the networks of the memory VAE: the baseline that can generate.
import { add, exp, mul, scale, sub } from '../../bindings/ops/elementwise.js';
import { mseLoss } from '../../bindings/ops/loss.js';
import { mean } from '../../bindings/ops/reduce.js';
import { split } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger, expectNumber, fail } from '../../bindings/tensor/check.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { Decoder, Encoder, type NetworkOptions, networkSizes, type Reconstruction } from './networks.js';

/** Options of GaussianVAE, beside those of its networks. */
export interface GaussianVAEOptions extends NetworkOptions {
  /** Source of the initial parameters and of the noise. */
  random: Random;
  /** Weight of the KL divergence, a mean over pixels as the error is, at least 0. Default 1. */
  klWeight?: number;
}

/**
 * Variational auto-encoder with latent maps from N(0, 1) (Kingma and Welling 2014): the encoder tells mean and log variance of
 * every latent number, training draws from there. Keys: `encoder.*`, `decoder.*`. Throws a RangeError for an option out of its range.
 */
export class GaussianVAE {
  /** What is trained, and what is saved. */
  readonly parameters: Parameters;
  readonly #random: Random;
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  readonly #sizes: Required<NetworkOptions>;
  readonly #klWeight: number;

  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    { random, klWeight = 1, ...options }: GaussianVAEOptions,
  ) {
    this.#sizes = networkSizes('GaussianVAE', options);
    expectNumber('GaussianVAE', 'klWeight', klWeight, 0);
    this.#klWeight = klWeight;
    this.#random = random;
    this.parameters = new Parameters(runtime);
    this.#encoder = new Encoder(this.parameters.scope('encoder'), this.#sizes, 2 * this.#sizes.latentSize, random);
    this.#decoder = new Decoder(this.parameters.scope('decoder'), this.#sizes, random);
  }

  /** `images: [N, C, H, W]`, numbers from 0 to 1. In training the latent is drawn, otherwise it is its mean. */
  forward(images: Tensor, { training }: { readonly training: boolean }): Reconstruction {
    const { variance } = this.#sizes;
    const [center, logVariance] = this.#posterior(images);
    const spread = exp(scale(logVariance, 0.5));
    const z = training ? add(center, mul(spread, this.#random.normal(center.shape))) : center;
    const again = this.decode(z);
    const error = mseLoss(again, images);
    // −log p of a pixel with the data's variance is half of error / variance, and the KL divergence ½ Σ (μ² + σ² − ln σ² − 1).
    const moments = sub(add(mul(center, center), mul(spread, spread)), logVariance);
    const divergence = scale(sub(mean(moments), this.runtime.tensor([1], [])), moments.size / images.size);
    return { images: again, loss: add(scale(error, 1 / variance), scale(divergence, this.#klWeight)), error };
  }

  /** The mean of the latent maps: `images: [N, C, H, W] → [N, D, H/4, W/4]`. */
  encode(images: Tensor): Tensor {
    return this.#posterior(images)[0];
  }

  /** Images from latent maps: `z: [N, D, h, w] → [N, C, 4h, 4w]`. */
  decode(z: Tensor): Tensor {
    return this.#decoder.forward(z);
  }

  /** `count` images of `height` × `width`, multiples of 4, from latent maps drawn from N(0, 1): [count, C, height, width]. */
  sample(count: number, height: number, width: number): Tensor {
    for (const [name, value] of Object.entries({ count, height, width })) expectInteger('sample', name, value, 1);
    for (const [name, value] of Object.entries({ height, width })) {
      if (value % 4 !== 0) fail('sample', name, 'be a multiple of 4', value);
    }
    const shape = [count, this.#sizes.latentSize, height / 4, width / 4];
    return this.decode(this.#random.normal(shape));
  }

  #posterior(images: Tensor): [center: Tensor, logVariance: Tensor] {
    const { latentSize } = this.#sizes;
    return split(this.#encoder.forward(images), [latentSize, latentSize], 1);
  }
}
