// The VQ-VAE that the memory VAE is measured against: the nearest code in place of a soft read.
import { add, scale } from '../../bindings/ops/elementwise.js';
import { mseLoss } from '../../bindings/ops/loss.js';
import { vectorQuantize } from '../../bindings/ops/vector-quantize.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger, expectNumber, fail } from '../../bindings/tensor/check.js';
import { type ParameterScope, Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { kMeans, sumsByCode } from './clusters.js';
import { mapOfRows, rowsOfMap } from './latents.js';
import { Decoder, Encoder, type NetworkOptions, networkSizes, type Reconstruction } from './networks.js';

/** Options of VQVAE, beside those of its networks. */
export interface VQVAEOptions extends NetworkOptions {
  /** Source of the initial parameters and of codes that are started anew. */
  random: Random;
  /** Codes K. Default 512. */
  codebookSize?: number;
  /** Weight of the term that draws latent vectors to their codes. Default 0.25. */
  commitment?: number;
  /**
   * How codes move: `gradient`, by the codebook loss, or `average`, to the moving average of the latent vectors that chose them
   * (default).
   */
  update?: 'gradient' | 'average';
  /** Share of a moving average that is kept in an update, in [0, 1). Default 0.99. */
  decay?: number;
  /** Standard deviation of the first codes. Default 1. */
  codebookInit?: number;
  /** Whether codes that hardly anyone chooses are started anew at latent vectors of the batch. Default false. */
  restartDeadCodes?: boolean;
}

/** A reconstruction, and the codes it was made from. */
export interface QuantizedReconstruction extends Reconstruction {
  /** The codes chosen: N·H/4·W/4 numbers below K. */
  readonly codes: Uint32Array;
}

/** Laplace smoothing of the counts, as if every code had been chosen this often. */
const SMOOTHING = 1e-5;
/** A code chosen less often than this in the moving average is dead. */
const DEAD = 0.01;

/**
 * VQ-VAE (van den Oord, Vinyals, Kavukcuoglu 2017) on the networks of the memory VAE.
 *
 * Keys: `encoder.*`, `decoder.*`, `codebook`, and for moving averages `cluster_size` and `cluster_sum`. Throws a RangeError for an
 * option out of its range. Source of the moving averages: appendix A.1.
 */
export class VQVAE {
  /** What is trained, and what is saved. */
  readonly parameters: Parameters;
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  readonly #codebook: Tensor;
  readonly #averages: MovingAverages | undefined;
  readonly #commitment: number;
  readonly #variance: number;

  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    { random, ...options }: VQVAEOptions,
  ) {
    const { codebookSize = 512, commitment = 0.25, update = 'average', codebookInit = 1 } = options;
    const { decay = 0.99, restartDeadCodes = false } = options;
    const sizes = networkSizes('VQVAE', options);
    expectInteger('VQVAE', 'codebookSize', codebookSize, 1);
    expectNumber('VQVAE', 'commitment', commitment, 0);
    expectNumber('VQVAE', 'decay', decay, 0, 1 - 2 ** -24);
    if (update !== 'gradient' && update !== 'average') fail('VQVAE', 'update', 'be gradient or average', update);
    this.#commitment = commitment;
    this.#variance = sizes.variance;
    this.parameters = new Parameters(runtime);
    this.#encoder = new Encoder(this.parameters.scope('encoder'), sizes, sizes.latentSize, random);
    const shape: [number, number] = [codebookSize, sizes.latentSize];
    this.#codebook =
      update === 'average'
        ? this.parameters.createBuffer('codebook', shape)
        : this.parameters.create('codebook', shape);
    random.fillNormal(this.#codebook, 0, codebookInit);
    // Made last, as in the memory VAE, so that both begin alike from one seed.
    this.#decoder = new Decoder(this.parameters.scope('decoder'), sizes, random);
    if (update === 'average') {
      this.#averages = new MovingAverages(
        this.parameters,
        this.#codebook,
        decay,
        restartDeadCodes ? random : undefined,
      );
    }
  }

  /** `images: [N, C, H, W]`, numbers from 0 to 1. In training the moving averages take in this batch. */
  forward(images: Tensor, { training }: { readonly training: boolean }): QuantizedReconstruction {
    const z = this.encode(images);
    const rows = rowsOfMap(z);
    const { quantized, loss, codes } = vectorQuantize(rows, this.#codebook, {
      commitment: this.#commitment,
      codebookLoss: this.#averages === undefined,
    });
    const again = this.#decoder.forward(mapOfRows(quantized, z));
    const error = mseLoss(again, images);
    if (training) this.#averages?.update(rows, codes);
    return { images: again, loss: add(scale(error, 1 / this.#variance), loss), error, codes };
  }

  /** `images: [N, C, H, W] → latent vectors: [N, D, H/4, W/4]`. */
  encode(images: Tensor): Tensor {
    return this.#encoder.forward(images);
  }

  /** Images from the codes nearest to latent vectors: `z: [N, D, h, w] → [N, C, 4h, 4w]`. */
  decode(z: Tensor): Tensor {
    const { quantized } = vectorQuantize(rowsOfMap(z), this.#codebook);
    return this.#decoder.forward(mapOfRows(quantized, z));
  }

  /** Places codes at the latent vectors of `images`, spread by k-means. At least as many vectors as codes are wanted. */
  startAt(images: Tensor, random: Random): void {
    const rows = this.runtime.noGrad(() => rowsOfMap(this.encode(images)).toArray());
    const [size, width] = this.#codebook.shape as [number, number];
    if (rows.length < size * width)
      fail('startAt', 'images', `give at least ${size} latent vectors`, rows.length / width);
    this.#codebook.set(kMeans(this.runtime, rows, width, size, random));
    this.#averages?.start();
  }
}

/** Codes that follow the moving averages of the vectors which chose them. */
class MovingAverages {
  readonly #codebook: Tensor;
  readonly #size: Tensor;
  readonly #sum: Tensor;
  readonly #decay: number;
  readonly #random: Random | undefined;

  /** With `random`, dead codes are started anew. */
  constructor(parameters: ParameterScope, codebook: Tensor, decay: number, random: Random | undefined) {
    this.#codebook = codebook;
    this.#decay = decay;
    this.#random = random;
    this.#size = parameters.createBuffer('cluster_size', [codebook.shape[0] as number]);
    this.#sum = parameters.createBuffer('cluster_sum', codebook.shape);
    this.start();
  }

  /** As if every code had been chosen once, by a vector that equals it. */
  start(): void {
    this.#size.set(new Float32Array(this.#size.size).fill(1));
    this.#sum.set(this.#codebook.toArray());
  }

  /** Takes in a batch of vectors and the codes they chose. */
  update(rows: Tensor, chosen: Uint32Array): void {
    const [size, width] = this.#codebook.shape as [number, number];
    const vectors = rows.toArray();
    const [sums, counts] = sumsByCode(vectors, chosen, size, width);
    const mix = (old: Float32Array, now: Float64Array) =>
      old.map((value, i) => this.#decay * value + (1 - this.#decay) * (now[i] as number));
    const sizes = mix(this.#size.toArray(), counts);
    const totals = mix(this.#sum.toArray(), sums);
    if (this.#random !== undefined) revive(sizes, totals, vectors, width, this.#random);
    const all = sizes.reduce((a, b) => a + b, 0);
    this.#size.set(sizes);
    this.#sum.set(totals);
    this.#codebook.set(
      totals.map((total, i) => {
        const smooth = (((sizes[Math.floor(i / width)] as number) + SMOOTHING) / (all + size * SMOOTHING)) * all;
        return total / smooth;
      }),
    );
  }
}

/** Dead codes begin anew at vectors of the batch, as if chosen once. */
function revive(sizes: Float32Array, totals: Float32Array, rows: Float32Array, width: number, random: Random): void {
  for (const [code, size] of sizes.entries()) {
    if (size >= DEAD) continue;
    const row = random.integer(0, rows.length / width);
    sizes[code] = 1;
    totals.set(rows.subarray(row * width, (row + 1) * width), code * width);
  }
}
