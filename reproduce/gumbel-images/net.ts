// A net that reads one prototype image, compares the input with it, and says the class by what it has read.
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
  /** Read one image; otherwise a blend of all. */
  readonly hard: boolean;
  /** Whether the input is compared with what was read; otherwise the class is said by the image read alone. */
  readonly compare: boolean;
}

/**
 * The input x chooses an image r of the bank. The class is a linear function of r and of one number: a weighted sum of the
 * squared differences between x and r, its weights learned. Nothing else of x reaches the class.
 */
export class PrototypeNet {
  readonly parameters: Parameters;
  readonly memory: GumbelMemory;
  readonly #shows: Linear;
  readonly #distance: Linear;
  readonly #norm: BatchNorm1d;
  readonly #tells: Linear;
  readonly #compare: boolean;

  /** `bank: [N, height, width]`. */
  constructor(runtime: Runtime, bank: Tensor, { random, hiddenSizes, hard, compare }: NetOptions) {
    const pixels = bank.size / (bank.shape[0] as number);
    const classes = classNames.length;
    this.parameters = new Parameters(runtime);
    const { parameters } = this;
    this.memory = new GumbelMemory(runtime, { bank, random, parameters, inputSize: pixels, hiddenSizes, hard });
    this.#shows = new Linear(parameters.scope('shows'), pixels, classes, random);
    this.#distance = new Linear(parameters.scope('distance'), pixels, 1, random);
    this.#norm = new BatchNorm1d(parameters.scope('norm'), 1);
    this.#tells = new Linear(parameters.scope('tells'), 1, classes, random);
    this.#compare = compare;
  }

  /** `x: [B, height · width] → { logits: [B, classes], image: [B, height · width], addresses }`. */
  forward(x: Tensor, mode: Mode & { readonly tau: number }) {
    const { read, addresses } = this.memory.forward(x, mode);
    const image = reshape(read, x.shape);
    const shown = this.#shows.forward(image);
    if (!this.#compare) return { logits: shown, image, addresses };
    const difference = sub(x, image);
    const distance = this.#norm.forward(this.#distance.forward(mul(difference, difference)), mode);
    return { logits: add(shown, this.#tells.forward(distance)), image, addresses };
  }

  /** What the images of the bank show by themselves: logits [N, classes]. */
  bankLogits(): Tensor {
    const { bank, memorySize } = this.memory;
    return this.#shows.forward(reshape(bank, [memorySize, bank.size / memorySize]));
  }
}
