// The VQ-VAE, the baseline of the memory VAE: it takes the nearest code instead of a soft read.
import { add, scale } from '../../bindings/ops/elementwise.js';
import { mseLoss } from '../../bindings/ops/loss.js';
import { vectorQuantize } from '../../bindings/ops/vector-quantize.js';
import type { Random } from '../../bindings/random.js';
import {
  expectBoolean,
  expectDimensions,
  expectNumber,
  expectOneOf,
  expectOptions,
  fail,
  type OptionKeys,
} from '../../bindings/tensor/check.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { DISPOSE, type Tensor } from '../../bindings/tensor/tensor.js';
import { expectMode, type Mode } from '../layers/batch-norm.js';
import { allOrNothing, expectRandom, expectRuntime, expectSizes } from '../layers/check-model.js';
import { kMeans } from './clusters.js';
import { mapOfRows, rowsOfMap } from './latents.js';
import { MovingAverages } from './moving-averages.js';
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

/** Options of `VQVAE` and its networks. */
export interface VQVAEOptions extends NetworkOptions {
  /** Source of the initial parameters and of restarted codes. */
  random: Random;
  /** Number of codes K, at least 1. Default 512. */
  codebookSize?: number;
  /** Weight of the commitment loss, which pulls latent vectors to their codes; at least 0. Default 0.25. */
  commitment?: number;
  /**
   * Update of the codebook: `average` moves codes to the exponential moving average of their latent vectors, `gradient` trains them by the
   * codebook loss. Default `average`.
   */
  update?: 'gradient' | 'average';
  /** Decay of the moving averages, in [0, 1). Default 0.99. */
  decay?: number;
  /** Standard deviation of the initial codes, at least 0. Default 1. */
  codebookInit?: number;
  /** Restart dead codes from encoder outputs of the current batch; only with moving averages. Default false. */
  restartDeadCodes?: boolean;
}

/** Result of a forward pass of a `VQVAE`. */
export interface QuantizedReconstruction extends Reconstruction {
  /** Chosen codes, N·H/4·W/4 integers in [0, K). */
  readonly codes: Uint32Array;
}

const KEYS: OptionKeys<VQVAEOptions> = {
  ...NETWORK_KEYS,
  random: true,
  codebookSize: true,
  commitment: true,
  update: true,
  decay: true,
  codebookInit: true,
  restartDeadCodes: true,
};

/**
 * Vector-quantised VAE on the networks of the memory VAE: every latent vector is replaced by the nearest code of a codebook [K, D].
 *
 * State: `encoder.*`, `decoder.*`, `codebook`, and with moving averages the buffers `cluster_size` and `cluster_sum`.
 * Source: van den Oord, Vinyals, Kavukcuoglu 2017; moving averages as in its appendix A.1.
 *
 * @example
 * ```ts
 * import { load, Random, VQVAE } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const model = new VQVAE(runtime, { channels: 1, narrow: 8, wide: 16, residual: 8, codebookSize: 32, random });
 * runtime.noGrad(() => {
 *   const { images, codes } = model.forward(random.uniform([2, 1, 16, 16]), { training: false });
 *   console.log(images.shape, codes.length); // → [ 2, 1, 16, 16 ] 32
 * });
 * ```
 */
export class VQVAE {
  /** Trainable parameters and buffers. */
  readonly parameters: Parameters;
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  readonly #codebook: Tensor;
  readonly #averages: MovingAverages | undefined;
  readonly #commitment: number;
  readonly #sizes: Required<NetworkOptions>;

  /**
   * Creates encoder, codebook and decoder.
   *
   * @param runtime Runtime that holds the parameters.
   * @param options Sizes, codebook update and the source of random numbers.
   * @throws {RangeError} An option is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} `runtime`, `options` or `random` is missing or of another kind, or an option is unknown.
   */
  constructor(
    /** Runtime that holds the parameters. */
    readonly runtime: Runtime,
    options: VQVAEOptions,
  ) {
    const { random, sizes, codebook, commitment } = expectVQ(options, runtime);
    this.#commitment = commitment;
    this.#sizes = sizes;
    this.parameters = new Parameters(runtime);
    const scope = (name: string) => this.parameters.scope(name);
    const make = () => {
      const encoder = new Encoder(scope('encoder'), sizes, sizes.latentSize, random);
      const codes = random.fillNormal(this.#createCodebook(codebook), 0, codebook.init);
      // After the codebook, as in the memory VAE, so that both have the same initial encoder and decoder for one seed.
      const decoder = new Decoder(scope('decoder'), sizes, random);
      return { encoder, codes, decoder, averages: this.#createAverages(codes, codebook, random) };
    };
    const parts = allOrNothing(random, make, this.parameters);
    this.#encoder = parts.encoder;
    this.#codebook = parts.codes;
    this.#decoder = parts.decoder;
    this.#averages = parts.averages;
  }

  /**
   * Reconstructs images from the codes nearest to their latent vectors. In training the moving averages take in the batch.
   *
   * @param images Images, [N, C, H, W], pixels in [0, 1]; H and W are multiples of 4.
   * @param options Training or evaluation mode.
   * @returns Reconstructed images, loss, error and chosen codes.
   * @throws {RangeError} `images` has another shape or belongs to another runtime.
   * @throws {TypeError} `images` is not a tensor, or `options` is not `{ training }` with a boolean.
   */
  forward(images: Tensor, options: Mode): QuantizedReconstruction {
    this.parameters.expectAlive('VQVAE.forward');
    const training = expectMode('VQVAE.forward', options);
    const z = this.#encode('VQVAE.forward', images);
    const rows = rowsOfMap(z);
    const { quantized, loss, codes } = vectorQuantize(rows, this.#codebook, {
      commitment: this.#commitment,
      codebookLoss: this.#averages === undefined,
    });
    const reconstructed = this.#decoder.forward(mapOfRows(quantized, z));
    const error = mseLoss(reconstructed, images);
    if (training) this.#averages?.update(rows, codes);
    return { images: reconstructed, loss: add(scale(error, 1 / this.#sizes.variance), loss), error, codes };
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
    this.parameters.expectAlive('VQVAE.encode');
    return this.#encode('VQVAE.encode', images);
  }

  /**
   * Decodes the codes nearest to latent vectors.
   *
   * @param z Latent maps, [N, D, h, w].
   * @returns Images, [N, C, 4h, 4w], in (0, 1).
   * @throws {RangeError} `z` has another shape or belongs to another runtime.
   * @throws {TypeError} `z` is not a tensor.
   */
  decode(z: Tensor): Tensor {
    this.parameters.expectAlive('VQVAE.decode');
    expectLatent('VQVAE.decode', z, this.runtime, this.#sizes.latentSize);
    const { quantized } = vectorQuantize(rowsOfMap(z), this.#codebook);
    return this.#decoder.forward(mapOfRows(quantized, z));
  }

  /**
   * Initialises the codebook with the centers that k-means finds among the latent vectors of `images`.
   *
   * @param images Images, [N, C, H, W], with at least K latent vectors: N·H/4·W/4 ≥ K.
   * @param random Source of the initial centers.
   * @throws {RangeError} `images` has another shape or too few latent vectors, or an object belongs to another runtime.
   * @throws {TypeError} `images` is not a tensor, or `random` is not a Random.
   */
  startAt(images: Tensor, random: Random): void {
    this.parameters.expectAlive('VQVAE.startAt');
    const op = 'VQVAE.startAt';
    expectImages(op, images, this.runtime, this.#sizes.channels);
    expectRandom(op, 'random', random, this.runtime);
    const [size, width] = this.#codebook.shape as [number, number];
    const count = images.size / this.#sizes.channels / 16;
    if (count < size) fail(op, 'images', `have at least ${size} latent vectors`, count);
    const rows = this.runtime.noGrad(() => rowsOfMap(this.#encoder.forward(images)).toArray());
    this.#codebook.set(kMeans(this.runtime, rows, width, size, random));
    this.#averages?.start();
  }

  #encode(op: string, images: Tensor): Tensor {
    expectImages(op, images, this.runtime, this.#sizes.channels);
    return this.#encoder.forward(images);
  }

  #createCodebook({ size, update }: Codebook): Tensor {
    const shape = [size, this.#sizes.latentSize];
    const { parameters } = this;
    return update === 'average' ? parameters.createBuffer('codebook', shape) : parameters.create('codebook', shape);
  }

  #createAverages(codes: Tensor, { update, decay, restartDeadCodes }: Codebook, random: Random) {
    if (update !== 'average') return undefined;
    return new MovingAverages(this.parameters, codes, decay, restartDeadCodes ? random : undefined);
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

/** The options of the codebook. */
interface Codebook extends Required<Pick<VQVAEOptions, 'update' | 'decay' | 'restartDeadCodes'>> {
  readonly size: number;
  /** Standard deviation of the initial codes. */
  readonly init: number;
}

/** The options with their defaults. */
function expectVQ(options: VQVAEOptions, runtime: Runtime) {
  const op = 'VQVAE';
  expectRuntime(op, 'runtime', runtime);
  const { random, ...rest } = expectOptions(op, options, KEYS);
  const { codebookSize = 512, commitment = 0.25, update = 'average', codebookInit = 1 } = rest;
  const { decay = 0.99, restartDeadCodes = false } = rest;
  const sizes = expectNetworks(op, rest);
  expectRandom(op, 'random', random, runtime);
  expectSizes(op, { codebookSize });
  expectDimensions(op, 'the codebook', [codebookSize, sizes.latentSize]);
  for (const [name, value] of Object.entries({ commitment, codebookInit })) expectNumber(op, name, value, 0);
  expectOneOf(op, 'update', update, ['gradient', 'average']);
  expectNumber(op, 'decay', decay, 0, 1 - 2 ** -24);
  expectBoolean(op, 'restartDeadCodes', restartDeadCodes);
  const codebook: Codebook = { size: codebookSize, update, decay, init: codebookInit, restartDeadCodes };
  return { random, sizes, codebook, commitment };
}
