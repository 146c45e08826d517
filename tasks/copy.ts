// The copy task: repeat a sequence of random bit vectors from memory (Graves et al. 2014, section 4.1).

import type { Random } from '../bindings/random.js';
import { expectInteger } from '../bindings/tensor/check.js';
import { expectSameShape } from '../bindings/tensor/check-tensor.js';
import type { Runtime } from '../bindings/tensor/runtime.js';
import type { Tensor } from '../bindings/tensor/tensor.js';

/** Options of CopyTask. */
export interface CopyTaskOptions {
  /** Source of lengths and bits. */
  random: Random;
  /** Bits in a vector. Default 8. */
  vectorSize?: number;
  /** Shortest sequence. Default 1. */
  minLength?: number;
  /** Longest sequence. Default 20. */
  maxLength?: number;
}

/** Sequences side by side, and what a model should answer. */
export interface CopyBatch {
  /** `[2L + 1, B, vectorSize + 1]`: L vectors, a delimiter on the channel of its own, L steps of silence. */
  inputs: Tensor;
  /** `[L, B, vectorSize]`: what the last L outputs should be, 0 or 1. */
  targets: Tensor;
  /** L. */
  length: number;
}

/** A seeded generator of batches; all sequences of a batch have one length, uniform in [minLength, maxLength]. */
export class CopyTask {
  /** Bits in a vector. */
  readonly vectorSize: number;
  /** Numbers in an input vector: the bits and the delimiter channel. */
  readonly inputSize: number;
  readonly #random: Random;
  /** Shortest sequence. */
  readonly minLength: number;
  /** Longest sequence. */
  readonly maxLength: number;

  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    { random, vectorSize = 8, minLength = 1, maxLength = 20 }: CopyTaskOptions,
  ) {
    expectInteger('CopyTask', 'vectorSize', vectorSize, 1);
    expectInteger('CopyTask', 'minLength', minLength, 1);
    expectInteger('CopyTask', 'maxLength', maxLength, minLength);
    this.vectorSize = vectorSize;
    this.inputSize = vectorSize + 1;
    this.#random = random;
    this.minLength = minLength;
    this.maxLength = maxLength;
  }

  /** A length from `minLength` to `longest`, each as likely. */
  drawLength(longest = this.maxLength): number {
    expectInteger('drawLength', 'longest', longest, this.minLength);
    return this.#random.integer(this.minLength, longest + 1);
  }

  /** A batch of B fresh sequences, of a drawn length unless `length` says which. Inside `runtime.step`. */
  batch(size: number, length?: number): CopyBatch {
    expectInteger('batch', 'size', size, 1);
    const steps = length ?? this.drawLength();
    expectInteger('batch', 'length', steps, 1);
    const { vectorSize, inputSize } = this;
    const targets = this.#random.bernoulli([steps, size, vectorSize], 0.5);
    const bits = targets.toArray();
    const inputs = new Float32Array((2 * steps + 1) * size * inputSize);
    for (let row = 0; row < steps * size; row++) {
      inputs.set(bits.subarray(row * vectorSize, (row + 1) * vectorSize), row * inputSize);
    }
    for (let b = 0; b < size; b++) inputs[(steps * size + b) * inputSize + vectorSize] = 1;
    return { inputs: this.runtime.tensor(inputs, [2 * steps + 1, size, inputSize]), targets, length: steps };
  }
}

/** Bits that a batch got wrong, a sequence: `logits` and `targets` [L, B, V]; a positive logit means 1. */
export function bitsWrong(logits: Tensor, targets: Tensor): number {
  expectSameShape('bitsWrong', 'logits', logits, 'targets', targets);
  const expected = targets.toArray();
  let wrong = 0;
  for (const [i, logit] of logits.toArray().entries()) if (logit > 0 !== (expected[i] as number) > 0.5) wrong++;
  return wrong / (logits.shape[1] as number);
}
