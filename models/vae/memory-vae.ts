// The memory VAE: a VQ-VAE whose nearest code has become a soft, differentiable read of a memory.
import { attention, attentionWeights, expectSimilarity, type Similarity } from '../../bindings/ops/attention.js';
import { scale } from '../../bindings/ops/elementwise.js';
import { mseLoss } from '../../bindings/ops/loss.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger, expectNumber, fail } from '../../bindings/tensor/check.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { Strength } from '../layers/strength.js';
import { mapOfRows, rowsOfMap } from './latents.js';
import { Decoder, Encoder, type NetworkOptions, networkSizes, type Reconstruction } from './networks.js';

/** Options of MemoryVAE, beside those of its networks. */
export interface MemoryVAEOptions extends NetworkOptions {
  /** Source of the initial parameters. */
  random: Random;
  /** Rows K of the memory. Default 512. */
  memorySize?: number;
  /** How a latent vector is compared with the rows. Default `cosine`. */
  similarity?: Similarity;
  /**
   * β at the start, not 0. Default 20. The published notebook takes the softmax of the squared distance itself, which looks at the rows
   * farthest away: `similarity: 'l2', strength: -1, learnStrength: false`.
   */
  strength?: number;
  /** Whether β is trained; it then stays above 0. Default true. */
  learnStrength?: boolean;
  /**
   * First content of the memory: the standard deviation of a normal distribution (default 10), or bounds of a uniform one. The decoder's
   * first weights are small, and it learns the faster the more it is given to see: 1 takes more than twice the updates.
   * With `l2`, rows so far apart are never read together: begin with 1 there.
   */
  memoryInit?: number | readonly [low: number, high: number];
}

/**
 * Memory VAE: images to latent vectors z, a read `softmax(β · similarity(z, M)) M` of a memory M [K, D], and back to images.
 *
 * Keys: `encoder.*`, `memory`, `decoder.*`, and `strength`, or `log_strength` where it is trained. Height and width of images must be
 * multiples of 4. Throws a RangeError for a size below 1. Source: 'Exploration of External Memory in Variational Auto-Encoder'.
 */
export class MemoryVAE {
  /** What is trained, and what is saved. */
  readonly parameters: Parameters;
  /** How a latent vector is compared with the rows. */
  readonly similarity: Similarity;
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  readonly #memory: Tensor;
  readonly #strength: Strength;
  readonly #variance: number;

  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    { random, ...options }: MemoryVAEOptions,
  ) {
    const { memorySize = 512, similarity = 'cosine', strength = 20, learnStrength = true, memoryInit = 10 } = options;
    const sizes = networkSizes('MemoryVAE', options);
    expectInteger('MemoryVAE', 'memorySize', memorySize, 1);
    expectSimilarity('MemoryVAE', similarity);
    expectNumber('MemoryVAE', 'strength', strength);
    if (strength === 0 || (learnStrength && strength < 0)) {
      fail('MemoryVAE', 'strength', learnStrength ? 'be above 0 to be trained' : 'not be 0', strength);
    }
    this.parameters = new Parameters(runtime);
    this.similarity = similarity;
    this.#variance = sizes.variance;
    this.#encoder = new Encoder(this.parameters.scope('encoder'), sizes, sizes.latentSize, random);
    this.#memory = initialMemory(this.parameters.create('memory', [memorySize, sizes.latentSize]), memoryInit, random);
    this.#decoder = new Decoder(this.parameters.scope('decoder'), sizes, random);
    this.#strength = new Strength(this.parameters, strength, learnStrength);
  }

  /** β. */
  get strength(): number {
    return this.#strength.value;
  }

  /** `images: [N, C, H, W]`, numbers from 0 to 1. */
  forward(images: Tensor): Reconstruction {
    const again = this.decode(this.encode(images));
    const error = mseLoss(again, images);
    return { images: again, loss: scale(error, 1 / this.#variance), error };
  }

  /** `images: [N, C, H, W] → latent vectors: [N, D, H/4, W/4]`. */
  encode(images: Tensor): Tensor {
    return this.#encoder.forward(images);
  }

  /** Images from what latent vectors read: `z: [N, D, h, w] → [N, C, 4h, 4w]`. */
  decode(z: Tensor): Tensor {
    const rows = attention(rowsOfMap(z), this.#memory, this.#memory, this.#how());
    return this.#decoder.forward(mapOfRows(rows, z));
  }

  /** Where every latent vector looks: `images: [N, C, H, W] → [N·H/4·W/4, K]`. */
  weights(images: Tensor): Tensor {
    return attentionWeights(rowsOfMap(this.encode(images)), this.#memory, this.#how());
  }

  #how() {
    return { similarity: this.similarity, strength: this.#strength.tensor() };
  }
}

function initialMemory(memory: Tensor, init: NonNullable<MemoryVAEOptions['memoryInit']>, random: Random): Tensor {
  return typeof init === 'number' ? random.fillNormal(memory, 0, init) : random.fillUniform(memory, init[0], init[1]);
}
