// A network that reads one prototype image, compares the input with it, and classifies.
import {
  add,
  BatchNorm1d,
  GumbelMemory,
  Linear,
  type Mode,
  mul,
  Parameters,
  type Random,
  type Runtime,
  reshape,
  sub,
  type Tensor,
} from 'tapehead';
import { classNames } from '../data/fashion-mnist.js';

export interface NetOptions {
  readonly random: Random;
  readonly hiddenSizes: readonly number[];
  /** Read a single image; otherwise a weighted mean of all. */
  readonly hard: boolean;
  /** Compare the input with the image read; otherwise classify by the image alone. */
  readonly compare: boolean;
}

/**
 * The input x selects an image r of the bank. The logits are a linear function of r and of one number: a learned
 * weighted sum of the squared differences between x and r. Nothing else of x reaches the logits.
 */
export class PrototypeNet {
  readonly parameters: Parameters;
  readonly memory: GumbelMemory;
  readonly #imageLogits: Linear;
  readonly #distance: Linear;
  readonly #norm: BatchNorm1d;
  readonly #distanceLogits: Linear;
  readonly #compare: boolean;

  /** `bank: [N, height, width]`. */
  constructor(runtime: Runtime, bank: Tensor, { random, hiddenSizes, hard, compare }: NetOptions) {
    const pixels = bank.size / (bank.shape[0] as number);
    const classes = classNames.length;
    this.parameters = new Parameters(runtime);
    const { parameters } = this;
    this.memory = new GumbelMemory(runtime, { bank, random, parameters, inputSize: pixels, hiddenSizes, hard });
    this.#imageLogits = new Linear(parameters.scope('image_logits'), pixels, classes, random);
    this.#distance = new Linear(parameters.scope('distance'), pixels, 1, random);
    this.#norm = new BatchNorm1d(parameters.scope('norm'), 1);
    this.#distanceLogits = new Linear(parameters.scope('distance_logits'), 1, classes, random);
    this.#compare = compare;
  }

  /** `x: [B, height · width] → { logits: [B, classes], image: [B, height · width], addresses }`. */
  forward(x: Tensor, { training, tau }: Mode & { readonly tau: number }) {
    const { read, addresses } = this.memory.forward(x, { training, tau });
    const image = reshape(read, x.shape);
    const logits = this.#imageLogits.forward(image);
    if (!this.#compare) return { logits, image, addresses };
    const difference = sub(x, image);
    const distance = this.#norm.forward(this.#distance.forward(mul(difference, difference)), { training });
    return { logits: add(logits, this.#distanceLogits.forward(distance)), image, addresses };
  }

  /** Logits of the bank's images alone: [N, classes]. */
  bankLogits(): Tensor {
    const { bank, memorySize } = this.memory;
    return this.#imageLogits.forward(reshape(bank, [memorySize, bank.size / memorySize]));
  }
}
