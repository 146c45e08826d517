// What all optimizers share: flat buffers of moments laid out like the parameters, the learning rate, the state dict.

import { expectNumber, fail } from '../tensor/check.js';
import {
  expectEntry,
  type Parameters,
  type StateDict,
  type StateEntry,
  type StateSource,
} from '../tensor/parameters.js';
import { type Shape, sizeOf } from '../tensor/shape.js';

/** @internal Addresses of the flat buffers, and their length. */
interface Flat {
  readonly pointer: number;
  readonly gradPointer: number;
  readonly length: number;
}

/** Updates the parameters of one Parameters object. Made outside `runtime.step`, once all of them have been created. */
export abstract class Optimizer {
  /** @internal */ protected readonly flat: Flat;
  readonly #op: string;
  /** Addresses of the moments' flat buffers, laid out like the parameters, by PyTorch's name of the moment. */
  readonly #moments: ReadonlyMap<string, number>;
  #learningRate = 0;
  #step = 0;

  /** @internal Every moment named gets a flat buffer of zeros. */
  protected constructor(
    op: string,
    /** What is trained. */
    readonly parameters: Parameters,
    lr: number,
    moments: readonly (string | false)[],
  ) {
    this.#op = op;
    this.learningRate = lr;
    this.flat = parameters.flat();
    const { arena } = parameters.runtime;
    const names = moments.filter((name) => name !== false);
    this.#moments = new Map(names.map((name) => [name, arena.allocatePersistent(this.flat.length)]));
  }

  /** The learning rate of the next steps: a finite number ≥ 0. */
  get learningRate(): number {
    return this.#learningRate;
  }

  /** A finite number ≥ 0. */
  set learningRate(value: number) {
    expectNumber(this.#op, 'lr', value, 0);
    this.#learningRate = value;
  }

  /** Updates every parameter by its gradient. */
  step(): void {
    this.#step++;
    this.update(this.#step);
    this.parameters.runtime.parametersChanged();
  }

  /** Sets every gradient to zero. */
  zeroGrad(): void {
    this.parameters.zeroGrad();
  }

  /**
   * A copy of the state: `step` (a float32, as in PyTorch), and every parameter's moments: `controller.weight.exp_avg`.
   */
  stateDict(): StateDict {
    const { arena } = this.parameters.runtime;
    const state = new Map<string, StateEntry>([['step', { shape: [], data: Float32Array.of(this.#step) }]]);
    for (const { name, shape, address } of this.#entries()) {
      state.set(name, { shape, data: arena.read(address, sizeOf(shape)) });
    }
    return state;
  }

  /**
   * Takes over `state`, which must hold exactly the names and shapes of `stateDict()`.
   * Everything is checked first: a RangeError leaves the optimizer as it was.
   */
  loadStateDict(state: StateSource): void {
    const entries = [...this.#entries()];
    const names = new Set(['step', ...entries.map(({ name }) => name)]);
    for (const name of state.keys()) {
      if (!names.has(name)) fail('loadStateDict', 'state', 'hold only step and the moments of parameters', name);
    }
    const step = expectEntry(state, 'step', [])[0] as number;
    if (!Number.isSafeInteger(step) || step < 0) fail('loadStateDict', 'step', 'be an integer ≥ 0', step);
    const data = entries.map(({ name, shape }) => expectEntry(state, name, shape));
    const { arena } = this.parameters.runtime;
    for (const [i, { address }] of entries.entries()) arena.write(address, data[i] as ArrayLike<number>);
    this.#step = step;
  }

  /** @internal Calls the kernel; `step` counts from 1. */
  protected abstract update(step: number): void;

  /** @internal Address of a moment's flat buffer, 0 if this optimizer does without. */
  protected moment(name: string): number {
    return this.#moments.get(name) ?? 0;
  }

  *#entries(): Iterable<{ name: string; shape: Shape; address: number }> {
    for (const [name, { shape, pointer }] of this.parameters.entries()) {
      for (const [moment, address] of this.#moments) {
        yield { name: `${name}.${moment}`, shape, address: address + pointer - this.flat.pointer };
      }
    }
  }
}
