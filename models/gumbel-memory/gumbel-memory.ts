// The Gumbel memory: a feed-forward network that reads one row of a memory bank.

import { type GumbelRead, gumbelRead } from '../../bindings/ops/gumbel.js';
import type { Random } from '../../bindings/random.js';
import {
  expectBoolean,
  expectFunction,
  expectIntegers,
  expectNumber,
  expectOptions,
  fail,
  type OptionKeys,
} from '../../bindings/tensor/check.js';
import { expectRank, expectShape, expectTensor } from '../../bindings/tensor/check-tensor.js';
import { type ParameterScope, Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { DISPOSE, type Tensor } from '../../bindings/tensor/tensor.js';
import type { Mode } from '../layers/batch-norm.js';
import {
  allOrNothing,
  expectParameters,
  expectRandom,
  expectRuntime,
  expectSameRuntime,
  expectSizes,
} from '../layers/check-model.js';
import { AddressNetwork } from './address-network.js';

/**
 * Addressing function: computes logits over the rows of the bank.
 *
 * @param x Inputs of the memory, [B, …].
 * @param mode Training or evaluation mode.
 * @returns Logits, [B, N].
 */
export type Addressing = (x: Tensor, mode: Mode) => Tensor;

/** Options of `GumbelMemory`. */
export interface GumbelMemoryOptions {
  /** Initial bank, [N, ...row]: rows may be numbers, vectors or images. It is copied. */
  bank: Tensor;
  /** Source of the initial parameters and of the Gumbel noise. */
  random: Random;
  /** Parameters object to create the parameters in, to share it with a surrounding network. Default: the memory's own. */
  parameters?: Parameters;
  /** Train the bank with the network. Default false. */
  trainable?: boolean;
  /**
   * Creates the addressing network in the scope it is given, and returns it as a function to logits.
   * Default: fully connected layers with batch norm and ReLU, an `AddressNetwork` of the sizes `[inputSize, ...hiddenSizes, N]`.
   */
  address?: (parameters: ParameterScope, random: Random) => Addressing;
  /** Input size of the default network, at least 1; required with it. */
  inputSize?: number;
  /** Units in the hidden layers of the default network, each at least 1. Default [64, 64]. */
  hiddenSizes?: readonly number[];
  /** Read the row of the largest weight; otherwise the mean of all rows by their weights. Default true. */
  hard?: boolean;
}

const KEYS: OptionKeys<GumbelMemoryOptions> = {
  bank: true,
  random: true,
  parameters: true,
  trainable: true,
  address: true,
  inputSize: true,
  hiddenSizes: true,
  hard: true,
};

/** Options of `GumbelMemory.forward`. */
export type GumbelForwardOptions = Mode & {
  /** Temperature τ of the weights, positive. Default 0.67. */
  readonly tau?: number;
};

const FORWARD_KEYS: OptionKeys<GumbelForwardOptions> = { training: true, tau: true };

/**
 * Gumbel memory: a network computes logits over the rows of a memory bank, and one row is read.
 *
 * In training, Gumbel noise is added to the logits and the gradient is that of the straight-through estimator; in evaluation the row of
 * the largest logit is read. State: `memory` (a parameter if trainable, otherwise a buffer) and `address.*`.
 * Source: Jang, Gu, Poole 2017; Reinhold, 'Learning to read from memory with a neural network'.
 *
 * @example
 * ```ts
 * import { GumbelMemory, load, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const bank = runtime.tensor([0, 0.25, 0.5, 0.75, 1]);
 * const model = new GumbelMemory(runtime, { bank, inputSize: 2, random });
 * runtime.noGrad(() => {
 *   const { read, addresses } = model.forward(random.normal([16, 2]), { training: false });
 *   console.log(read.shape, addresses.length); // → [ 16 ] 16
 * });
 * ```
 */
export class GumbelMemory {
  /** Trainable parameters and buffers. */
  readonly parameters: Parameters;
  readonly #ownsParameters: boolean;
  readonly #random: Random;
  readonly #address: Addressing;
  /** The default network, whose inputs can be checked. */
  readonly #network: AddressNetwork | undefined;
  readonly #hard: boolean;
  #bank: Tensor;

  /**
   * Creates the bank and the addressing network.
   *
   * @param runtime Runtime that holds the parameters.
   * @param options Bank, addressing network and the source of random numbers.
   * @throws {RangeError} A size is out of range, the bank has no rows, `inputSize` is missing, or an object belongs to another runtime.
   * @throws {TypeError} `runtime`, `options`, `bank` or `random` is missing or of another kind, or an option is unknown.
   */
  constructor(
    /** Runtime that holds the parameters. */
    readonly runtime: Runtime,
    options: GumbelMemoryOptions,
  ) {
    expectRuntime('GumbelMemory', 'runtime', runtime);
    const { bank, random, parameters, trainable, address, inputSize, hiddenSizes, hard } = expectGumbel(
      options,
      runtime,
    );
    this.parameters = parameters ?? new Parameters(runtime);
    this.#ownsParameters = parameters === undefined;
    this.#random = random;
    this.#hard = hard;
    const make = (): [bank: Tensor, address: Addressing, network?: AddressNetwork] => {
      const { shape } = bank;
      const kept = trainable ? this.parameters.create('memory', shape) : this.parameters.createBuffer('memory', shape);
      kept.set(bank.toArray());
      const scope = this.parameters.scope('address');
      if (address !== undefined) return [kept, expectAddressing(address(scope, random))];
      const network = new AddressNetwork(scope, [inputSize as number, ...hiddenSizes, shape[0] as number], random);
      return [kept, (x, mode) => network.forward(x, mode), network];
    };
    [this.#bank, this.#address, this.#network] = allOrNothing(random, make, this.parameters);
  }

  /** The bank in use, [N, ...row]. */
  get bank(): Tensor {
    return this.#bank;
  }

  /** Number of memory rows N. */
  get memorySize(): number {
    return this.#bank.shape[0] as number;
  }

  /**
   * Chooses a row of the bank for every input and reads it.
   *
   * @param x Inputs, [B, inputSize] with the default network; at least two rows in training.
   * @param options Mode and temperature: with `training` the choice is sampled with Gumbel noise, otherwise it is the largest logit.
   * @returns The rows read, [B, ...row], the weights, [B, N], and the chosen addresses, B integers in [0, N).
   * @throws {RangeError} `x` or the logits have another shape, `tau` is not positive, or `x` belongs to another runtime.
   * @throws {TypeError} `x` is not a tensor, `options` is missing, or an option is unknown.
   */
  forward(x: Tensor, options: GumbelForwardOptions): GumbelRead {
    this.parameters.expectAlive('GumbelMemory.forward');
    const op = 'GumbelMemory.forward';
    const { training, tau = 0.67 } = expectOptions(op, options, FORWARD_KEYS);
    expectBoolean(op, 'training', training);
    expectNumber(op, 'tau', tau);
    if (tau <= 0) fail(op, 'tau', 'be positive', tau);
    expectTensor(op, 'x', x);
    expectSameRuntime(op, 'x', x, this.runtime);
    expectTensor(op, 'the bank', this.#bank);
    this.#network?.check(op, x, training);
    const logits = this.#address(x, { training });
    expectShape(op, 'the logits', logits, -1, this.memorySize);
    return gumbelRead(logits, this.#bank, {
      tau,
      hard: this.#hard,
      ...(training && { uniform: this.#random.uniform(logits.shape) }),
    });
  }

  /**
   * Replaces the bank: reads return rows of `bank` from now on, at the addresses already learned. The state dict keeps the original bank.
   *
   * @param bank New bank, [N, ...row]; its rows may have another shape. It is not copied, and must outlive the reads.
   * @throws {RangeError} `bank` does not have N rows, or belongs to another runtime.
   * @throws {TypeError} `bank` is not a tensor.
   */
  swap(bank: Tensor): void {
    this.parameters.expectAlive('GumbelMemory.swap');
    expectTensor('GumbelMemory.swap', 'bank', bank);
    expectSameRuntime('GumbelMemory.swap', 'bank', bank, this.runtime);
    if (bank.shape[0] !== this.memorySize) {
      fail('GumbelMemory.swap', 'bank', `have ${this.memorySize} rows, one for each learned address`, bank.shape);
    }
    this.#bank = bank;
  }

  /** Frees the memory's parameters at once, unless it was created in given ones. Otherwise they are freed by garbage collection. */
  dispose(): void {
    if (this.#ownsParameters) this.parameters.dispose();
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }
}

/** What `address` returned must be a function. */
function expectAddressing(address: Addressing): Addressing {
  expectFunction('GumbelMemory', 'the result of address', address);
  return address;
}

/** The options with their defaults. */
function expectGumbel(options: GumbelMemoryOptions, runtime: Runtime) {
  const op = 'GumbelMemory';
  const { bank, random, parameters, address, inputSize, ...rest } = expectOptions(op, options, KEYS);
  const { trainable = false, hiddenSizes = [64, 64], hard = true } = rest;
  expectRank(op, 'bank', bank, 1);
  expectSameRuntime(op, 'bank', bank, runtime);
  if (bank.size === 0) fail(op, 'bank', 'hold at least one number', bank.shape);
  expectRandom(op, 'random', random, runtime);
  for (const [name, value] of Object.entries({ trainable, hard })) expectBoolean(op, name, value);
  if (parameters !== undefined) {
    expectParameters(op, 'parameters', parameters);
    expectSameRuntime(op, 'parameters', parameters, runtime);
  }
  expectIntegers(op, 'hiddenSizes', hiddenSizes, 1);
  for (const [i, size] of hiddenSizes.entries()) expectSizes(op, { [`hiddenSizes[${i}]`]: size });
  if (address === undefined) expectSizes(op, { inputSize: inputSize as number });
  else expectFunction(op, 'address', address);
  return { bank, random, parameters, trainable, address, inputSize, hiddenSizes, hard };
}
