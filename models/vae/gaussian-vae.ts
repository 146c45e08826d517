// A VAE with a Gaussian latent, on the networks of the memory VAE: the baseline that can generate.
import { add, exp, mul, scale, sub } from '../../bindings/ops/elementwise.js';
import { mseLoss } from '../../bindings/ops/loss.js';
import { mean } from '../../bindings/ops/reduce.js';
import { split } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import { expectDimensions, expectNumber, expectOptions, fail, type OptionKeys } from '../../bindings/tensor/check.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { DISPOSE, type Tensor } from '../../bindings/tensor/tensor.js';
import { expectMode, type Mode } from '../layers/batch-norm.js';
import { allOrNothing, expectRandom, expectRuntime, expectSizes } from '../layers/check-model.js';
import {
  Decoder,
  Encoder,
  expectImages,
  expectLatent,
  expectNetworks,
  NETWORK_KEYS,
  type NetworkOptions,
  type Reconstruction,
} from './networks.js';

/** Options of `GaussianVAE` and its networks. */
export interface GaussianVAEOptions extends NetworkOptions {
  /** Source of the initial parameters and of the latent noise. */
  random: Random;
  /** Weight of the KL divergence, which like the error is a mean over pixels; at least 0. Default 1. */
  klWeight?: number;
}

const KEYS: OptionKeys<GaussianVAEOptions> = { ...NETWORK_KEYS, random: true, klWeight: true };

/**
 * Variational auto-encoder with a standard normal prior: the encoder computes mean and log variance of every latent value, and training
 * samples from that distribution.
 *
 * State: `encoder.*`, `decoder.*`. Source: Kingma and Welling 2014.
 *
 * @example
 * ```ts
 * import { GaussianVAE, load, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const model = new GaussianVAE(runtime, { channels: 1, narrow: 8, wide: 16, residual: 8, random });
 * runtime.noGrad(() => {
 *   const { images } = model.forward(random.uniform([2, 1, 16, 16]), { training: false });
 *   console.log(images.shape, model.sample(4, 16, 16).shape); // → [ 2, 1, 16, 16 ] [ 4, 1, 16, 16 ]
 * });
 * ```
 */
export class GaussianVAE {
  /** Trainable parameters. */
  readonly parameters: Parameters;
  readonly #random: Random;
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  readonly #sizes: Required<NetworkOptions>;
  readonly #klWeight: number;

  /**
   * Creates encoder and decoder.
   *
   * @param runtime Runtime that holds the parameters.
   * @param options Sizes, weight of the KL divergence and the source of random numbers.
   * @throws {RangeError} An option is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} `runtime`, `options` or `random` is missing or of another kind, or an option is unknown.
   */
  constructor(
    /** Runtime that holds the parameters. */
    readonly runtime: Runtime,
    options: GaussianVAEOptions,
  ) {
    expectRuntime('GaussianVAE', 'runtime', runtime);
    const { random, klWeight = 1, ...rest } = expectOptions('GaussianVAE', options, KEYS);
    const sizes = expectNetworks('GaussianVAE', rest);
    expectRandom('GaussianVAE', 'random', random, runtime);
    expectNumber('GaussianVAE', 'klWeight', klWeight, 0);
    this.#sizes = sizes;
    this.#klWeight = klWeight;
    this.#random = random;
    this.parameters = new Parameters(runtime);
    const make = (): [Encoder, Decoder] => [
      new Encoder(this.parameters.scope('encoder'), sizes, 2 * sizes.latentSize, random),
      new Decoder(this.parameters.scope('decoder'), sizes, random),
    ];
    [this.#encoder, this.#decoder] = allOrNothing(random, make, this.parameters);
  }

  /**
   * Reconstructs images, in training from a latent sample, in evaluation from the latent mean.
   *
   * @param images Images, [N, C, H, W], pixels in [0, 1]; H and W are multiples of 4.
   * @param options Training or evaluation mode.
   * @returns Reconstructed images, loss and error.
   * @throws {RangeError} `images` has another shape or belongs to another runtime.
   * @throws {TypeError} `images` is not a tensor, or `options` is not `{ training }` with a boolean.
   */
  forward(images: Tensor, options: Mode): Reconstruction {
    this.parameters.expectAlive('GaussianVAE.forward');
    const training = expectMode('GaussianVAE.forward', options);
    const [center, logVariance] = this.#posterior('GaussianVAE.forward', images);
    const deviation = exp(scale(logVariance, 0.5));
    const z = training ? add(center, mul(deviation, this.#random.normal(center.shape))) : center;
    const reconstructed = this.#decoder.forward(z);
    const error = mseLoss(reconstructed, images);
    // −log p of a pixel with the data's variance is half of error / variance, and the KL divergence ½ Σ (μ² + σ² − ln σ² − 1).
    const moments = sub(add(mul(center, center), mul(deviation, deviation)), logVariance);
    const divergence = scale(sub(mean(moments), this.runtime.tensor([1], [])), moments.size / images.size);
    const loss = add(scale(error, 1 / this.#sizes.variance), scale(divergence, this.#klWeight));
    return { images: reconstructed, loss, error };
  }

  /**
   * Encodes images to the means of their latent distributions.
   *
   * @param images Images, [N, C, H, W], pixels in [0, 1]; H and W are multiples of 4.
   * @returns Latent maps, [N, D, H/4, W/4].
   * @throws {RangeError} `images` has another shape or belongs to another runtime.
   * @throws {TypeError} `images` is not a tensor.
   */
  encode(images: Tensor): Tensor {
    this.parameters.expectAlive('GaussianVAE.encode');
    return this.#posterior('GaussianVAE.encode', images)[0];
  }

  /**
   * Decodes latent maps.
   *
   * @param z Latent maps, [N, D, h, w].
   * @returns Images, [N, C, 4h, 4w], in (0, 1).
   * @throws {RangeError} `z` has another shape or belongs to another runtime.
   * @throws {TypeError} `z` is not a tensor.
   */
  decode(z: Tensor): Tensor {
    this.parameters.expectAlive('GaussianVAE.decode');
    expectLatent('GaussianVAE.decode', z, this.runtime, this.#sizes.latentSize);
    return this.#decoder.forward(z);
  }

  /**
   * Generates images from latent maps drawn from N(0, 1).
   *
   * @param count Number of images, at least 1.
   * @param height Height in pixels, a multiple of 4.
   * @param width Width in pixels, a multiple of 4.
   * @returns Images, [count, C, height, width], in (0, 1).
   * @throws {RangeError} `count`, `height` or `width` is out of range.
   */
  sample(count: number, height: number, width: number): Tensor {
    this.parameters.expectAlive('GaussianVAE.sample');
    const op = 'GaussianVAE.sample';
    const { latentSize, channels } = this.#sizes;
    expectSizes(op, { count, height, width });
    for (const [name, value] of Object.entries({ height, width })) {
      if (value % 4 !== 0) fail(op, name, 'be a multiple of 4', value);
    }
    expectDimensions(op, 'the images', [count, channels, height, width]);
    this.runtime.expectStep(op);
    const shape = [count, latentSize, height / 4, width / 4];
    return allOrNothing(this.#random, () => this.#decoder.forward(this.#random.normal(shape)));
  }

  #posterior(op: string, images: Tensor): [center: Tensor, logVariance: Tensor] {
    const { latentSize, channels } = this.#sizes;
    expectImages(op, images, this.runtime, channels);
    return split(this.#encoder.forward(images), [latentSize, latentSize], 1);
  }

  /** Frees the model's memory at once. Otherwise it is freed when the model is garbage-collected. */
  dispose(): void {
    this.parameters.dispose();
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }
}
