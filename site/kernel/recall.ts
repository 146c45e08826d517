// One kernel memory of M keys: its fit step by step, as KernelMemory.fit does it, and how well it recalls.
import { Adam, KernelMemory, mseLoss, NormalEquations, Random, type Tensor } from 'tapehead';

/** What is given of some images, and the images: [·, m] and [·, 28·28]. */
export interface Examples {
  readonly given: Tensor;
  readonly images: Tensor;
}

export const SIMILARITY = 'l2';
const RIDGE = 1e-6;
const LEARNING_RATE = 0.05;
/** The learning rate falls to this share of it, and stays there. */
const LAST_SHARE = 0.02;
/** β times the pixels given: squared distances grow with their number. */
const SHARPNESS = 4;

export class Recall {
  readonly memory: KernelMemory;
  readonly #fitted: Examples;
  readonly #equations: NormalEquations;
  readonly #optimizer: Adam;
  readonly #size: number;
  /** Whether the equations were solved for the keys as they are. */
  #solved = false;

  /** The keys begin as what is given of `memorySize` of the images. */
  constructor(fitted: Examples, memorySize: number, seed: number) {
    const { given, images } = fitted;
    const { runtime } = given;
    const [keySize, valueSize] = [given.shape[1] as number, images.shape[1] as number];
    this.#fitted = fitted;
    this.#size = images.size;
    const strength = SHARPNESS / keySize;
    this.memory = new KernelMemory(runtime, { memorySize, keySize, valueSize, similarity: SIMILARITY, strength });
    this.memory.keys.set(someRows(given, memorySize, new Random(runtime, seed)));
    this.#equations = new NormalEquations(runtime, memorySize, valueSize);
    this.#optimizer = new Adam(this.memory.parameters);
  }

  /** One step of Adam for the keys, the best values for them; returns the error on the fitted images. `share` of the fit is done. */
  update(share: number): number {
    const { memory } = this;
    const { given, images } = this.#fitted;
    if (!this.#solved) this.#solve();
    this.#optimizer.learningRate = LEARNING_RATE * Math.max(1 - share, LAST_SHARE);
    memory.runtime.step(() => {
      this.#equations.loss(memory.weights(given), images).backward();
      this.#optimizer.step();
      this.#optimizer.zeroGrad();
    });
    return Math.sqrt((2 * this.#solve()) / this.#size);
  }

  /** Whether nothing has been stored yet. */
  get empty(): boolean {
    return !this.memory.values.toArray().some(Boolean);
  }

  /** Root mean square error of a pixel. */
  error({ given, images }: Examples): number {
    const { runtime } = this.memory;
    return runtime.noGrad(() => Math.sqrt(mseLoss(this.memory.read(given), images).item()));
  }

  /** Sets the best values for the keys as they are, and returns half of the squares that are left. */
  #solve(): number {
    const { memory } = this;
    const { given, images } = this.#fitted;
    return memory.runtime.noGrad(() => {
      this.#equations.reset();
      this.#equations.add(memory.weights(given), images);
      const { values, loss } = this.#equations.solve(RIDGE);
      memory.values.set(values.toArray());
      this.#solved = true;
      return loss;
    });
  }
}

function someRows(given: Tensor, count: number, random: Random): Float32Array {
  const [rows, columns] = given.shape as [number, number];
  const numbers = given.toArray();
  const picked = new Float32Array(count * columns);
  for (const [i, row] of random.permutation(rows).subarray(0, count).entries()) {
    picked.set(numbers.subarray(row * columns, (row + 1) * columns), i * columns);
  }
  return picked;
}
