// The trainable tensors of a model: one flat buffer of values and one of gradients, with named slices.

import { expectDimensions, fail } from './check.js';
import type { Runtime } from './runtime.js';
import { type Shape, sizeOf } from './shape.js';
import type { Tensor } from './tensor.js';

/** A tensor's values outside the runtime, as in a checkpoint. */
export interface StateEntry {
  /** Sizes of the dimensions, outermost first. */
  readonly shape: Shape;
  /** The numbers, row-major. */
  readonly data: Float32Array;
}

/** Values by PyTorch's keys (`controller.cells.0.weight_ih`), in the order the parameters were made. */
export type StateDict = Map<string, StateEntry>;

/** Values to load, by name: what a `stateDict()` returned, or the tensors of a safetensors file. */
export type StateSource = ReadonlyMap<
  string,
  {
    /** Sizes of the dimensions, outermost first. */
    readonly shape: Shape;
    /** The numbers, row-major. */
    readonly data: ArrayLike<number> | ArrayLike<bigint>;
  }
>;

/** Where a layer makes its parameters: a Parameters object seen under a prefix. */
export interface ParameterScope {
  /** Where the tensors live. */
  readonly runtime: Runtime;
  /** Makes the parameter `name`, zeros at first. */
  create(name: string, shape: Shape): Tensor;
  /** Makes the buffer `name`: saved and loaded with the parameters, but not trained. Zeros at first. */
  createBuffer(name: string, shape: Shape): Tensor;
  /** The same object under the prefix `name.`. */
  scope(name: string): ParameterScope;
}

/**
 * Trainable tensors by name. Layers make them with `create`; before the next step (or by `seal`) they are laid out in one
 * buffer, gradients in another, so that an optimizer or a norm is one kernel call over `size` floats.
 */
export class Parameters implements ParameterScope {
  readonly #tensors = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();
  #pointer = 0;
  #gradPointer = 0;
  #length = 0;

  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
  ) {
    runtime.unsealed.add(this);
  }

  create(name: string, shape: Shape): Tensor {
    if (this.#gradPointer !== 0) fail('create', 'name', 'be made before the parameters are used', name);
    const tensor = this.#make(name, shape);
    tensor.requiresGrad = true;
    this.#tensors.set(name, tensor);
    return tensor;
  }

  createBuffer(name: string, shape: Shape): Tensor {
    const tensor = this.#make(name, shape);
    this.#buffers.set(name, tensor);
    return tensor;
  }

  scope(prefix: string): ParameterScope {
    return {
      runtime: this.runtime,
      create: (name, shape) => this.create(`${prefix}.${name}`, shape),
      createBuffer: (name, shape) => this.createBuffer(`${prefix}.${name}`, shape),
      scope: (name) => this.scope(`${prefix}.${name}`),
    };
  }

  /** Lays the parameters out; called by the runtime at the next step, and by optimizers. No more can be made afterwards. */
  seal(): void {
    if (this.#gradPointer !== 0) return;
    const tensors = [...this.#tensors.values()];
    const { arena } = this.runtime;
    const first = tensors[0]?.pointer ?? 0;
    const end = tensors.reduce((next, { pointer, size }) => (pointer === next ? after(pointer, size) : -1), first);
    this.#length = tensors.reduce((bytes, { size }) => after(bytes, size), 0) / 4;
    this.#pointer = end === -1 ? arena.allocatePersistent(this.#length) : first;
    this.#gradPointer = arena.allocatePersistent(this.#length);
    let offset = 0;
    for (const tensor of tensors) {
      if (end === -1) {
        arena.copy(this.#pointer + offset, tensor.pointer, tensor.size);
        tensor.pointer = this.#pointer + offset;
      }
      tensor.gradPointer = this.#gradPointer + offset;
      offset = after(offset, tensor.size);
    }
    this.runtime.unsealed.delete(this);
  }

  /** Number of trainable numbers. */
  get count(): number {
    let count = 0;
    for (const { size } of this.#tensors.values()) count += size;
    return count;
  }

  /** @internal The flat buffers: addresses of values and gradients, and their length in floats, gaps of zeros included. */
  flat(): { pointer: number; gradPointer: number; length: number } {
    this.seal();
    return { pointer: this.#pointer, gradPointer: this.#gradPointer, length: this.#length };
  }

  /** Sets every gradient to zero. */
  zeroGrad(): void {
    this.seal();
    this.runtime.arena.zero(this.#gradPointer, this.#length);
  }

  /** The parameter or buffer of this name. Throws a RangeError where there is none. */
  get(name: string): Tensor {
    return this.#find(name) ?? fail('get', 'name', 'be the name of a parameter or buffer', name);
  }

  /** Names and trainable tensors, in the order they were made. */
  entries(): IterableIterator<[string, Tensor]> {
    return this.#tensors.entries();
  }

  /** A copy of all values, by name: parameters, then buffers. */
  stateDict(): StateDict {
    return new Map(
      [...this.#tensors, ...this.#buffers].map(([name, tensor]) => [
        name,
        { shape: tensor.shape, data: tensor.toArray() },
      ]),
    );
  }

  /**
   * Takes over the values of `state`, which must hold exactly the names and shapes of `stateDict()`.
   * Everything is checked first: a RangeError leaves the parameters as they were.
   */
  loadStateDict(state: StateSource): void {
    for (const name of state.keys()) {
      if (!this.#find(name)) fail('loadStateDict', 'state', 'hold only the names of parameters', name);
    }
    const tensors = [...this.#tensors, ...this.#buffers];
    const values = tensors.map(([name, { shape }]) => expectEntry(state, name, shape));
    for (const [i, [, tensor]] of tensors.entries()) tensor.set(values[i] as ArrayLike<number>);
  }

  #find(name: string): Tensor | undefined {
    return this.#tensors.get(name) ?? this.#buffers.get(name);
  }

  #make(name: string, shape: Shape): Tensor {
    expectDimensions('create', 'shape', shape);
    if (this.#find(name)) fail('create', 'name', 'be new', name);
    return this.runtime.persistent(shape);
  }
}

/** The numbers that `state` must hold under `name`, in this shape. */
export function expectEntry(state: StateSource, name: string, shape: Shape): ArrayLike<number> {
  const entry = state.get(name) ?? fail('loadStateDict', 'state', `hold ${name}`, 'nothing of that name');
  const { data } = entry;
  const size = sizeOf(shape);
  const same = entry.shape.length === shape.length && entry.shape.every((dim, i) => dim === shape[i]);
  if (!same) fail('loadStateDict', name, `have shape [${shape.join(', ')}]`, entry.shape);
  if (data.length !== size) fail('loadStateDict', name, `hold ${size} numbers`, data.length);
  return isNumeric(data) ? data : Array.from(data, Number);
}

function isNumeric(data: ArrayLike<number> | ArrayLike<bigint>): data is ArrayLike<number> {
  return typeof data[0] !== 'bigint';
}

/** The address at which the arena puts what follows `size` floats at `address`. */
function after(address: number, size: number): number {
  return Math.ceil((address + size * 4) / 64) * 64;
}
