// The trainable tensors of a model: one flat buffer of values and one of gradients, with named slices.
import type { Block } from '../engine/arena.js';
import { describe, expectBoolean, expectDimensions, expectOptions, fail, failType, type OptionKeys } from './check.js';
import { Runtime } from './runtime.js';
import { type Shape, sizeOf } from './shape.js';
import {
  applyState,
  expectStateMap,
  type LoadReport,
  type LoadStateOptions,
  type StateDict,
  type StateSource,
} from './state.js';
import { DISPOSE, type Owned, type Tensor } from './tensor.js';

/** Where a layer creates its parameters: a `Parameters` object, seen under a prefix. */
export interface ParameterScope {
  /** Runtime whose memory holds the parameters. */
  readonly runtime: Runtime;
  /**
   * Creates the parameter `name`, zeros at first.
   *
   * @param name Name, unique among parameters and buffers.
   * @param shape Sizes of the dimensions.
   * @returns The parameter, with `requiresGrad`.
   */
  create(name: string, shape: Shape): Tensor;
  /**
   * Creates the buffer `name`, saved and loaded with the parameters but not trained. Zeros at first.
   *
   * @param name Name, unique among parameters and buffers.
   * @param shape Sizes of the dimensions.
   * @returns The buffer.
   */
  createBuffer(name: string, shape: Shape): Tensor;
  /**
   * The same object under the prefix `name.`.
   *
   * @param name Prefix, without the dot.
   * @returns The scope.
   */
  scope(name: string): ParameterScope;
}

/** @internal Parameters that are trained, as ranges of the flat buffers. */
export interface Flat {
  /** Address of the values. */
  readonly pointer: number;
  /** Address of the gradients. */
  readonly gradPointer: number;
  /** Length of both in floats, gaps of zeros included. */
  readonly length: number;
}

/** A range of the flat buffers, in floats. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

const DISPOSED = 'they cannot be used any more, since they have been disposed';
const LOAD_OPTIONS: OptionKeys<LoadStateOptions> = { strict: true, prefix: true };

/**
 * Named trainable tensors, with a state dict. Layers create them; an optimizer lays them out in one buffer, and their gradients in
 * another, so that an update is one kernel call. Parameters cannot be added once an optimizer trains them.
 *
 * @example
 * ```ts
 * import { Linear, load, Parameters, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * new Linear(parameters.scope('encoder'), 4, 2, new Random(runtime, 1));
 * console.log([...parameters.stateDict().keys()]); // ['encoder.weight', 'encoder.bias']
 * ```
 */
export class Parameters implements ParameterScope {
  readonly #tensors = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();
  #values: Block | undefined;
  #gradients: Block | undefined;
  #flat: Flat | undefined;
  #disposed = false;

  /**
   * @param runtime Runtime whose memory holds the parameters.
   * @throws {TypeError} Where `runtime` is not a Runtime.
   */
  constructor(
    /** Runtime whose memory holds the parameters. */
    readonly runtime: Runtime,
  ) {
    if (!(runtime instanceof Runtime)) failType('Parameters', 'runtime', 'be a Runtime', runtime);
  }

  create(name: string, shape: Shape): Tensor {
    if (this.#flat !== undefined) fail('Parameters.create', 'name', 'be created before an optimizer is', name);
    const tensor = this.#make(name, shape, this.#tensors);
    tensor.requiresGrad = true;
    return tensor;
  }

  createBuffer(name: string, shape: Shape): Tensor {
    return this.#make(name, shape, this.#buffers);
  }

  scope(prefix: string): ParameterScope {
    expectName('Parameters.scope', prefix);
    return {
      runtime: this.runtime,
      create: (name, shape) => this.create(`${prefix}.${name}`, shape),
      createBuffer: (name, shape) => this.createBuffer(`${prefix}.${name}`, shape),
      scope: (name) => this.scope(`${prefix}.${name}`),
    };
  }

  /**
   * @internal Runs `fn`, which creates parameters. Where it throws, those are freed and forgotten: a constructor that fails leaves
   * nothing behind.
   */
  atomically<T>(fn: () => T): T {
    const before = new Set([...this.#tensors.keys(), ...this.#buffers.keys()]);
    try {
      return fn();
    } catch (error) {
      for (const among of [this.#tensors, this.#buffers]) {
        for (const [name, tensor] of among) if (!before.has(name) && among.delete(name)) tensor.free();
      }
      throw error;
    }
  }

  /** Number of trainable numbers. */
  get count(): number {
    let count = 0;
    for (const { size } of this.#tensors.values()) count += size;
    return count;
  }

  /** @internal The flat buffers. They are laid out at the first call, and stay. */
  flat(): Flat {
    if (this.#disposed) throw new ReferenceError(`Parameters: ${DISPOSED}`);
    this.#flat ??= this.#layOut();
    return this.#flat;
  }

  /** @internal The parameters that are not frozen, as ranges of the flat buffers: a single one where none is. */
  spans(): Span[] {
    const { pointer, length } = this.flat();
    const spans: { offset: number; length: number }[] = [];
    let joined = false;
    for (const tensor of this.#tensors.values()) {
      const offset = (tensor.pointer - pointer) / 4;
      const last = spans.at(-1);
      const end = offset + after(0, tensor.size) / 4;
      if (!tensor.requiresGrad) joined = false;
      else if (joined && last !== undefined) last.length = end - last.offset;
      else joined = spans.push({ offset, length: end - offset }) > 0;
    }
    return spans.length === 1 && spans[0]?.length === length ? [{ offset: 0, length }] : spans;
  }

  /** @internal The gradients of the parameters that are not frozen, as ranges of floats. */
  gradients(): { address: number; length: number }[] {
    if (this.#flat !== undefined) {
      const { gradPointer } = this.#flat;
      return this.spans().map(({ offset, length }) => ({ address: gradPointer + 4 * offset, length }));
    }
    const tensors = [...this.#tensors.values()].filter(
      ({ requiresGrad, gradPointer }) => requiresGrad && gradPointer !== 0,
    );
    return tensors.map(({ gradPointer, size }) => ({ address: gradPointer, length: size }));
  }

  /** @internal The values of every parameter that is trained have changed. */
  changed(): void {
    for (const tensor of this.#tensors.values()) if (tensor.requiresGrad) this.runtime.changed(tensor);
  }

  /** Sets every gradient to zero. */
  zeroGrad(): void {
    if (this.#flat !== undefined) this.runtime.arena.zero(this.#flat.gradPointer, this.#flat.length);
    else for (const tensor of this.#tensors.values()) tensor.zeroGrad();
  }

  /**
   * @param name Name of a parameter or buffer.
   * @returns The parameter or buffer.
   * @throws {RangeError} Where there is none of that name.
   */
  get(name: string): Tensor {
    return this.#find(name) ?? fail('Parameters.get', 'name', 'be the name of a parameter or buffer', name);
  }

  /**
   * Names and trainable tensors, in the order of creation.
   *
   * @returns An iterator over pairs.
   */
  entries(): IterableIterator<[string, Tensor]> {
    return this.#tensors.entries();
  }

  /**
   * Copies all values, by name: parameters, then buffers. `writeSafetensors` takes the result.
   *
   * @returns The state dict.
   */
  stateDict(): StateDict {
    const tensors = [...this.#tensors, ...this.#buffers];
    return new Map(tensors.map(([name, tensor]) => [name, { shape: tensor.shape, data: tensor.toArray() }]));
  }

  /**
   * Loads values by name. Everything is checked first: an error leaves all values as they were.
   *
   * @param state What `stateDict()` returned, or the tensors of a safetensors file.
   * @param options Options.
   * @returns The names that `state` lacks and those that it has beyond the parameters; both empty where `strict`.
   * @throws {RangeError} Where a shape differs or, with `strict`, names differ.
   * @throws {TypeError} Where `state` is not a Map or holds something else than numbers.
   */
  loadStateDict(state: StateSource, options: LoadStateOptions = {}): LoadReport {
    const { strict = true, prefix = '' } = expectOptions('loadStateDict', options, LOAD_OPTIONS);
    expectBoolean('loadStateDict', 'strict', strict);
    if (typeof prefix !== 'string') failType('loadStateDict', 'prefix', 'be a string', prefix);
    expectStateMap('loadStateDict', state);
    return applyState(state, [...this.#tensors, ...this.#buffers], strict, prefix);
  }

  /** Frees values, buffers and gradients at once. Without a call they are freed when nothing refers to them. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const tensor of [...this.#tensors.values(), ...this.#buffers.values()]) tensor.free();
    for (const block of [this.#values, this.#gradients]) if (block !== undefined) this.runtime.retire(block);
    this.#values = this.#gradients = undefined;
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  #find(name: string): Tensor | undefined {
    return this.#tensors.get(name) ?? this.#buffers.get(name);
  }

  /** A tensor of zeros, whose gradient will fit too. */
  #make(name: string, shape: Shape, among: Map<string, Tensor>): Tensor {
    expectName('Parameters.create', name);
    expectDimensions('Parameters.create', 'shape', shape);
    if (this.#find(name)) throw new RangeError(`Parameters.create: duplicate parameter name ${describe(name)}`);
    if (this.#disposed) throw new ReferenceError(`Parameters.create: ${DISPOSED}`);
    if (among === this.#tensors) this.runtime.arena.expectRoom(this.#floats() + 2 * (sizeOf(shape) + 16));
    const tensor = this.runtime.persistent(shape, name);
    among.set(name, tensor);
    return tensor;
  }

  /** Floats of the flat buffers, as far as the parameters are created. */
  #floats(): number {
    let bytes = 0;
    for (const { size } of this.#tensors.values()) bytes = after(bytes, size);
    return bytes / 4;
  }

  /** Moves values and gradients into flat buffers. Values that lie one after another already stay. */
  #layOut(): Flat {
    const { arena } = this.runtime;
    const tensors = [...this.#tensors.values()];
    const length = this.#floats();
    const first = tensors[0]?.pointer ?? 0;
    const end = tensors.reduce((next, { pointer, size }) => (pointer === next ? after(pointer, size) : -1), first);
    const gradients = arena.allocatePersistent(length);
    let values: Block | undefined;
    if (end === -1) {
      try {
        values = arena.allocatePersistent(length);
      } catch (error) {
        arena.free(gradients);
        throw error;
      }
    }
    let offset = 0;
    for (const tensor of tensors) {
      this.#moveGradient(tensor, gradients, offset);
      if (values !== undefined) this.#moveValues(tensor, values, offset);
      offset = after(offset, tensor.size);
    }
    [this.#values, this.#gradients] = [values, gradients];
    return { pointer: values?.address ?? first, gradPointer: gradients.address, length };
  }

  #moveGradient(tensor: Tensor, gradients: Block, offset: number): void {
    const [address, old] = [gradients.address + offset, tensor.gradAddress];
    if (old !== 0) this.runtime.arena.copy(address, old, tensor.size);
    const { values, gradient, parameter } = tensor.owned as Owned;
    if (gradient !== undefined) this.runtime.retire(gradient);
    tensor.gradAddress = address;
    tensor.owned = { values, gradient: gradients, parameter };
  }

  /** The running step may still read the old values by their address: they are freed when it ends. */
  #moveValues(tensor: Tensor, values: Block, offset: number): void {
    this.runtime.arena.copy(values.address + offset, tensor.pointer, tensor.size);
    const { values: old, gradient, parameter } = tensor.owned as Owned;
    if (old !== undefined) this.runtime.retire(old);
    tensor.address = values.address + offset;
    tensor.owned = { values, gradient, parameter };
  }
}

function expectName(op: string, name: string): void {
  if (typeof name !== 'string' || name === '') failType(op, 'name', 'be a non-empty string', name);
}

/** The address at which the arena puts what follows `size` floats at `address`. */
function after(address: number, size: number): number {
  return Math.ceil((address + size * 4) / 64) * 64;
}
