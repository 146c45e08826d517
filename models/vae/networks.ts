// Encoder and decoder, shared by the memory VAE, the VQ-VAE and the Gaussian VAE.

import { add, relu, sigmoid } from '../../bindings/ops/elementwise.js';
import type { Random } from '../../bindings/random.js';
import { expectBoolean, expectNumber, fail, type OptionKeys } from '../../bindings/tensor/check.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { expectInput, expectParts, expectSizes, failShape, type Layout } from '../layers/check-model.js';
import { Conv2d, ConvTranspose2d } from '../layers/conv2d.js';

/** Options of encoder and decoder, common to `MemoryVAE`, `VQVAE` and `GaussianVAE`. */
export interface NetworkOptions {
  /** Number of image channels C, at least 1. Default 3. */
  channels?: number;
  /** Channels between the two layers that halve the resolution, at least 1. Default 64. */
  narrow?: number;
  /** Channels at the lowest resolution, at least 1. Default 128. */
  wide?: number;
  /** Channels inside a residual block, at least 1. Default 32. */
  residual?: number;
  /** Residual blocks per network, from 0 to 1024. Default 2. */
  residualBlocks?: number;
  /** Share one block's weights between the residual blocks of a network, as in the published notebook. Default false. */
  tiedResiduals?: boolean;
  /** Size D of a latent vector, at least 1. Default 64. */
  latentSize?: number;
  /**
   * Factor on the initial weights and bias of the encoder's last layer, at least 1e-30. Default 1: PyTorch's initialisation, with latent
   * values of about ±0.07. A decoder learns slowly from values this small; use 10 for a VQ-VAE. The memory VAE's decoder sees memory rows.
   */
  latentInit?: number;
  /** Variance of the image pixels, by which the loss divides the squared error, at least 1e-30. Default 1. */
  variance?: number;
}

/** Result of a forward pass over images. */
export interface Reconstruction {
  /** Reconstructed images, [N, C, H, W], in (0, 1). */
  readonly images: Tensor;
  /** Training loss, []: the error divided by the variance, plus the model's penalty on its latent vectors. */
  readonly loss: Tensor;
  /** Mean squared error per pixel, []. */
  readonly error: Tensor;
}

export const NETWORK_KEYS: OptionKeys<NetworkOptions> = {
  channels: true,
  narrow: true,
  wide: true,
  residual: true,
  residualBlocks: true,
  tiedResiduals: true,
  latentSize: true,
  latentInit: true,
  variance: true,
};

const MIN_POSITIVE = 1e-30;
const IMAGES: Layout = { dims: ['N', 'C', 'H', 'W'], axis: 1, unit: 'channels' };
const LATENT: Layout = { dims: ['N', 'D', 'h', 'w'], axis: 1, unit: 'channels (latentSize)' };

/** The options with their defaults. */
export function expectNetworks(op: string, options: NetworkOptions): Required<NetworkOptions> {
  const { channels = 3, narrow = 64, wide = 128, residual = 32, residualBlocks = 2, latentSize = 64 } = options;
  const { tiedResiduals = false, latentInit = 1, variance = 1 } = options;
  expectSizes(op, { channels, narrow, wide, residual, latentSize });
  expectParts(op, { residualBlocks }, 0);
  expectBoolean(op, 'tiedResiduals', tiedResiduals);
  for (const [name, value] of Object.entries({ latentInit, variance })) expectNumber(op, name, value, MIN_POSITIVE);
  const sizes = { channels, narrow, wide, residual, residualBlocks, latentSize };
  return { ...sizes, tiedResiduals, latentInit, variance };
}

/** `images` must be [N, channels, H, W], with height and width multiples of 4. */
export function expectImages(op: string, images: Tensor, runtime: Runtime, channels: number): void {
  expectInput(op, 'images', images, runtime, IMAGES, channels);
  if (images.size === 0) fail(op, 'images', 'hold at least one pixel', images.shape);
  if (images.shape.slice(2).some((side) => side % 4 !== 0)) {
    failShape(op, 'images', 'have a height and a width that are multiples of 4', images.shape);
  }
}

/** `z` must be latent maps, [N, latentSize, h, w]. */
export function expectLatent(op: string, z: Tensor, runtime: Runtime, latentSize: number): void {
  expectInput(op, 'z', z, runtime, LATENT, latentSize);
  if (z.size === 0) fail(op, 'z', 'hold at least one latent vector', z.shape);
}

const halve = { stride: 2, padding: 1 };
const keep = { padding: 1 };

/** Images to latent maps of a quarter of the height and width: conv 4×4/2, 4×4/2, 3×3, residual blocks, 1×1. */
export class Encoder {
  readonly #first: Conv2d;
  readonly #second: Conv2d;
  readonly #third: Conv2d;
  readonly #residuals: Residuals;
  readonly #last: Conv2d;

  /** `outputs`: channels of the latent map. */
  constructor(parameters: ParameterScope, sizes: Required<NetworkOptions>, outputs: number, random: Random) {
    const { channels, narrow, wide, latentInit } = sizes;
    this.#first = new Conv2d(parameters.scope('conv_1'), channels, narrow, 4, random, halve);
    this.#second = new Conv2d(parameters.scope('conv_2'), narrow, wide, 4, random, halve);
    this.#third = new Conv2d(parameters.scope('conv_3'), wide, wide, 3, random, keep);
    this.#residuals = new Residuals(parameters.scope('residuals'), sizes, random);
    this.#last = new Conv2d(parameters.scope('conv_4'), wide, outputs, 1, random);
    for (const tensor of [this.#last.weight, this.#last.bias as Tensor]) {
      tensor.set(tensor.toArray().map((value) => latentInit * value));
    }
  }

  /** `images: [N, channels, H, W] → [N, outputs, H/4, W/4]`. */
  forward(images: Tensor): Tensor {
    const features = this.#third.forward(relu(this.#second.forward(relu(this.#first.forward(images)))));
    return this.#last.forward(this.#residuals.forward(features));
  }
}

/** The reverse: conv 3×3, residual blocks, transposed conv 4×4/2, 4×4/2, sigmoid. */
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

/** Residual blocks of ReLU, conv 3×3, ReLU, conv 1×1, without biases, and a ReLU at the end. */
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
