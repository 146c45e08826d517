// Seeded random numbers. The same seed gives the same bits on every engine and every build.

import {
  expectDimensions,
  expectInteger,
  expectNumber,
  expectOptions,
  fail,
  failType,
  isObject,
  type OptionKeys,
} from './tensor/check.js';
import { expectTensor } from './tensor/check-tensor.js';
import { Runtime } from './tensor/runtime.js';
import type { Shape } from './tensor/shape.js';
import type { Tensor } from './tensor/tensor.js';

/** State of a `Random` stream. Survives JSON. */
export interface RandomState {
  /** Key of the stream. */
  readonly seed: number;
  /** Number of blocks of four 32-bit words used so far. */
  readonly counter: number;
}

/** Options of `Random.uniform`. */
export interface UniformOptions {
  /** Lower bound. Default 0. */
  low?: number;
  /** Upper bound, ≥ `low`. Default 1. */
  high?: number;
}

/** Options of `Random.normal`. */
export interface NormalOptions {
  /** Mean. Default 0. */
  mean?: number;
  /** Standard deviation, ≥ 0. Default 1. */
  std?: number;
}

const UNIFORM_OPTIONS: OptionKeys<UniformOptions> = { low: true, high: true };
const NORMAL_OPTIONS: OptionKeys<NormalOptions> = { mean: true, std: true };

/** The kernels' last six arguments: a 64-bit key and a 128-bit counter, lowest word first. */
type Block = [key0: number, key1: number, c0: number, c1: number, c2: number, c3: number];

const MAX_ELEMENTS = 2 ** 30;
/** No stream gets there, and from there none gets to 2^53, where doubles stop counting. */
const MAX_COUNTER = 2 ** 52;

/**
 * A seeded stream of random numbers: Philox 4×32-10, keyed by the seed.
 *
 * Every call starts at a new block of the stream, so its result depends only on the seed and on the calls before it.
 *
 * @example
 * ```ts
 * import { load, Random } from 'tapehead';
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const noise = runtime.noGrad(() => random.normal([2, 3], { std: 0.1 }).toArray());
 * console.log(noise.length, random.integer(0, 10) < 10); // → 6 true
 * const { state } = random;
 * const order = random.permutation(5);
 * random.setState(state);
 * console.log(random.permutation(5).join() === order.join()); // → true
 * ```
 *
 * Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */
export class Random {
  #seed: number;
  #counter = 0;

  /** @internal See `Tensor`. */
  static [Symbol.hasInstance](value: unknown): value is Random {
    return typeof value === 'object' && value !== null && #seed in value;
  }

  /**
   * Creates a stream at its beginning.
   *
   * @param runtime The runtime that owns the tensors.
   * @param seed Key of the stream, an integer in [0, 2^53).
   * @throws {RangeError} `seed` is out of its range.
   * @throws {TypeError} `runtime` is not a Runtime.
   */
  constructor(
    /** The runtime that owns the tensors. */
    readonly runtime: Runtime,
    seed: number,
  ) {
    if (!(runtime instanceof Runtime)) failType('Random', 'runtime', 'be a Runtime', runtime);
    expectInteger('Random', 'seed', seed, 0);
    this.#seed = seed;
  }

  /**
   * Creates a tensor of uniformly distributed numbers: low + u·(high - low) in float32, where u is an odd multiple of 2^-24 in (0, 1).
   * Bounds occur only by rounding, 0 and 1 never.
   *
   * @param shape Sizes of the dimensions.
   * @param options Bounds of the distribution.
   * @returns The tensor.
   * @throws {RangeError} A bound is not finite, `high` is below `low`, their distance exceeds float32, or memory runs out.
   */
  uniform(shape: Shape, options: UniformOptions = {}): Tensor {
    const { low = 0, high = 1 } = expectOptions('Random.uniform', options, UNIFORM_OPTIONS);
    expectRange('Random.uniform', low, high);
    expectDimensions('Random.uniform', 'shape', shape);
    return this.fillUniform(this.runtime.zeros(shape), low, high);
  }

  /**
   * Creates a tensor of normally distributed numbers.
   *
   * @param shape Sizes of the dimensions.
   * @param options Mean and standard deviation of the distribution.
   * @returns The tensor.
   * @throws {RangeError} `mean` or `std` is not finite, `std` is negative, or memory runs out.
   */
  normal(shape: Shape, options: NormalOptions = {}): Tensor {
    const { mean = 0, std = 1 } = expectOptions('Random.normal', options, NORMAL_OPTIONS);
    expectNumber('Random.normal', 'mean', mean);
    expectNumber('Random.normal', 'std', std, 0);
    expectDimensions('Random.normal', 'shape', shape);
    return this.fillNormal(this.runtime.zeros(shape), mean, std);
  }

  /**
   * Creates a tensor of ones, with probability `p`, and zeros.
   *
   * @param shape Sizes of the dimensions.
   * @param p Probability of a one, in [0, 1].
   * @returns The tensor.
   * @throws {RangeError} `p` is out of its range, or memory runs out.
   */
  bernoulli(shape: Shape, p: number): Tensor {
    expectNumber('Random.bernoulli', 'p', p, 0, 1);
    expectDimensions('Random.bernoulli', 'shape', shape);
    const tensor = this.runtime.zeros(shape);
    this.runtime.kernels.bernoulli(tensor.pointer, tensor.size, p, ...this.#take(tensor.size));
    return tensor;
  }

  /**
   * Overwrites a tensor, such as a parameter, with uniformly distributed numbers, as from `uniform`.
   *
   * @param tensor The tensor to fill, of any shape.
   * @param low Lower bound.
   * @param high Upper bound, ≥ `low`.
   * @returns `tensor`.
   * @throws {RangeError} A bound is not finite, `high` is below `low`, or their distance exceeds float32, or `tensor` belongs to another
   *   runtime.
   * @throws {ReferenceError} The step of `tensor` has ended.
   */
  fillUniform(tensor: Tensor, low: number, high: number): Tensor {
    this.#expectOwn('Random.fillUniform', tensor);
    expectRange('Random.fillUniform', low, high);
    this.runtime.kernels.uniform(tensor.pointer, tensor.size, low, high, ...this.#take(tensor.size));
    this.runtime.changed(tensor);
    return tensor;
  }

  /**
   * Overwrites a tensor, such as a parameter, with normally distributed numbers, as from `normal`.
   *
   * @param tensor The tensor to fill, of any shape.
   * @param mean Mean.
   * @param std Standard deviation, ≥ 0.
   * @returns `tensor`.
   * @throws {RangeError} `mean` or `std` is not finite, `std` is negative, or `tensor` belongs to another runtime.
   * @throws {ReferenceError} The step of `tensor` has ended.
   */
  fillNormal(tensor: Tensor, mean: number, std: number): Tensor {
    this.#expectOwn('Random.fillNormal', tensor);
    expectNumber('Random.fillNormal', 'mean', mean);
    expectNumber('Random.fillNormal', 'std', std, 0);
    this.runtime.kernels.normal(tensor.pointer, tensor.size, mean, std, ...this.#take(tensor.size));
    this.runtime.changed(tensor);
    return tensor;
  }

  /**
   * Returns a uniformly random permutation of 0 … n - 1.
   *
   * @param n Length of the permutation, in [0, 2^30].
   * @returns The permutation, [n].
   * @throws {RangeError} `n` is out of its range, or memory runs out.
   */
  permutation(n: number): Uint32Array {
    expectInteger('Random.permutation', 'n', n, 0, MAX_ELEMENTS);
    const { arena, kernels } = this.runtime;
    const mark = arena.mark();
    try {
      const address = arena.allocate(n);
      // Rejection sampling: the number of blocks used is known only afterwards.
      const used = kernels.permutation(address, n, ...this.#take(0));
      this.#counter += used;
      return arena.readUnsigned(address, n);
    } finally {
      arena.reset(mark);
    }
  }

  /**
   * Returns a uniformly random integer in [low, highExclusive).
   *
   * @param low Lower bound, included; a safe integer.
   * @param highExclusive Upper bound, excluded; an integer above `low`, by less than 2^53.
   * @returns The integer.
   * @throws {RangeError} A bound is out of its range.
   */
  integer(low: number, highExclusive: number): number {
    expectInteger('Random.integer', 'low', low, Number.MIN_SAFE_INTEGER);
    expectInteger('Random.integer', 'highExclusive', highExclusive, low + 1);
    const range = highExclusive - low;
    if (!Number.isSafeInteger(range)) fail('Random.integer', 'highExclusive', 'be less than low + 2^53', highExclusive);
    const { arena, kernels } = this.runtime;
    // Above the last multiple of `range`, 53 bits would favor the smaller numbers.
    const limit = 2 ** 53 - (2 ** 53 % range);
    for (;;) {
      kernels.philox(arena.scratch, 4, ...this.#take(4));
      const words = arena.readUnsigned(arena.scratch, 4);
      for (let i = 0; i < 4; i += 2) {
        const bits = ((words[i] as number) >>> 11) * 2 ** 32 + (words[i + 1] as number);
        if (bits < limit) return low + (bits % range);
      }
    }
  }

  /** State of the stream: pass it to `setState` of this or another `Random` to continue with the same numbers. */
  get state(): RandomState {
    return { seed: this.#seed, counter: this.#counter };
  }

  /**
   * Continues the stream from a state.
   *
   * @param state What the getter `state` returned.
   * @throws {RangeError} `seed` is not in [0, 2^53), or `counter` not in [0, 2^52]; the stream is unchanged.
   * @throws {TypeError} `state` is no object; the stream is unchanged.
   */
  setState(state: RandomState): void {
    if (!isObject(state)) {
      failType('Random.setState', 'state', 'be { seed, counter }', state);
    }
    const { seed, counter } = state;
    expectInteger('Random.setState', 'seed', seed, 0);
    expectInteger('Random.setState', 'counter', counter, 0, MAX_COUNTER);
    this.#seed = seed;
    this.#counter = counter;
  }

  #expectOwn(op: string, tensor: Tensor): void {
    expectTensor(op, 'tensor', tensor, this.runtime);
  }

  /** Advances the stream by `count` words and returns key and counter of their first block. */
  #take(count: number): Block {
    const start = this.#counter;
    this.#counter += Math.ceil(count / 4);
    return [...words(this.#seed), ...words(start), 0, 0];
  }
}

/** The lower and upper 32 bits of a non-negative integer. */
function words(value: number): [low: number, high: number] {
  return [value >>> 0, (value - (value >>> 0)) / 2 ** 32];
}

/** `low` and `high` must be ordered, and their distance within float32 range. */
function expectRange(op: string, low: number, high: number): void {
  expectNumber(op, 'low', low);
  expectNumber(op, 'high', high, low);
  if (!Number.isFinite(Math.fround(Math.fround(high) - Math.fround(low)))) {
    fail(op, 'high', 'be within float32 range of low', high);
  }
}
