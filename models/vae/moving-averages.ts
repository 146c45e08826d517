// The codebook update of the VQ-VAE by exponential moving averages.
import type { Random } from '../../bindings/random.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { sumsByCode } from './clusters.js';

/** Laplace smoothing of the counts. */
const SMOOTHING = 1e-5;
/** A code with a smaller average count is dead. */
const MIN_COUNT = 0.01;

/** Exponential moving averages of the latent vectors that chose each code; the codebook follows them. */
export class MovingAverages {
  readonly #codebook: Tensor;
  readonly #size: Tensor;
  readonly #sum: Tensor;
  readonly #decay: number;
  readonly #random: Random | undefined;

  /** With `random`, dead codes are restarted. */
  constructor(parameters: ParameterScope, codebook: Tensor, decay: number, random: Random | undefined) {
    this.#codebook = codebook;
    this.#decay = decay;
    this.#random = random;
    this.#size = parameters.createBuffer('cluster_size', [codebook.shape[0] as number]);
    this.#sum = parameters.createBuffer('cluster_sum', codebook.shape);
    this.start();
  }

  /** Resets the averages as if every code had been chosen once, by a vector equal to it. */
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
    if (this.#random !== undefined) restart(sizes, totals, vectors, width, this.#random);
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

/** Restarts dead codes at latent vectors of the batch, as if chosen once. */
function restart(sizes: Float32Array, totals: Float32Array, rows: Float32Array, width: number, random: Random): void {
  for (const [code, size] of sizes.entries()) {
    if (size >= MIN_COUNT) continue;
    const row = random.integer(0, rows.length / width);
    sizes[code] = 1;
    totals.set(rows.subarray(row * width, (row + 1) * width), code * width);
  }
}
