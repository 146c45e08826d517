// What all optimizers share: flat buffers of moments laid out like the parameters, the learning rate, the state dict.
import type { Parameters, StateDict, StateEntry } from './parameters.js';
import { expectNumber, fail, type Shape, sizeOf } from './shape.js';

/** Addresses of the flat buffers, and their length. */
interface Flat {
  readonly pointer: number;
  readonly gradPointer: number;
  readonly length: number;
}

/** What all optimizers share: the flat buffers, the learning rate, and the state by PyTorch's names. */
export abstract class Optimizer {
  protected readonly flat: Flat;
  readonly #op: string;
  /** Addresses of the moments' flat buffers, laid out like the parameters, by PyTorch's name of the moment. */
  readonly #moments: ReadonlyMap<string, number>;
  #learningRate = 0;
  #step = 0;

  /** @internal Moments whose name is given get a buffer of zeros. */
  protected constructor(
    op: string,
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

  /** The learning rate of the next steps: a finite number of at least 0. */
  get learningRate(): number {
    return this.#learningRate;
  }

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

  /** A copy of the state: `step`, and for every parameter its moments, as in `controller.weight.exp_avg`. */
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
  loadStateDict(state: ReadonlyMap<string, { shape: Shape; data: ArrayLike<number> }>): void {
    const entries = [...this.#entries()];
    const names = new Set(['step', ...entries.map(({ name }) => name)]);
    for (const name of state.keys()) {
      if (!names.has(name)) fail('loadStateDict', 'state', 'hold only step and the moments of parameters', name);
    }
    const step = expectEntry(state, 'step', [])[0] as number;
    if (!Number.isSafeInteger(step) || step < 0) fail('loadStateDict', 'step', 'be a whole number of at least 0', step);
    const data = entries.map(({ name, shape }) => expectEntry(state, name, shape));
    const { arena } = this.parameters.runtime;
    for (const [i, { address }] of entries.entries()) arena.write(address, data[i] as ArrayLike<number>);
    this.#step = step;
  }

  /** @internal Calls the kernel; `step` counts from 1. */
  protected abstract update(step: number): void;

  /** Address of a moment's flat buffer, 0 if this optimizer does without. */
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

/** The numbers of an entry of a state dict, which must be there in this shape. */
function expectEntry(
  state: ReadonlyMap<string, { shape: Shape; data: ArrayLike<number> }>,
  name: string,
  shape: Shape,
): ArrayLike<number> {
  const entry = state.get(name) ?? fail('loadStateDict', 'state', `hold ${name}`, 'nothing of that name');
  const same = entry.shape.length === shape.length && entry.shape.every((dim, i) => dim === shape[i]);
  if (!same) fail('loadStateDict', name, `have shape [${shape.join(', ')}]`, entry.shape);
  if (entry.data.length !== sizeOf(shape)) {
    fail('loadStateDict', name, `hold ${sizeOf(shape)} numbers`, entry.data.length);
  }
  return entry.data;
}
