// The memory VAE: a VQ-VAE in which a soft, differentiable read of a memory replaces the nearest code.
import { attention, attentionWeights, type Similarity } from '../../bindings/ops/attention.js';
import { scale } from '../../bindings/ops/elementwise.js';
import { mseLoss } from '../../bindings/ops/loss.js';
import type { Random } from '../../bindings/random.js';
import {
  expectBoolean,
  expectDimensions,
  expectNumber,
  expectOneOf,
  expectOptions,
  fail,
  failType,
  isArray,
  type OptionKeys,
} from '../../bindings/tensor/check.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { DISPOSE, type Tensor } from '../../bindings/tensor/tensor.js';
import { allOrNothing, expectRandom, expectRuntime, expectSizes } from '../layers/check-model.js';
import { Strength } from '../layers/strength.js';
import { mapOfRows, rowsOfMap } from './latents.js';
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

/** Options of `MemoryVAE` and its networks. */
export interface MemoryVAEOptions extends NetworkOptions {
  /** Source of the initial parameters. */
  random: Random;
  /** Number of memory rows K, at least 1. Default 512. */
  memorySize?: number;
  /** Similarity of latent vectors and memory rows: `cosine`, `dot`, or `l2` (negative squared distance). Default `cosine`. */
  similarity?: Similarity;
  /**
   * Initial inverse temperature β, not 0, and positive if learned. Default 20. The published notebook takes the softmax of the squared
   * distance itself, which prefers the farthest rows: `similarity: 'l2', strength: -1, learnStrength: false`.
   */
  strength?: number;
  /** Train β, which then stays positive. Default true. */
  learnStrength?: boolean;
  /**
   * Initial memory: standard deviation of a normal distribution (default 10), or bounds of a uniform one. The decoder's initial weights
   * are small, and it learns faster from large inputs: with 1, training takes more than twice the updates. With `l2`, rows this far apart
   * are never read together: use 1.
   */
  memoryInit?: number | readonly [low: number, high: number];
}

const KEYS: OptionKeys<MemoryVAEOptions> = {
  ...NETWORK_KEYS,
  random: true,
  memorySize: true,
  similarity: true,
  strength: true,
  learnStrength: true,
  memoryInit: true,
};

/**
 * Memory VAE: encodes images to latent vectors z, reads `softmax(β · similarity(z, M)) M` from a memory M [K, D], and decodes what it read.
 *
 * State: `encoder.*`, `memory`, `decoder.*`, and `strength` or, if learned, `log_strength`.
 * Source: 'Exploration of External Memory in Variational Auto-Encoder'.
 *
 * @example
 * ```ts
 * import { load, MemoryVAE, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const model = new MemoryVAE(runtime, { channels: 1, narrow: 8, wide: 16, residual: 8, memorySize: 32, random });
 * runtime.noGrad(() => {
 *   const { images, error } = model.forward(random.uniform([2, 1, 16, 16]));
 *   console.log(images.shape, error.item() < 1); // → [ 2, 1, 16, 16 ] true
 * });
 * ```
 */
export class MemoryVAE {
  /** Trainable parameters and buffers. */
  readonly parameters: Parameters;
  /** Similarity of latent vectors and memory rows. */
  readonly similarity: Similarity;
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  readonly #memory: Tensor;
  readonly #strength: Strength;
  readonly #sizes: Required<NetworkOptions>;

  /**
   * Creates encoder, memory and decoder.
   *
   * @param runtime Runtime that holds the parameters.
   * @param options Sizes, similarity and the source of initial values.
   * @throws {RangeError} An option is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} `runtime`, `options` or `random` is missing or of another kind, or an option is unknown.
   */
  constructor(
    /** Runtime that holds the parameters. */
    readonly runtime: Runtime,
    options: MemoryVAEOptions,
  ) {
    expectRuntime('MemoryVAE', 'runtime', runtime);
    const { random, ...rest } = expectOptions('MemoryVAE', options, KEYS);
    const { memorySize = 512, similarity = 'cosine', strength = 20, learnStrength = true, memoryInit = 10 } = rest;
    const sizes = expectNetworks('MemoryVAE', rest);
    expectRandom('MemoryVAE', 'random', random, runtime);
    expectSizes('MemoryVAE', { memorySize });
    expectDimensions('MemoryVAE', 'the memory', [memorySize, sizes.latentSize]);
    expectOneOf('MemoryVAE', 'similarity', similarity, ['dot', 'l2', 'cosine']);
    expectBoolean('MemoryVAE', 'learnStrength', learnStrength);
    expectStrength(strength, learnStrength);
    expectMemoryInit(memoryInit);
    this.parameters = new Parameters(runtime);
    this.similarity = similarity;
    this.#sizes = sizes;
    const scope = (name: string) => this.parameters.scope(name);
    const make = () => ({
      encoder: new Encoder(scope('encoder'), sizes, sizes.latentSize, random),
      memory: fill(this.parameters.create('memory', [memorySize, sizes.latentSize]), memoryInit, random),
      decoder: new Decoder(scope('decoder'), sizes, random),
      strength: new Strength(this.parameters, strength, learnStrength),
    });
    const parts = allOrNothing(random, make, this.parameters);
    this.#encoder = parts.encoder;
    this.#memory = parts.memory;
    this.#decoder = parts.decoder;
    this.#strength = parts.strength;
  }

  /** Inverse temperature β. */
  get strength(): number {
    this.parameters.expectAlive('MemoryVAE.strength');
    return this.#strength.value;
  }

  /**
   * Reconstructs images.
   *
   * @param images Images, [N, C, H, W], pixels in [0, 1]; H and W are multiples of 4.
   * @returns Reconstructed images, loss and error.
   * @throws {RangeError} `images` has another shape or belongs to another runtime.
   * @throws {TypeError} `images` is not a tensor.
   */
  forward(images: Tensor): Reconstruction {
    this.parameters.expectAlive('MemoryVAE.forward');
    const reconstructed = this.#read(this.#encode('MemoryVAE.forward', images));
    const error = mseLoss(reconstructed, images);
    return { images: reconstructed, loss: scale(error, 1 / this.#sizes.variance), error };
  }

  /**
   * Encodes images to latent vectors.
   *
   * @param images Images, [N, C, H, W], pixels in [0, 1]; H and W are multiples of 4.
   * @returns Latent maps, [N, D, H/4, W/4].
   * @throws {RangeError} `images` has another shape or belongs to another runtime.
   * @throws {TypeError} `images` is not a tensor.
   */
  encode(images: Tensor): Tensor {
    this.parameters.expectAlive('MemoryVAE.encode');
    return this.#encode('MemoryVAE.encode', images);
  }

  /**
   * Decodes what latent vectors read from the memory.
   *
   * @param z Latent maps, [N, D, h, w].
   * @returns Images, [N, C, 4h, 4w], in (0, 1).
   * @throws {RangeError} `z` has another shape or belongs to another runtime.
   * @throws {TypeError} `z` is not a tensor.
   */
  decode(z: Tensor): Tensor {
    this.parameters.expectAlive('MemoryVAE.decode');
    expectLatent('MemoryVAE.decode', z, this.runtime, this.#sizes.latentSize);
    return this.#read(z);
  }

  /**
   * Computes the attention weights of every latent vector of images.
   *
   * @param images Images, [N, C, H, W], pixels in [0, 1]; H and W are multiples of 4.
   * @returns Weights over the memory rows, [N·H/4·W/4, K].
   * @throws {RangeError} `images` has another shape or belongs to another runtime.
   * @throws {TypeError} `images` is not a tensor.
   */
  weights(images: Tensor): Tensor {
    this.parameters.expectAlive('MemoryVAE.weights');
    return attentionWeights(rowsOfMap(this.#encode('MemoryVAE.weights', images)), this.#memory, this.#attention());
  }

  #encode(op: string, images: Tensor): Tensor {
    expectImages(op, images, this.runtime, this.#sizes.channels);
    return this.#encoder.forward(images);
  }

  #read(z: Tensor): Tensor {
    const rows = attention(rowsOfMap(z), this.#memory, this.#memory, this.#attention());
    return this.#decoder.forward(mapOfRows(rows, z));
  }

  #attention() {
    return { similarity: this.similarity, strength: this.#strength.tensor() };
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

function expectStrength(strength: number, learned: boolean): void {
  expectNumber('MemoryVAE', 'strength', strength);
  if (learned && strength < 0) fail('MemoryVAE', 'strength', 'be positive if it is learned', strength);
  if (Math.fround(strength) === 0) fail('MemoryVAE', 'strength', 'not be 0', strength);
}

function expectMemoryInit(init: Required<MemoryVAEOptions>['memoryInit']): void {
  if (typeof init === 'number') expectNumber('MemoryVAE', 'memoryInit', init, 0);
  else if (!isArray(init) || init.length !== 2) {
    failType('MemoryVAE', 'memoryInit', 'be a number or a pair of bounds', init);
  } else {
    expectNumber('MemoryVAE', 'memoryInit[0]', init[0]);
    expectNumber('MemoryVAE', 'memoryInit[1]', init[1], init[0]);
  }
}

function fill(memory: Tensor, init: Required<MemoryVAEOptions>['memoryInit'], random: Random): Tensor {
  return typeof init === 'number' ? random.fillNormal(memory, 0, init) : random.fillUniform(memory, init[0], init[1]);
}
