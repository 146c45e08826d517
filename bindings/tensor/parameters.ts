// The trainable tensors of a model: one flat buffer of values and one of gradients, with named slices.
import { describe, expectBoolean, expectDimensions, expectOptions, fail, failType, type OptionKeys } from './check.js';
import { type Flat, flatLength, layOut, type Span, trainedSpans } from './flat.js';
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
import { DISPOSE, type Tensor } from './tensor.js';

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
  #flat: ReturnType<typeof layOut> | undefined;
  #disposed = false;

  /** @internal See `Tensor`. */
  static [Symbol.hasInstance](value: unknown): value is Parameters {
    return typeof value === 'object' && value !== null && #tensors in value;
  }

  /**
   * Creates an empty set of parameters.
   *
   * @param runtime Runtime whose memory holds the parameters.
   * @throws {TypeError} Where `runtime` is not a Runtime.
   */
  constructor(
    /** Runtime whose memory holds the parameters. */
    readonly runtime: Runtime,
  ) {
    if (!(runtime instanceof Runtime)) failType('Parameters', 'runtime', 'be a Runtime', runtime);
  }

  /**
   * Creates the parameter `name`, zeros at first.
   *
   * @param name Name, unique among parameters and buffers.
   * @param shape Sizes of the dimensions.
   * @returns The parameter, with `requiresGrad`.
   * @throws {RangeError} The name is taken, memory runs out, or an optimizer trains the parameters already.
   */
  create(name: string, shape: Shape): Tensor {
    if (this.#flat !== undefined && !this.#disposed) {
      fail('Parameters.create', 'name', 'be created before an optimizer is', name);
    }
    const tensor = this.#make(name, shape, this.#tensors);
    tensor.requiresGrad = true;
    return tensor;
  }

  /**
   * Creates the buffer `name`, saved and loaded with the parameters but not trained. Zeros at first.
   *
   * @param name Name, unique among parameters and buffers.
   * @param shape Sizes of the dimensions.
   * @returns The buffer.
   * @throws {RangeError} The name is taken, or memory runs out.
   */
  createBuffer(name: string, shape: Shape): Tensor {
    return this.#make(name, shape, this.#buffers);
  }

  /**
   * The same object under the prefix `prefix.`.
   *
   * @param prefix Prefix, without the dot.
   * @returns The scope.
   */
  scope(prefix: string): ParameterScope {
    expectName('Parameters.scope', 'prefix', prefix);
    const within = (name: string): string => {
      expectName('Parameters.scope', 'name', name);
      return `${prefix}.${name}`;
    };
    return {
      runtime: this.runtime,
      create: (name, shape) => this.create(within(name), shape),
      createBuffer: (name, shape) => this.createBuffer(within(name), shape),
      scope: (name) => this.scope(within(name)),
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

  /**
   * Number of trainable numbers, frozen ones included; buffers are not counted.
   *
   * @returns The number.
   */
  get count(): number {
    let count = 0;
    for (const { size } of this.#tensors.values()) count += size;
    return count;
  }

  /** @internal Throws where they have been disposed, in the words of the model that they belong to. */
  expectAlive(op: string): void {
    if (this.#disposed)
      throw new ReferenceError(`${op}: the model cannot be used any more, since it has been disposed`);
  }

  /** @internal The flat buffers. They are laid out at the first call, and stay. */
  flat(): Flat {
    if (this.#disposed) throw new ReferenceError(`Parameters: ${DISPOSED}`);
    this.#flat ??= layOut(this.runtime, [...this.#tensors.values()]);
    return this.#flat;
  }

  /** @internal The parameters that are not frozen, as ranges of the flat buffers in floats. */
  spans(): Span[] {
    return trainedSpans(this.flat(), this.#tensors.values());
  }

  /** @internal The gradients of the parameters that are not frozen: where each range starts, and its length in floats. */
  gradients(): Span[] {
    if (this.#flat !== undefined) {
      const { gradPointer } = this.#flat;
      return this.spans().map(({ start, length }) => ({ start: gradPointer + 4 * start, length }));
    }
    const tensors = [...this.#tensors.values()].filter(
      ({ requiresGrad, gradPointer }) => requiresGrad && gradPointer !== 0,
    );
    return tensors.map(({ gradPointer, size }) => ({ start: gradPointer, length: size }));
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
   * Returns a parameter or buffer by its name.
   *
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
    const { strict = true, prefix: given } = expectOptions('loadStateDict', options, LOAD_OPTIONS);
    expectBoolean('loadStateDict', 'strict', strict);
    const prefix = given ?? '';
    if (typeof prefix !== 'string') failType('loadStateDict', 'prefix', 'be a string', prefix);
    expectStateMap('loadStateDict', state);
    return applyState(state, [...this.#tensors, ...this.#buffers], strict, prefix);
  }

  /** Frees values, buffers and gradients at once. Without a call they are freed when nothing refers to them. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const tensor of [...this.#tensors.values(), ...this.#buffers.values()]) tensor.free();
    for (const block of this.#flat?.blocks ?? []) this.runtime.retire(block);
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
    expectName('Parameters.create', 'name', name);
    expectDimensions('Parameters.create', 'shape', shape);
    if (this.#find(name)) throw new RangeError(`Parameters.create: duplicate parameter name ${describe(name)}`);
    if (this.#disposed) throw new ReferenceError(`Parameters.create: ${DISPOSED}`);
    if (among === this.#tensors) this.runtime.arena.expectRoom(flatLength(among.values()) + 2 * (sizeOf(shape) + 16));
    const tensor = this.runtime.persistent(shape, name);
    among.set(name, tensor);
    return tensor;
  }
}

function expectName(op: string, argument: string, name: string): void {
  if (typeof name !== 'string' || name === '') failType(op, argument, 'be a non-empty string', name);
}
