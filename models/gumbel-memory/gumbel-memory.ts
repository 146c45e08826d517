// The Gumbel memory: a feed-forward net that reads one address of a memory bank.

import { type GumbelRead, gumbelRead } from '../../bindings/ops/gumbel.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger, fail } from '../../bindings/tensor/check.js';
import { expectRank, expectShape, expectTensor } from '../../bindings/tensor/check-tensor.js';
import { type ParameterScope, Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import type { Mode } from '../layers/batch-norm.js';
import { AddressNetwork } from './address-network.js';

/** A function to logits, one for each row of the bank. */
export type Addressing = (x: Tensor, mode: Mode) => Tensor;

/** Options of GumbelMemory. */
export interface GumbelMemoryOptions {
  /** First content of the bank, [N, ...row]: numbers, vectors, images. It is copied. */
  bank: Tensor;
  /** Source of the initial parameters and of the noise. */
  random: Random;
  /** Where the parameters are made, together with those of a net around the memory. Default: the memory's own. */
  parameters?: Parameters;
  /** Whether the bank is learned with the rest. Default false. */
  trainable?: boolean;
  /**
   * Makes the addressing network, its parameters in the scope it is given, and returns it as a function `[B, …] → [B, N]`.
   * Default: fully connected layers with batch norm and ReLU, from `inputSize` over `hiddenSizes` to N.
   */
  address?: (parameters: ParameterScope, random: Random) => Addressing;
  /** Numbers in an input of the default network. */
  inputSize?: number;
  /** Units in the hidden layers of the default network. Default [64, 64]. */
  hiddenSizes?: readonly number[];
  /** Read one row; otherwise a blend of all. Default true. */
  hard?: boolean;
}

/**
 * A feed-forward net with a memory to read from: logits of the input choose a row, in training with Gumbel noise and a
 * straight-through gradient, in use as the largest logit and a plain row read. Keys: `memory` (a parameter if trainable, otherwise
 * a buffer), `address.*`. Source: Reinhold, 'Learning to read from memory with a neural network'.
 */
export class GumbelMemory {
  /** What is trained, and what is saved. */
  readonly parameters: Parameters;
  readonly #random: Random;
  readonly #address: Addressing;
  readonly #hard: boolean;
  #bank: Tensor;

  /** Throws a RangeError where a size is out of range, the bank has no rows, or an input size is missing. */
  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    options: GumbelMemoryOptions,
  ) {
    const {
      bank,
      random,
      parameters,
      trainable = false,
      address,
      inputSize,
      hiddenSizes = [64, 64],
      hard = true,
    } = options;
    expectRank('GumbelMemory', 'bank', bank, 1);
    if (bank.size === 0) fail('GumbelMemory', 'bank', 'hold at least one number', bank.shape);
    const memorySize = bank.shape[0] as number;
    this.parameters = parameters ?? new Parameters(runtime);
    this.#random = random;
    this.#hard = hard;
    const kept = trainable
      ? this.parameters.create('memory', bank.shape)
      : this.parameters.createBuffer('memory', bank.shape);
    this.#bank = kept.set(bank.toArray());
    const scope = this.parameters.scope('address');
    this.#address = address?.(scope, random) ?? network(scope, inputSize, hiddenSizes, memorySize, random);
  }

  /** The bank that is read from, [N, ...row]. */
  get bank(): Tensor {
    return this.#bank;
  }

  /** Number of rows N. */
  get memorySize(): number {
    return this.#bank.shape[0] as number;
  }

  /**
   * Chooses and reads: `x: [B, …] → { read: [B, ...row], weights: [B, N], addresses }`. In training there is noise, and
   * the weights have the temperature `tau` (above 0, default 0.67); in use there is no noise, and hard reads are rows as they stand.
   */
  forward(x: Tensor, { training, tau = 0.67 }: Mode & { readonly tau?: number }): GumbelRead {
    const logits = this.#address(x, { training });
    expectShape('GumbelMemory', 'logits', logits, -1, this.memorySize);
    const hard = this.#hard;
    return gumbelRead(logits, this.#bank, {
      tau,
      hard,
      ...(training && { uniform: this.#random.uniform(logits.shape) }),
    });
  }

  /**
   * Reads from another bank from now on, with nothing learned anew. Its rows may have another shape, but there must be N of them, for
   * the network has learned N addresses. The state dict keeps the bank that the model was made with.
   */
  swap(bank: Tensor): void {
    expectTensor('swap', 'bank', bank);
    if (bank.shape[0] !== this.memorySize) {
      fail('swap', 'bank', `have ${this.memorySize} rows, one for each address the network knows`, bank.shape);
    }
    this.#bank = bank;
  }
}

function network(
  parameters: ParameterScope,
  inputSize: number | undefined,
  hiddenSizes: readonly number[],
  memorySize: number,
  random: Random,
): Addressing {
  expectInteger('GumbelMemory', 'inputSize', inputSize as number, 1);
  for (const [i, size] of hiddenSizes.entries()) expectInteger('GumbelMemory', `hiddenSizes[${i}]`, size, 1);
  const net = new AddressNetwork(parameters, [inputSize as number, ...hiddenSizes, memorySize], random);
  return (x, mode) => net.forward(x, mode);
}
