// Seeded random numbers. The same seed gives the same bits on every engine and every build.

import { expectInteger, expectNumber, fail } from './tensor/check.js';
import { expectTensor } from './tensor/check-tensor.js';
import type { Runtime } from './tensor/runtime.js';
import type { Shape } from './tensor/shape.js';
import type { Tensor } from './tensor/tensor.js';

/** Where a stream of random numbers stands; safe to keep as JSON. */
export interface RandomState {
  /** The key of the stream. */
  readonly seed: number;
  /** How many blocks of four words have been used. */
  readonly counter: number;
}

/** The kernels' last six arguments: a 64-bit key and a 128-bit counter, lowest word first. */
type Block = [key0: number, key1: number, c0: number, c1: number, c2: number, c3: number];

const MAX_ELEMENTS = 2 ** 30;

/**
 * A stream of random numbers: Philox 4×32-10 (Salmon et al. 2011) under the key `seed`, an integer ≥ 0.
 * Every call starts a new block of the stream, so what it returns depends on the seed and on the calls before it only.
 */
export class Random {
  #seed: number;
  #counter = 0;

  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    seed: number,
  ) {
    expectInteger('Random', 'seed', seed, 0);
    this.#seed = seed;
  }

  /**
   * A tensor of numbers spread evenly over [low, high] (default 0 and 1). Each is low + u·(high - low) in float32, u an
   * odd multiple of 2^-24 in (0, 1): 0 and 1 themselves never occur, other ends only by rounding.
   */
  uniform(shape: Shape, { low = 0, high = 1 } = {}): Tensor {
    expectRange('uniform', low, high);
    return this.fillUniform(this.runtime.zeros(shape), low, high);
  }

  /**
   * A tensor of normally distributed numbers of mean `mean` (default 0) and standard deviation `std` (default 1, at
   * least 0).
   */
  normal(shape: Shape, { mean = 0, std = 1 } = {}): Tensor {
    expectNumber('normal', 'mean', mean);
    expectNumber('normal', 'std', std, 0);
    return this.fillNormal(this.runtime.zeros(shape), mean, std);
  }

  /** A tensor of ones with probability `p` in [0, 1], and zeros. */
  bernoulli(shape: Shape, p: number): Tensor {
    expectNumber('bernoulli', 'p', p, 0, 1);
    const tensor = this.runtime.zeros(shape);
    this.runtime.kernels.bernoulli(tensor.pointer, tensor.size, p, ...this.#take(tensor.size));
    return tensor;
  }

  /** Overwrites `tensor`, for example a parameter, with numbers as from `uniform`. Returns it. */
  fillUniform(tensor: Tensor, low: number, high: number): Tensor {
    expectTensor('fillUniform', 'tensor', tensor);
    expectRange('fillUniform', low, high);
    this.runtime.kernels.uniform(tensor.pointer, tensor.size, low, high, ...this.#take(tensor.size));
    this.runtime.parametersChanged();
    return tensor;
  }

  /** Overwrites `tensor`, for example a parameter, with numbers as from `normal`. Returns it. */
  fillNormal(tensor: Tensor, mean: number, std: number): Tensor {
    expectTensor('fillNormal', 'tensor', tensor);
    expectNumber('fillNormal', 'mean', mean);
    expectNumber('fillNormal', 'std', std, 0);
    this.runtime.kernels.normal(tensor.pointer, tensor.size, mean, std, ...this.#take(tensor.size));
    this.runtime.parametersChanged();
    return tensor;
  }

  /** The numbers 0 … n - 1 in an order drawn evenly from all n! orders. */
  permutation(n: number): Uint32Array {
    expectInteger('permutation', 'n', n, 0);
    if (n > MAX_ELEMENTS) fail('permutation', 'n', 'be at most 2^30', n);
    const { arena, kernels } = this.runtime;
    const mark = arena.mark();
    try {
      const address = arena.allocate(n);
      // How many blocks it takes is known only afterwards.
      const used = kernels.permutation(address, n, ...this.#take(0));
      this.#counter += used;
      return arena.readUnsigned(address, n);
    } finally {
      arena.reset(mark);
    }
  }

  /** A whole number from `low` up to but not including `highExclusive`, each with the same probability. */
  integer(low: number, highExclusive: number): number {
    if (!Number.isSafeInteger(low)) fail('integer', 'low', 'be an integer', low);
    expectInteger('integer', 'highExclusive', highExclusive, low + 1);
    const range = highExclusive - low;
    if (!Number.isSafeInteger(range)) fail('integer', 'highExclusive', 'be less than low + 2^53', highExclusive);
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

  /** Where the stream stands: `setState` with it, here or elsewhere, continues with the same numbers. */
  get state(): RandomState {
    return { seed: this.#seed, counter: this.#counter };
  }

  /** Continues from `state`. Throws a RangeError, changing nothing, where it is no state. */
  setState({ seed, counter }: RandomState): void {
    expectInteger('setState', 'seed', seed, 0);
    expectInteger('setState', 'counter', counter, 0);
    this.#seed = seed;
    this.#counter = counter;
  }

  /** Key and counter of the blocks of the next `count` words, which are used up. */
  #take(count: number): Block {
    const start = this.#counter;
    this.#counter += Math.ceil(count / 4);
    return [...words(this.#seed), ...words(start), 0, 0];
  }
}

/** The lower and upper 32 bits of a whole number. */
function words(value: number): [low: number, high: number] {
  return [value >>> 0, (value - (value >>> 0)) / 2 ** 32];
}

/** `low` and `high` must be numbers in order, no further apart than float32 can say. */
function expectRange(op: string, low: number, high: number): void {
  expectNumber(op, 'low', low);
  expectNumber(op, 'high', high, low);
  if (!Number.isFinite(Math.fround(Math.fround(high) - Math.fround(low)))) {
    fail(op, 'high', 'be within float32 range of low', high);
  }
}
