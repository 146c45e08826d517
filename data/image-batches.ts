// Batches of images in a new order every epoch, from bytes: no float copy of the whole set.
import type { Random, RandomState } from '../bindings/random.js';
import {
  expectDimensions,
  expectInteger,
  expectIntegers,
  expectOptions,
  fail,
  type OptionKeys,
} from '../bindings/tensor/check.js';
import type { Runtime } from '../bindings/tensor/runtime.js';
import { type Shape, sizeOf } from '../bindings/tensor/shape.js';
import type { Tensor } from '../bindings/tensor/tensor.js';
import { allOrNothing, expectRandom, expectRuntime } from '../models/layers/check-model.js';
import { expectBytes } from './bytes.js';

/** Options of `ImageBatches`. */
export interface ImageBatchesOptions {
  /** Pixels of all images, from 0 to 255, image after image. Not copied. */
  images: Uint8Array;
  /** Shape of one image: channels, height, width. */
  shape: Shape;
  /** Source of the order of the images. */
  random: Random;
}

/** Position of `ImageBatches` in its stream of batches; can be stored as JSON. */
export interface ImageBatchesState {
  /** State of the random stream before the order of this epoch was drawn. */
  readonly random: RandomState;
  /** Number of images already drawn in this epoch. */
  readonly position: number;
}

const KEYS: OptionKeys<ImageBatchesOptions> = { images: true, shape: true, random: true };
const STATE_KEYS: OptionKeys<ImageBatchesState> = { random: true, position: true };

/**
 * Random batches of images with pixels in [0, 1]. Every epoch is a new permutation of the images; a remainder smaller than a batch is
 * dropped.
 *
 * @example
 * ```ts
 * import { ImageBatches, load, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const images = Uint8Array.from({ length: 10 * 4 }, (_, i) => i);
 * const batches = new ImageBatches(runtime, { images, shape: [1, 2, 2], random: new Random(runtime, 1) });
 * runtime.step(() => console.log(batches.batch(5).shape)); // → [ 5, 1, 2, 2 ]
 * ```
 */
export class ImageBatches {
  /** Number of images. */
  readonly count: number;
  readonly #runtime: Runtime;
  readonly #images: Uint8Array;
  readonly #shape: Shape;
  readonly #random: Random;
  #epoch: RandomState;
  #order: Uint32Array;
  #position = 0;

  /**
   * Draws the order of the first epoch.
   *
   * @param runtime Runtime of the batches.
   * @param options Images, their shape, and the source of random numbers.
   * @throws {RangeError} `shape` is not a shape, `images` does not hold a positive number of such images, or `random` belongs to another
   * runtime.
   * @throws {TypeError} `runtime` or an option is missing or of another kind, or an option is unknown.
   */
  constructor(runtime: Runtime, options: ImageBatchesOptions) {
    const op = 'ImageBatches';
    expectRuntime(op, 'runtime', runtime);
    const { images, shape, random } = expectOptions(op, options, KEYS);
    this.#images = expectBytes(op, 'images', images);
    expectDimensions(op, 'shape', shape);
    const size = sizeOf(shape);
    if (size === 0) fail(op, 'shape', 'hold at least one pixel', shape);
    if (images.length === 0 || images.length % size !== 0) {
      fail(op, 'images', `hold images of ${size} bytes`, images.length);
    }
    expectRandom(op, 'random', random, runtime);
    this.count = images.length / size;
    this.#runtime = runtime;
    this.#shape = [...shape];
    this.#random = random;
    this.#epoch = random.state;
    this.#order = random.permutation(this.count);
  }

  /**
   * Returns the next batch.
   *
   * @param size Batch size, from 1 to the number of images.
   * @returns Images, [size, ...shape], pixels in [0, 1].
   * @throws {RangeError} `size` is out of range.
   */
  batch(size: number): Tensor {
    const op = 'ImageBatches.batch';
    expectInteger(op, 'size', size, 1);
    if (size > this.count) fail(op, 'size', `be at most the number of images (${this.count})`, size);
    expectDimensions(op, 'the batch', [size, ...this.#shape]);
    if (this.#position + size > this.count) this.#begin(this.#random.state, 0);
    const chosen = this.#order.subarray(this.#position, this.#position + size);
    const batch = this.#gather(chosen);
    this.#position += size;
    return batch;
  }

  /**
   * Returns images by index.
   *
   * @param indices Indices of images, integers in [0, count).
   * @returns Images, [indices.length, ...shape], pixels in [0, 1].
   * @throws {RangeError} An index is out of range.
   * @throws {TypeError} `indices` is neither an array nor a typed array.
   */
  pick(indices: ArrayLike<number>): Tensor {
    expectIntegers('ImageBatches.pick', 'indices', indices, 0, this.count - 1);
    expectDimensions('ImageBatches.pick', 'the batch', [indices.length, ...this.#shape]);
    return this.#gather(indices);
  }

  /** Position in the stream of batches, from which `setState` continues with the same batches. */
  get state(): ImageBatchesState {
    return { random: this.#epoch, position: this.#position };
  }

  /**
   * Continues from a saved position, and sets the random stream to it. A refused state changes nothing.
   *
   * @param state A `state` of batches of the same images.
   * @throws {RangeError} `state` is not a state, or its position exceeds the number of images.
   * @throws {TypeError} `state` is missing or has unknown properties.
   */
  setState(state: ImageBatchesState): void {
    const op = 'ImageBatches.setState';
    const { random, position } = expectOptions(op, state, STATE_KEYS);
    expectInteger(op, 'position', position, 0);
    if (position > this.count) fail(op, 'position', `be at most ${this.count}`, position);
    this.#begin(random, position);
  }

  #begin(random: RandomState, position: number): void {
    this.#order = allOrNothing(this.#random, () => {
      this.#random.setState(random);
      return this.#random.permutation(this.count);
    });
    this.#epoch = { ...random };
    this.#position = position;
  }

  #gather(indices: ArrayLike<number>): Tensor {
    const size = sizeOf(this.#shape);
    const pixels = new Float32Array(indices.length * size);
    for (let i = 0; i < indices.length; i++) {
      const from = (indices[i] as number) * size;
      for (let j = 0; j < size; j++) pixels[i * size + j] = (this.#images[from + j] as number) / 255;
    }
    return this.#runtime.tensor(pixels, [indices.length, ...this.#shape]);
  }
}
