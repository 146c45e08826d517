// Batches of images in a new order every epoch, from bytes: no float copy of the whole set.
import type { Random, RandomState } from '../bindings/random.js';
import { expectInteger, fail } from '../bindings/tensor/check.js';
import type { Runtime } from '../bindings/tensor/runtime.js';
import { type Shape, sizeOf } from '../bindings/tensor/shape.js';
import type { Tensor } from '../bindings/tensor/tensor.js';

/** Options of ImageBatches. */
export interface ImageBatchesOptions {
  /** The images one after another, 0 to 255. */
  images: Uint8Array;
  /** Channels, height and width of an image. */
  shape: Shape;
  /** Source of the order. */
  random: Random;
}

/** Where batches stand; safe to keep as JSON. */
export interface ImageBatchesState {
  /** The random stream before the order of this epoch was drawn. */
  readonly random: RandomState;
  /** Images of this epoch that have been given out. */
  readonly position: number;
}

/** Draws batches of images as numbers from 0 to 1, each image once an epoch; what is left of an epoch is passed over. */
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

  /** Throws a RangeError where the bytes are not a whole number of images, or none. */
  constructor(runtime: Runtime, { images, shape, random }: ImageBatchesOptions) {
    const size = sizeOf(shape);
    if (images.length === 0 || images.length % size !== 0) {
      fail('ImageBatches', 'images', `hold images of ${size} bytes`, images.length);
    }
    this.count = images.length / size;
    this.#runtime = runtime;
    this.#images = images;
    this.#shape = shape;
    this.#random = random;
    this.#epoch = random.state;
    this.#order = random.permutation(this.count);
  }

  /** The next `size` images: [size, ...shape]. */
  batch(size: number): Tensor {
    expectInteger('batch', 'size', size, 1);
    if (size > this.count) fail('batch', 'size', `be at most the number of images (${this.count})`, size);
    if (this.#position + size > this.count) this.#begin(this.#random.state, 0);
    const chosen = this.#order.subarray(this.#position, this.#position + size);
    this.#position += size;
    return this.pick(chosen);
  }

  /** These images, by their places in the set: [n, ...shape]. */
  pick(places: ArrayLike<number>): Tensor {
    const size = sizeOf(this.#shape);
    const pixels = new Float32Array(places.length * size);
    for (let i = 0; i < places.length; i++) {
      const from = (places[i] as number) * size;
      for (let j = 0; j < size; j++) pixels[i * size + j] = (this.#images[from + j] as number) / 255;
    }
    return this.#runtime.tensor(pixels, [places.length, ...this.#shape]);
  }

  /** Where the batches stand: `setState` with it continues with the same ones. */
  get state(): ImageBatchesState {
    return { random: this.#epoch, position: this.#position };
  }

  /** Continues from `state`. Throws a RangeError, changing nothing, where it is none of this set. */
  setState({ random, position }: ImageBatchesState): void {
    expectInteger('setState', 'position', position, 0);
    if (position > this.count) fail('setState', 'position', `be at most ${this.count}`, position);
    this.#begin(random, position);
  }

  #begin(random: RandomState, position: number): void {
    this.#random.setState(random);
    this.#epoch = random;
    this.#order = this.#random.permutation(this.count);
    this.#position = position;
  }
}
