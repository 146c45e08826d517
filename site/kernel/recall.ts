// A kernel memory of M keys: its fit, one iteration per update, and its error.
import { KernelMemory, type KernelMemoryFit, mseLoss, Random, type Tensor } from 'tapehead';

/** Query pixels of images, [·, m], and the images, [·, 28·28]. */
export interface Examples {
  readonly given: Tensor;
  readonly images: Tensor;
}

export const SIMILARITY = 'l2';
const LEARNING_RATE = 0.05;
/** The learning rate falls to this share of the initial one. */
const LAST_SHARE = 0.02;
/** β times the number of query pixels: squared distances grow with it. */
const SHARPNESS = 4;

export class Recall {
  readonly #fit: KernelMemoryFit;
  /** Progress of the fit, from 0 to 1. */
  #progress = 0;

  /** The initial keys are the query pixels of `memorySize` images. */
  constructor({ given, images }: Examples, memorySize: number, seed: number) {
    this.#fit = KernelMemory.startFit(given.runtime, given, images, {
      memorySize,
      similarity: SIMILARITY,
      strength: SHARPNESS / (given.shape[1] as number),
      learningRate: () => LEARNING_RATE * Math.max(1 - this.#progress, LAST_SHARE),
      initialKeys: 'rows',
      random: new Random(given.runtime, seed),
    });
  }

  get memory(): KernelMemory {
    return this.#fit.memory;
  }

  /** Runs one iteration and returns the error on the training images. `progress` goes from 0 to 1. */
  update(progress: number): number {
    this.#progress = progress;
    return this.#fit.step().rmse;
  }

  /** Ends the fit with the best keys. */
  finish(): void {
    this.#fit.finish();
  }

  /** Whether the memory holds no values yet. */
  get empty(): boolean {
    return !this.memory.values.toArray().some(Boolean);
  }

  /** Root mean square error of a pixel. */
  error({ given, images }: Examples): number {
    const { runtime } = this.memory;
    return runtime.noGrad(() => Math.sqrt(mseLoss(this.memory.read(given), images).item()));
  }
}
