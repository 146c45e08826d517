// One kernel memory of M keys: its fit, an iteration per update, and how well it recalls.
import { KernelMemory, type KernelMemoryFit, mseLoss, Random, type Tensor } from 'tapehead';

/** The given pixels of images, [·, m], and the images, [·, 28·28]. */
export interface Examples {
  readonly given: Tensor;
  readonly images: Tensor;
}

export const SIMILARITY = 'l2';
const LEARNING_RATE = 0.05;
/** The learning rate falls to this share of the initial one. */
const LAST_SHARE = 0.02;
/** β times the number of given pixels, with which squared distances grow. */
const SHARPNESS = 4;

export class Recall {
  readonly #fit: KernelMemoryFit;
  /** Share of the fit that is done. */
  #share = 0;

  /** The initial keys are the given pixels of `memorySize` images. */
  constructor({ given, images }: Examples, memorySize: number, seed: number) {
    this.#fit = KernelMemory.startFit(given.runtime, given, images, {
      memorySize,
      similarity: SIMILARITY,
      strength: SHARPNESS / (given.shape[1] as number),
      learningRate: () => LEARNING_RATE * Math.max(1 - this.#share, LAST_SHARE),
      initialKeys: 'rows',
      random: new Random(given.runtime, seed),
    });
  }

  get memory(): KernelMemory {
    return this.#fit.memory;
  }

  /** Does one iteration; returns the error on the fitted images. `share` of the fit is done. */
  update(share: number): number {
    this.#share = share;
    return this.#fit.step().rmse;
  }

  /** Ends the fit with the best keys. */
  finish(): void {
    this.#fit.finish();
  }

  /** Whether nothing is stored yet. */
  get empty(): boolean {
    return !this.memory.values.toArray().some(Boolean);
  }

  /** Root mean square error of a pixel. */
  error({ given, images }: Examples): number {
    const { runtime } = this.memory;
    return runtime.noGrad(() => Math.sqrt(mseLoss(this.memory.read(given), images).item()));
  }
}
