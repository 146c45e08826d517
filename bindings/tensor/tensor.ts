// A tensor: an address, a shape, and a gradient. Float32, contiguous, row-major.
/// <reference lib="esnext.disposable" preserve="true" />

import type { Block } from '../engine/arena.js';
import { expectBoolean, expectOptions, fail, type OptionKeys } from './check.js';
import { expectSize, numbersOf, type TensorData } from './data.js';
import { formatTensor } from './format.js';
import type { Runtime } from './runtime.js';
import { type Shape, sizeOf } from './shape.js';
import type { Entry } from './tape.js';

/** @internal Lifetime of tensors: `alive` becomes false when the step that created them ends. */
export interface Scope {
  alive: boolean;
  /** Why its tensors cannot be used any more. */
  readonly end: string;
}

/** Options of `backward`. */
export interface BackwardOptions {
  /** Keep the graph, so that another `backward` can run through it. Default false. */
  retainGraph?: boolean;
}

/** @internal */
export const BACKWARD_OPTIONS: OptionKeys<BackwardOptions> = { retainGraph: true };

/** @internal What a view looks at. */
interface View {
  /** The tensor whose memory it is. */
  readonly base: Tensor;
  /** Bytes from the base's address. */
  readonly offset: number;
  /** The tensor, on the same base, whose gradient the view shares: itself, where it has its own. */
  readonly graded: Tensor;
}

/** @internal Memory that a persistent tensor owns. */
export interface Owned {
  readonly values: Block | undefined;
  readonly gradient: Block | undefined;
  /** Its name among the parameters that own it. */
  readonly parameter: string | undefined;
}

const disposed: Scope = { alive: false, end: 'it has been disposed' };

/** `Symbol.dispose` where the engine has it. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? (Symbol.for('Symbol.dispose') as typeof Symbol.dispose);

const NONE: readonly number[] = [];

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A float32 array in the runtime's linear memory, contiguous and row-major: no strides, no other dtypes.
 *
 * Tensors created inside `runtime.step` are freed when it returns. Parameters and tensors created outside persist until nothing
 * refers to them or `dispose` is called. Ops are free functions, so that an application carries only those it uses.
 *
 * @example
 * ```ts
 * import { load, mul, sum } from 'tapehead';
 * const runtime = await load();
 * const x = runtime.tensor([[1, 2], [3, 4]], [2, 2], { requiresGrad: true });
 * const loss = runtime.step(() => {
 *   const squares = sum(mul(x, x));
 *   squares.backward();
 *   return squares.item();
 * });
 * console.log(loss, x.grad); // → 30 Float32Array(4) [ 2, 4, 6, 8 ]
 * ```
 */
export class Tensor {
  /** Number of elements. */
  readonly size: number;
  /** @internal Address of its own gradient; 0 while there is none. */
  gradAddress = 0;
  /** @internal `Runtime.clock` at the last change of the values; the base's counts. */
  changed = 0;
  /** @internal The op that computed it, where it was recorded. */
  entry: Entry | undefined;
  /** @internal Memory that it owns, where it is persistent. */
  owned: Owned | undefined;
  #shape: Shape | undefined;
  #view: View | undefined;
  #lifetime: Scope;
  #requiresGrad = false;
  /** `Runtime.clock` at each change of `requiresGrad` in the running step. */
  #flips: readonly number[] = NONE;

  /** @internal Tells tensors by what only they have, without a word to proxies and prototypes. */
  static [Symbol.hasInstance](value: unknown): value is Tensor {
    return typeof value === 'object' && value !== null && #lifetime in value;
  }

  /** @internal Use `runtime.tensor` or an op. */
  constructor(
    /** Runtime whose memory holds the tensor. */
    readonly runtime: Runtime,
    /** @internal */ public address: number,
    /** @internal Sizes of the dimensions, not to be handed out: `shape` is frozen, and slower to read. */
    readonly dims: Shape,
    scope: Scope,
  ) {
    this.size = sizeOf(dims);
    this.#lifetime = scope;
  }

  /**
   * Sizes of the dimensions, outermost first.
   *
   * @returns A frozen array.
   */
  get shape(): Shape {
    this.#shape ??= Object.freeze([...this.dims]);
    return this.#shape;
  }

  /** @internal The tensor whose memory this one views: itself, where it is no view. */
  get base(): Tensor {
    return this.#view === undefined ? this : this.#view.base;
  }

  /** @internal The tensor whose gradient this one shares: itself, where it has its own. */
  get graded(): Tensor {
    return this.#view === undefined ? this : this.#view.graded;
  }

  /** @internal Bytes from the base's address. */
  get offset(): number {
    return this.#view === undefined ? 0 : this.#view.offset;
  }

  /** @internal Where the values lie. */
  get pointer(): number {
    return this.#view === undefined ? this.address : this.#view.base.address + this.#view.offset;
  }

  /** @internal Where the gradient lies; 0 while there is none. */
  get gradPointer(): number {
    if (this.#view === undefined) return this.gradAddress;
    const { graded, offset } = this.#view;
    return graded.gradAddress === 0 ? 0 : graded.gradAddress + offset - graded.offset;
  }

  /** @internal How long the tensor lives. */
  get scope(): Scope {
    return this.base.#lifetime;
  }

  /** @internal */
  set scope(scope: Scope) {
    this.base.#lifetime = scope;
  }

  /**
   * Whether `backward` computes a gradient for this tensor. Optimizers, weight decay and gradient norms skip parameters where it is false.
   *
   * @returns True for leaf tensors created so and for results computed from them.
   */
  get requiresGrad(): boolean {
    return this.graded.#requiresGrad;
  }

  /**
   * Changes a leaf tensor: one that no recorded op computed.
   *
   * @param value Whether to compute a gradient.
   * @throws {RangeError} The tensor is the result of an op, or a view that shares the gradient of another tensor.
   * @throws {ReferenceError} The tensor is not alive.
   */
  set requiresGrad(value: boolean) {
    expectBoolean('Tensor.requiresGrad', 'value', value);
    if (value === this.requiresGrad) return;
    this.#expectAlive('requiresGrad');
    if (this.graded !== this || this.entry !== undefined) {
      throw new RangeError(
        'Tensor.requiresGrad: only leaf tensors can be changed; use detach() on the result of an op',
      );
    }
    this.#requiresGrad = value;
    this.#flip();
  }

  /** @internal Whether it required a gradient at `time`, as `Runtime.clock` counts, in the running step. */
  requiredGradAt(time: number): boolean {
    const later = this.graded.#flips.filter((flip) => flip > time).length;
    return this.requiresGrad === (later % 2 === 0);
  }

  /** @internal Sets `requiresGrad` of the tensor whose gradient this one shares, whatever it is. */
  forceRequiresGrad(value: boolean): void {
    this.graded.#requiresGrad = value;
  }

  /** @internal Marks the output of a recorded op. */
  require(entry: Entry): void {
    this.#requiresGrad = true;
    this.entry = entry;
  }

  /**
   * Copies the values out.
   *
   * @returns The values, row-major.
   * @throws {ReferenceError} The tensor's step has ended, or it has been disposed.
   */
  toArray(): Float32Array {
    this.#expectAlive('toArray');
    return this.runtime.arena.read(this.pointer, this.size);
  }

  /**
   * Reads a tensor with one element.
   *
   * @returns The value.
   * @throws {RangeError} The tensor has several elements, or none.
   * @throws {ReferenceError} The tensor's step has ended, or it has been disposed.
   */
  item(): number {
    this.#expectAlive('item');
    if (this.size !== 1) fail('Tensor.item', 'the tensor', 'have exactly one element', this.shape);
    return this.runtime.arena.readOne(this.pointer);
  }

  /**
   * Overwrites the values. A graph that needs the old ones can no longer run backward.
   *
   * @param data `size` numbers, row-major, or nested arrays of the tensor's shape.
   * @returns The tensor.
   * @throws {RangeError} `data` does not fit the shape; the values are unchanged.
   * @throws {TypeError} An element is not a number; the values are unchanged.
   * @throws {ReferenceError} The tensor's step has ended, or it has been disposed.
   */
  set(data: TensorData): this {
    this.#expectAlive('set');
    const numbers = expectSize('Tensor.set', 'data', numbersOf('Tensor.set', 'data', data), this.shape);
    this.runtime.arena.write(this.pointer, numbers);
    this.runtime.changed(this);
    return this;
  }

  /**
   * Copies the gradient out.
   *
   * @returns The gradient, row-major, or null if none has been computed.
   * @throws {ReferenceError} The tensor's step has ended, or it has been disposed.
   */
  get grad(): Float32Array | null {
    this.#expectAlive('grad');
    return this.gradPointer === 0 ? null : this.runtime.arena.read(this.gradPointer, this.size);
  }

  /** Sets the gradient to zero, if there is one. */
  zeroGrad(): void {
    this.#expectAlive('zeroGrad');
    if (this.gradPointer !== 0) this.runtime.arena.zero(this.gradPointer, this.size);
  }

  /**
   * Returns a tensor that shares the values but is not part of the graph. It is a leaf with a gradient of its own, if `requiresGrad` is
   * set on it.
   *
   * @returns The detached tensor.
   * @throws {ReferenceError} The tensor's step has ended, or it has been disposed.
   */
  detach(): Tensor {
    this.#expectAlive('detach');
    return this.view(0, this.shape, false);
  }

  /** @internal A tensor on the same memory, `offset` bytes further on; it may share the gradient. */
  view(offset: number, shape: Shape, sharesGradient: boolean): Tensor {
    const view = new Tensor(this.runtime, 0, [...shape], this.scope);
    const graded = sharesGradient ? this.graded : view;
    view.#view = { base: this.base, offset: this.offset + offset, graded };
    return view;
  }

  /** @internal Moves a tensor whose scope ends to memory of another scope. */
  move(address: number, scope: Scope): void {
    this.#view = undefined;
    this.address = address;
    this.#lifetime = scope;
    this.gradAddress = 0;
    this.entry = undefined;
  }

  /**
   * Runs the graph backward from this scalar: adds its gradient to every tensor it was computed from. See `Runtime.backward`.
   *
   * @param options Options.
   * @throws {RangeError} The tensor has several elements, or depends on no tensor with `requiresGrad`.
   * @throws {Error} The graph was freed by an earlier pass, or a value that it needs has changed since.
   */
  backward(options: BackwardOptions = {}): void {
    expectOptions('Tensor.backward', options, BACKWARD_OPTIONS);
    if (this.size !== 1) fail('Tensor.backward', 'the loss', 'have exactly one element', this.shape);
    this.runtime.backward([this], [[1]], options);
  }

  /**
   * Frees the memory of a persistent tensor and of its gradient at once. Otherwise it is freed when the tensor and its views are
   * garbage-collected. Using the tensor afterwards throws a ReferenceError.
   *
   * @throws {RangeError} The tensor is a parameter: dispose its model instead.
   */
  dispose(): void {
    const { base } = this;
    if (!this.scope.alive) return;
    const parameter = base.owned?.parameter;
    if (parameter !== undefined)
      fail('Tensor.dispose', 'the tensor', 'not be a parameter: dispose its model', parameter);
    base.free();
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }

  /** @internal Ends the tensor's life. Memory of a step stays until its end, and with it the graph. */
  free(): void {
    const { runtime, owned } = this;
    this.#lifetime = disposed;
    if (owned === undefined) return;
    for (const block of [owned.values, owned.gradient]) if (block !== undefined) runtime.arena.free(block);
    this.owned = undefined;
    this.gradAddress = 0;
    if (this.#requiresGrad) this.#flip();
    this.#requiresGrad = false;
    runtime.changed(this);
  }

  /**
   * Formats shape and values as PyTorch does, with long dimensions shortened. `console.log` prints the same in Node.
   *
   * @returns The text.
   */
  toString(): string {
    const { shape, size, requiresGrad, scope, pointer, runtime } = this;
    const at = (index: number) => runtime.arena.readOne(pointer + 4 * index);
    return formatTensor({ shape, size, requiresGrad, end: scope.alive ? '' : scope.end, at });
  }

  /** @internal */
  get [Symbol.toStringTag](): string {
    return 'Tensor';
  }

  /** @internal What `console.log` prints in Node. */
  [INSPECT](): string {
    return this.toString();
  }

  #flip(): void {
    const { runtime } = this;
    runtime.flipped = ++runtime.clock;
    this.#flips = [...this.#flips.filter((flip) => flip > runtime.stepClock), runtime.clock];
  }

  #expectAlive(method: string): void {
    const { alive, end } = this.scope;
    if (!alive) throw new ReferenceError(`Tensor.${method}: the tensor cannot be used any more, since ${end}`);
  }
}
