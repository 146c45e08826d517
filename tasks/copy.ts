// The copy task: repeat a sequence of random bit vectors from memory (Graves et al. 2014, section 4.1).

import type { Random } from '../bindings/random.js';
import { expectDimensions, expectOptions, fail, type OptionKeys } from '../bindings/tensor/check.js';
import { expectSameShape, expectShape } from '../bindings/tensor/check-tensor.js';
import type { Runtime } from '../bindings/tensor/runtime.js';
import type { Tensor } from '../bindings/tensor/tensor.js';
import { allOrNothing, expectRandom, expectRuntime, expectSizes } from '../models/layers/check-model.js';

/** Options of `CopyTask`. */
export interface CopyTaskOptions {
  /** Source of lengths and bits. */
  random: Random;
  /** Number of bits V in a vector, at least 1. Default 8. */
  vectorSize?: number;
  /** Minimum sequence length, at least 1. Default 1. */
  minLength?: number;
  /** Maximum sequence length, at least `minLength`. Default 20. */
  maxLength?: number;
}

/** A batch of B sequences of one length L, and what a model should output. */
export interface CopyBatch {
  /** Inputs, [2L + 1, B, V + 1]: L vectors, a delimiter on its own channel, L steps of zeros. */
  inputs: Tensor;
  /** Targets of the last L outputs, [L, B, V], each 0 or 1. */
  targets: Tensor;
  /** Sequence length L. */
  length: number;
}

const KEYS: OptionKeys<CopyTaskOptions> = { random: true, vectorSize: true, minLength: true, maxLength: true };

/**
 * Copy task: generates batches of sequences of fair random bits. All sequences of a batch have the same length, uniform in
 * [minLength, maxLength]. Source: Graves et al. 2014, section 4.1.
 *
 * @example
 * ```ts
 * import { CopyTask, load, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const task = new CopyTask(runtime, { random: new Random(runtime, 1), vectorSize: 4, maxLength: 6 });
 * runtime.step(() => {
 *   const { inputs, targets } = task.batch(16, 6);
 *   console.log(inputs.shape, targets.shape); // → [ 13, 16, 5 ] [ 6, 16, 4 ]
 * });
 * ```
 */
export class CopyTask {
  /** Number of bits V in a vector. */
  readonly vectorSize: number;
  /** Input size of a model: the bits and the delimiter channel, V + 1. */
  readonly inputSize: number;
  /** Minimum sequence length. */
  readonly minLength: number;
  /** Maximum sequence length. */
  readonly maxLength: number;
  readonly #random: Random;

  /**
   * Creates the task.
   *
   * @param runtime Runtime of the batches.
   * @param options Sizes and the source of random numbers.
   * @throws {RangeError} An option is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} `runtime`, `options` or `random` is missing or of another kind, or an option is unknown.
   */
  constructor(
    /** Runtime of the batches. */
    readonly runtime: Runtime,
    options: CopyTaskOptions,
  ) {
    expectRuntime('CopyTask', 'runtime', runtime);
    const { random, vectorSize = 8, minLength = 1, maxLength = 20 } = expectOptions('CopyTask', options, KEYS);
    expectSizes('CopyTask', { vectorSize, minLength });
    expectSizes('CopyTask', { maxLength }, minLength);
    expectRandom('CopyTask', 'random', random, runtime);
    this.vectorSize = vectorSize;
    this.inputSize = vectorSize + 1;
    this.#random = random;
    this.minLength = minLength;
    this.maxLength = maxLength;
  }

  /**
   * Draws a sequence length, uniform in [minLength, longest].
   *
   * @param longest Maximum length, at least `minLength`. Default: `maxLength`.
   * @returns The length.
   * @throws {RangeError} `longest` is not an integer ≥ `minLength`.
   */
  drawLength(longest = this.maxLength): number {
    expectSizes('CopyTask.drawLength', { longest }, this.minLength);
    return this.#random.integer(this.minLength, longest + 1);
  }

  /**
   * Generates a batch. Call it inside `runtime.step`, so that its tensors are freed.
   *
   * @param size Number of sequences B, at least 1.
   * @param length Sequence length L, at least 1. Default: drawn by `drawLength`.
   * @returns Inputs, targets and length.
   * @throws {RangeError} `size` or `length` is out of range.
   */
  batch(size: number, length?: number): CopyBatch {
    const op = 'CopyTask.batch';
    expectSizes(op, { size, length: length ?? 1 });
    expectDimensions(op, 'the inputs', [2 * (length ?? this.maxLength) + 1, size, this.inputSize]);
    return allOrNothing(this.#random, () => this.#batch(size, length ?? this.drawLength()));
  }

  #batch(size: number, length: number): CopyBatch {
    const { vectorSize, inputSize } = this;
    const targets = this.#random.bernoulli([length, size, vectorSize], 0.5);
    const bits = targets.toArray();
    const inputs = new Float32Array((2 * length + 1) * size * inputSize);
    for (let row = 0; row < length * size; row++) {
      inputs.set(bits.subarray(row * vectorSize, (row + 1) * vectorSize), row * inputSize);
    }
    for (let b = 0; b < size; b++) inputs[(length * size + b) * inputSize + vectorSize] = 1;
    return { inputs: this.runtime.tensor(inputs, [2 * length + 1, size, inputSize]), targets, length };
  }
}

/**
 * Counts wrong bits: the cost of Graves et al. 2014 in bits per sequence. A positive logit is a 1; a NaN is wrong.
 *
 * @param logits Outputs of a model, [L, B, V].
 * @param targets Expected bits, [L, B, V], each 0 or 1.
 * @returns Mean number of wrong bits per sequence, in [0, L·V].
 * @throws {RangeError} The shapes differ, are not three-dimensional or empty.
 * @throws {TypeError} `logits` or `targets` is not a tensor.
 *
 * @example
 * ```ts
 * import { bitsWrong, load } from 'tapehead';
 *
 * const runtime = await load();
 * const logits = runtime.tensor([2, -3, -1, 4], [2, 1, 2]);
 * console.log(bitsWrong(logits, runtime.tensor([1, 0, 1, 1], [2, 1, 2]))); // → 1
 * ```
 */
export function bitsWrong(logits: Tensor, targets: Tensor): number {
  expectShape('bitsWrong', 'logits', logits, -1, -1, -1);
  expectSameShape('bitsWrong', 'logits', logits, 'targets', targets);
  if (logits.size === 0) fail('bitsWrong', 'logits', 'hold at least one bit', logits.shape);
  const expected = targets.toArray();
  const isRight = (logit: number, bit: number) => (bit > 0.5 ? logit > 0 : logit <= 0);
  let wrong = 0;
  for (const [i, logit] of logits.toArray().entries()) if (!isRight(logit, expected[i] as number)) wrong++;
  return wrong / (logits.shape[1] as number);
}
