// The encoder and the decoder that the memory VAE, the VQ-VAE and the Gaussian VAE share.

import { add, relu, sigmoid } from '../../bindings/ops/elementwise.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger, expectNumber, fail } from '../../bindings/tensor/check.js';
import { expectShape } from '../../bindings/tensor/check-tensor.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { Conv2d, ConvTranspose2d } from '../layers/conv2d.js';

/** Sizes and first weights of encoder and decoder. */
export interface NetworkOptions {
  /** Channels of an image. Default 3. */
  channels?: number;
  /** Channels between the two layers that halve the image. Default 64. */
  narrow?: number;
  /** Channels within. Default 128. */
  wide?: number;
  /** Channels inside a residual block. Default 32. */
  residual?: number;
  /** Residual blocks of each network, at least 0. Default 2. */
  residualBlocks?: number;
  /** Whether the blocks of a network share one block's weights, as in the published notebook. Default false. */
  tiedResiduals?: boolean;
  /** Numbers D in a latent vector. Default 64. */
  latentSize?: number;
  /**
   * Factor on the first weights and bias of the encoder's last layer, above 0. Default 1: PyTorch's start, latent numbers of about ±0.07.
   * A decoder that learns from so little learns slowly; a VQ-VAE wants 10. The memory VAE's decoder sees rows of the memory instead.
   */
  latentInit?: number;
  /** Variance of the images' pixels, by which the loss divides the error. Default 1. */
  variance?: number;
}

/** What a model makes of images. */
export interface Reconstruction {
  /** The images again, in (0, 1): [N, C, H, W]. */
  readonly images: Tensor;
  /** What training minimizes: the error divided by the variance, and what else the model asks of its latent vectors: []. */
  readonly loss: Tensor;
  /** Mean squared error of a pixel: []. */
  readonly error: Tensor;
}

/** The options with every default filled in. */
export function networkSizes(op: string, options: NetworkOptions): Required<NetworkOptions> {
  const defaults = { channels: 3, narrow: 64, wide: 128, residual: 32, residualBlocks: 2, latentSize: 64 };
  const sizes = { ...defaults, tiedResiduals: false, latentInit: 1, variance: 1, ...options };
  for (const name of Object.keys(defaults) as (keyof typeof defaults)[]) {
    expectInteger(op, name, sizes[name], name === 'residualBlocks' ? 0 : 1);
  }
  expectNumber(op, 'latentInit', sizes.latentInit, SMALLEST);
  expectNumber(op, 'variance', sizes.variance, SMALLEST);
  return sizes;
}

const SMALLEST = 1e-30;

const halve = { stride: 2, padding: 1 };
const keep = { padding: 1 };

/** Images to latent maps a quarter as high and wide: conv 4×4/2, 4×4/2, 3×3, residual blocks, 1×1. */
export class Encoder {
  readonly #first: Conv2d;
  readonly #second: Conv2d;
  readonly #third: Conv2d;
  readonly #residuals: Residuals;
  readonly #last: Conv2d;
  readonly #channels: number;

  /** `outputs`: channels of the latent map. */
  constructor(parameters: ParameterScope, sizes: Required<NetworkOptions>, outputs: number, random: Random) {
    const { channels, narrow, wide, latentInit } = sizes;
    this.#channels = channels;
    this.#first = new Conv2d(parameters.scope('conv_1'), channels, narrow, 4, random, halve);
    this.#second = new Conv2d(parameters.scope('conv_2'), narrow, wide, 4, random, halve);
    this.#third = new Conv2d(parameters.scope('conv_3'), wide, wide, 3, random, keep);
    this.#residuals = new Residuals(parameters.scope('residuals'), sizes, random);
    this.#last = new Conv2d(parameters.scope('conv_4'), wide, outputs, 1, random);
    for (const tensor of [this.#last.weight, this.#last.bias as Tensor]) {
      tensor.set(tensor.toArray().map((value) => latentInit * value));
    }
  }

  /** `images: [N, channels, H, W] → [N, outputs, H/4, W/4]`. Throws a RangeError for other channels and for sizes that are no multiples of 4. */
  forward(images: Tensor): Tensor {
    expectShape('encode', 'images', images, -1, this.#channels, -1, -1);
    const [, , height, width] = images.shape as [number, number, number, number];
    if (height % 4 !== 0 || width % 4 !== 0) {
      fail('encode', 'images', 'have a height and a width that are multiples of 4', images.shape);
    }
    const features = this.#third.forward(relu(this.#second.forward(relu(this.#first.forward(images)))));
    return this.#last.forward(this.#residuals.forward(features));
  }
}

/** The converse: conv 3×3, residual blocks, transposed conv 4×4/2, 4×4/2, sigmoid. */
export class Decoder {
  readonly #first: Conv2d;
  readonly #residuals: Residuals;
  readonly #second: ConvTranspose2d;
  readonly #last: ConvTranspose2d;

  constructor(parameters: ParameterScope, sizes: Required<NetworkOptions>, random: Random) {
    const { channels, narrow, wide, latentSize } = sizes;
    this.#first = new Conv2d(parameters.scope('conv_1'), latentSize, wide, 3, random, keep);
    this.#residuals = new Residuals(parameters.scope('residuals'), sizes, random);
    this.#second = new ConvTranspose2d(parameters.scope('conv_2'), wide, narrow, 4, random, halve);
    this.#last = new ConvTranspose2d(parameters.scope('conv_3'), narrow, channels, 4, random, halve);
  }

  /** `z: [N, latentSize, h, w] → images in (0, 1): [N, channels, 4h, 4w]`. */
  forward(z: Tensor): Tensor {
    const features = this.#residuals.forward(this.#first.forward(z));
    return sigmoid(this.#last.forward(relu(this.#second.forward(features))));
  }
}

/** Blocks of ReLU, conv 3×3, ReLU, conv 1×1 with a way around them, and a ReLU at the end; no biases. */
class Residuals {
  readonly #blocks: readonly { readonly spread: Conv2d; readonly join: Conv2d }[];

  constructor(
    parameters: ParameterScope,
    { wide, residual, residualBlocks, tiedResiduals }: Required<NetworkOptions>,
    random: Random,
  ) {
    const block = (_: unknown, i: number) => ({
      spread: new Conv2d(parameters.scope(`${i}.conv_1`), wide, residual, 3, random, { ...keep, bias: false }),
      join: new Conv2d(parameters.scope(`${i}.conv_2`), residual, wide, 1, random, { bias: false }),
    });
    const made = Array.from({ length: tiedResiduals ? Math.min(residualBlocks, 1) : residualBlocks }, block);
    this.#blocks = Array.from({ length: residualBlocks }, (_, i) => made[tiedResiduals ? 0 : i] as (typeof made)[0]);
  }

  forward(x: Tensor): Tensor {
    const sum = this.#blocks.reduce((x, { spread, join }) => {
      const active = relu(x);
      return add(active, join.forward(relu(spread.forward(active))));
    }, x);
    return relu(sum);
  }
}
