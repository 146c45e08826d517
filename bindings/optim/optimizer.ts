// The base of all optimizers: flat moment buffers laid out like the parameters, the learning rate, the state dict.

import type { Block } from '../engine/arena.js';
import { describe, expectInteger, expectNumber, fail, failType } from '../tensor/check.js';
import type { Flat } from '../tensor/flat.js';
import { Parameters } from '../tensor/parameters.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { expectEntry, expectStateMap, type StateDict, type StateEntry, type StateSource } from '../tensor/state.js';
import { DISPOSE } from '../tensor/tensor.js';

/** Minimum eps: keeps denominators above 0 in float32 while moments are 0, as in the padding of the flat buffers. */
export const MIN_EPS = 1e-30;

/**
 * The interface that SGD, Adam, AdamW and RMSprop share. An optimizer updates all parameters of one Parameters object.
 * Create it outside `runtime.step`, after all parameters.
 *
 * @example
 * ```ts
 * import { load, type Optimizer, Parameters, scale, SGD } from 'tapehead';
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * const x = parameters.create('x', [1]);
 * const optimizer: Optimizer = new SGD(parameters, { lr: 0.5 });
 * runtime.step(() => scale(x, -2).backward());
 * optimizer.step();
 * optimizer.zeroGrad();
 * console.log(x.item()); // → 1
 * ```
 */
export abstract class Optimizer {
  /** The parameters it updates. */
  readonly parameters: Parameters;
  readonly #op: string;
  readonly #flat: Flat;
  /** The moments' flat buffers, by PyTorch's name of the moment. */
  readonly #moments: ReadonlyMap<string, Block>;
  /** Byte offset in the flat buffers of the parameters that are being updated. */
  #offset = 0;
  #disposed = false;
  #learningRate: number;
  #step = 0;

  /** @internal Each name in `moments` gets a flat buffer of zeros. */
  protected constructor(op: string, parameters: Parameters, lr: number, moments: readonly (string | false)[]) {
    expectParameters(op, parameters);
    expectNumber(op, 'lr', lr, 0);
    this.#op = op;
    this.parameters = parameters;
    this.#learningRate = lr;
    this.#flat = parameters.flat();
    this.#moments = this.#allocate(moments.filter((name) => name !== false));
  }

  /**
   * Learning rate of the next steps. Assign to it to follow a schedule.
   *
   * @returns The current learning rate.
   */
  get learningRate(): number {
    return this.#learningRate;
  }

  /**
   * Sets the learning rate of the next steps.
   *
   * @param value Finite, ≥ 0.
   * @throws {RangeError} `value` is negative or not finite.
   */
  set learningRate(value: number) {
    expectNumber(this.#op, 'learningRate', value, 0);
    this.#learningRate = value;
  }

  /**
   * Updates every parameter from its gradient, except frozen ones (`requiresGrad` false). Gradients are kept: call
   * `zeroGrad` before the next backward pass.
   *
   * @throws {ReferenceError} The optimizer or its parameters have been disposed.
   */
  step(): void {
    this.#expectAlive('step');
    this.#step++;
    const { pointer, gradPointer } = this.#flat;
    for (const { start, length } of this.parameters.spans()) {
      this.#offset = 4 * start;
      this.update(this.#step, { pointer: pointer + this.#offset, gradPointer: gradPointer + this.#offset, length });
    }
    this.parameters.changed();
  }

  /** Sets every gradient to zero. */
  zeroGrad(): void {
    this.parameters.zeroGrad();
  }

  /**
   * Copies the state, for a checkpoint.
   *
   * @returns `step` (a float32 scalar, as in PyTorch), then every parameter's moments (`controller.weight.exp_avg`).
   */
  stateDict(): StateDict {
    this.#expectAlive('stateDict');
    const { arena } = this.parameters.runtime;
    const state = new Map<string, StateEntry>([['step', { shape: [], data: Float32Array.of(this.#step) }]]);
    for (const { name, shape, address } of this.#entries()) {
      state.set(name, { shape, data: arena.read(address, sizeOf(shape)) });
    }
    return state;
  }

  /**
   * Restores a state. All of it is checked first: an error leaves the optimizer unchanged.
   *
   * @param state Exactly the names and shapes of `stateDict()`.
   * @throws {RangeError} A name is missing or unexpected, a shape differs, or `step` is not a non-negative integer.
   * @throws {TypeError} `state` is not a Map.
   */
  loadStateDict(state: StateSource): void {
    this.#expectAlive('loadStateDict');
    expectStateMap('loadStateDict', state);
    const entries = [...this.#entries()];
    const names = new Set(['step', ...entries.map(({ name }) => name)]);
    for (const name of state.keys()) {
      if (!names.has(name)) throw new RangeError(`loadStateDict: unexpected key ${describe(name)}`);
    }
    const step = expectEntry(state, 'step', [])[0] as number;
    expectInteger('loadStateDict', 'step', step, 0);
    const data = entries.map(({ name, shape }) => expectEntry(state, name, shape));
    const { arena } = this.parameters.runtime;
    for (const [i, { address }] of entries.entries()) arena.write(address, data[i] as ArrayLike<number>);
    this.#step = step;
  }

  /** Frees the moments at once. Otherwise they are freed when the optimizer is garbage-collected. */
  dispose(): void {
    this.#disposed = true;
    for (const block of this.#moments.values()) this.parameters.runtime.arena.free(block);
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  /** @internal Calls the kernel on a range of the flat buffers; `step` counts from 1. */
  protected abstract update(step: number, range: Flat): void;

  /** @internal Address of a moment in the range that is being updated, 0 if this optimizer has none of that name. */
  protected moment(name: string): number {
    const block = this.#moments.get(name);
    return block === undefined ? 0 : block.address + this.#offset;
  }

  /** Allocates all moments or, if memory runs out, none. */
  #allocate(names: readonly string[]): Map<string, Block> {
    const { arena } = this.parameters.runtime;
    const moments = new Map<string, Block>();
    try {
      for (const name of names) moments.set(name, arena.allocatePersistent(this.#flat.length));
    } catch (error) {
      for (const block of moments.values()) arena.free(block);
      throw error;
    }
    return moments;
  }

  #expectAlive(method: string): void {
    this.parameters.flat();
    if (!this.#disposed) return;
    throw new ReferenceError(`${this.#op}.${method}: it cannot be used any more, since it has been disposed`);
  }

  *#entries(): Iterable<{ name: string; shape: Shape; address: number }> {
    for (const [name, { shape, pointer }] of this.parameters.entries()) {
      for (const [moment, { address }] of this.#moments) {
        yield { name: `${name}.${moment}`, shape, address: address + pointer - this.#flat.pointer };
      }
    }
  }
}

/** `value` must be a Parameters object. */
export function expectParameters(op: string, value: Parameters): void {
  if (!(value instanceof Parameters)) failType(op, 'parameters', 'be a Parameters object', value);
}

/** `value`, the decay rate of a running average, must be in [0, 1). */
export function expectDecayRate(op: string, argument: string, value: number): void {
  if (typeof value !== 'number' || !(value >= 0 && value < 1)) fail(op, argument, 'be in [0, 1)', value);
}
