// The runtime: kernels and memory, steps and their scopes.
import type { Arena, Block } from '../engine/arena.js';
import type { Kernels } from '../engine/kernels.js';
import type { Threads } from '../engine/threads.js';
import { expectBoolean, expectDimensions, expectOptions, fail } from './check.js';
import { running } from './check-tensor.js';
import { expectSize, numbersOf, type TensorData } from './data.js';
import {
  type MemoryUsage,
  type RuntimeInfo,
  STEP_OPTIONS,
  type StepOptions,
  TENSOR_OPTIONS,
  type TensorOptions,
} from './runtime-options.js';
import { moveToOuter, tensorsOf } from './scope-escape.js';
import { type Shape, sizeOf } from './shape.js';
import { expectResult, expectSynchronous } from './synchronous.js';
import { type Deferred, type Saved, Tape } from './tape.js';
import { BACKWARD_OPTIONS, type BackwardOptions, DISPOSE, type Scope, Tensor } from './tensor.js';
import { expectUpstream } from './upstream.js';

const STEP_ENDED = 'its step has ended';

/** @internal Where a weight lies packed for x·Wᵀ and for x·W; 0 where it does not yet. */
export type Panels = [transposed: number, plain: number];

/**
 * One instance of the kernels, with its memory. Created by `load`; layers, models, optimizers and tensors belong to one runtime.
 *
 * @example
 * ```ts
 * import { load, softmax } from 'tapehead';
 * const runtime = await load();
 * const weights = runtime.step(() => softmax(runtime.tensor([0, 0])).toArray());
 * console.log(weights); // → Float32Array(2) [ 0.5, 0.5 ]
 * console.log(runtime.info.variant, runtime.memory.used < runtime.memory.max);
 * ```
 */
export class Runtime {
  /** @internal Weights packed for products, at their first use in a step. */
  readonly panels = new Map<Tensor, Panels>();
  /** @internal Counts changes of tensors' values; see `Entry.time`. */
  clock = 0;
  /** @internal `clock` when the running step began. */
  stepClock = 0;
  /** @internal `clock` at the last change of `requiresGrad` of any tensor. */
  flipped = 0;
  readonly #forever: Scope = { alive: true, end: '' };
  readonly #tape = new Tape(this);
  #scope = this.#forever;
  /** Whether the memory of the running inner scope holds gradients of outer tensors, or lies around persistent memory. */
  #pinned = false;
  #gradEnabled = true;
  #detectAnomaly = false;
  /** Blocks that the running step may still refer to by address. */
  #retired: Block[] = [];

  /** @internal See `Tensor`. */
  static [Symbol.hasInstance](value: unknown): value is Runtime {
    return typeof value === 'object' && value !== null && #forever in value;
  }

  /** @internal Use `load`. */
  constructor(
    /** @internal */ readonly kernels: Kernels,
    /** @internal */ readonly arena: Arena,
    private readonly loaded: RuntimeInfo,
    /** @internal */ readonly threads: Threads | undefined,
  ) {}

  /**
   * The build and the threads in use, and why; threads that failed to start are left out once that is known.
   *
   * @returns Variant, number of threads, and the reasons.
   */
  get info(): RuntimeInfo {
    const { variant, threads, reason } = this.loaded;
    if (this.threads?.closed) return { variant, threads: 1, reason: `${reason}, until runtime.close()` };
    const missing = this.threads?.missing ?? [];
    if (missing.length === 0) return this.loaded;
    return { variant, threads: threads - missing.length, reason: `${reason}, but ${missing.join(', ')}` };
  }

  /**
   * Resolves when every worker thread is up or has been given up on; never rejects. Ops run before that, on the threads that are up.
   *
   * @returns The promise.
   */
  get ready(): Promise<void> {
    return this.threads?.settled ?? Promise.resolve();
  }

  /**
   * Linear memory in bytes.
   *
   * @returns Bytes in use now, at most so far, and allowed.
   */
  get memory(): MemoryUsage {
    return { used: this.arena.bytesInUse, peak: this.arena.peakBytes, max: this.arena.maxBytes };
  }

  /** Terminates the worker threads, if any. The runtime stays usable: from then on the caller does all work. */
  close(): void {
    this.threads?.close();
  }

  /** `close`, for `using`. */
  [DISPOSE](): void {
    this.close();
  }

  /**
   * Runs `fn`. Tensors created inside are freed when it returns or throws. Ops run inside a step only.
   *
   * @param fn Synchronous function.
   * @param options Options.
   * @returns What `fn` returns.
   * @throws {RangeError} Inside another step; with `detectAnomaly`, where a loss or a gradient is not finite.
   * @throws {TypeError} Where `fn` is asynchronous or a generator.
   * @throws {Error} Where a thread has been lost.
   */
  step<T>(fn: () => T, options: StepOptions = {}): T {
    expectSynchronous('Runtime.step', fn);
    const { detectAnomaly = false } = expectOptions('Runtime.step', options, STEP_OPTIONS);
    expectBoolean('Runtime.step', 'detectAnomaly', detectAnomaly);
    if (this.#scope !== this.#forever) throw new RangeError('Runtime.step: steps cannot be nested');
    this.threads?.expectAlive();
    const scope = { alive: true, end: STEP_ENDED };
    const outer = running.runtime;
    running.runtime = this;
    this.#scope = scope;
    this.stepClock = this.clock;
    this.#detectAnomaly = detectAnomaly;
    this.#pinned = false;
    try {
      return expectResult('Runtime.step', fn());
    } finally {
      scope.alive = false;
      this.#scope = this.#forever;
      this.#tape.clear();
      this.#forgetPanels();
      this.arena.endStep();
      for (const block of this.#retired.splice(0)) this.arena.free(block);
      running.runtime = outer;
    }
  }

  /**
   * Runs `fn` without recording a graph. Inside a step, tensors that it returns (also in arrays, plain objects, maps and sets) move to the
   * enclosing scope and the others are freed; outside, it is a step of its own.
   *
   * @param fn Synchronous function.
   * @returns What `fn` returns.
   * @throws {TypeError} Where `fn` is asynchronous or a generator.
   */
  noGrad<T>(fn: () => T): T {
    expectSynchronous('Runtime.noGrad', fn);
    if (this.#scope === this.#forever) return this.step(() => this.#withoutGrad(fn));
    const [outer, outerPinned] = [this.#scope, this.#pinned];
    const inner = { alive: true, end: STEP_ENDED };
    const mark = this.arena.mark();
    this.#scope = inner;
    this.#pinned = false;
    let kept = mark;
    try {
      const result = expectResult('Runtime.noGrad', this.#withoutGrad(fn));
      this.#pinned ||= this.arena.isPinnedSince(mark);
      if (this.#pinned) for (const tensor of tensorsOf(result, inner)) tensor.scope = outer;
      else kept = moveToOuter(this.arena, result, inner, outer, mark);
      return result;
    } finally {
      inner.alive = false;
      this.#scope = outer;
      // Gradients of outer tensors, or persistent memory, may lie in the inner scope's memory: it is freed with the step.
      if (!this.#pinned) {
        for (const [weight, panels] of this.panels) if (Math.max(...panels) >= mark) this.panels.delete(weight);
        this.arena.reset(kept);
      }
      this.#pinned ||= outerPinned;
    }
  }

  /**
   * Creates a tensor. Inside a step it is freed when the step returns; outside it persists.
   *
   * @param data A number, a typed array, an array, or nested arrays.
   * @param shape Sizes of the dimensions. Default: the shape of `data`.
   * @param options Options.
   * @returns The tensor.
   * @throws {TypeError} Where an element is not a number.
   * @throws {RangeError} Where `data` does not fill `shape`, or memory runs out.
   */
  tensor(data: TensorData, shape?: Shape, options: TensorOptions = {}): Tensor {
    const numbers = numbersOf('Runtime.tensor', 'data', data);
    const wanted = shape === undefined ? numbers.shape : shape;
    expectDimensions('Runtime.tensor', 'shape', wanted);
    const values = expectSize('Runtime.tensor', 'data', numbers, wanted);
    const tensor = this.#make('Runtime.tensor', wanted, options);
    this.arena.write(tensor.pointer, values);
    return tensor;
  }

  /**
   * Creates a tensor of zeros, with the lifetime of one from `tensor`.
   *
   * @param shape Sizes of the dimensions.
   * @param options Options.
   * @returns The tensor.
   * @throws {RangeError} Where memory runs out.
   */
  zeros(shape: Shape, options: TensorOptions = {}): Tensor {
    expectDimensions('Runtime.zeros', 'shape', shape);
    const tensor = this.#make('Runtime.zeros', shape, options);
    this.arena.zero(tensor.pointer, tensor.size);
    return tensor;
  }

  /**
   * Runs the graph backward: adds to the gradient of every tensor the outputs were computed from.
   *
   * The part of the graph that is used is freed, so that another `backward` through it is an Error, unless `retainGraph` is set. Where
   * the pass fails, the gradients of the leaf tensors it reached are set to zero.
   *
   * @param outputs Tensors to start from.
   * @param gradients Upstream gradient of each output. Default: 1 for outputs with one element.
   * @param options Options.
   * @throws {RangeError} Where an output depends on no tensor with `requiresGrad`, or a gradient does not fit its output.
   * @throws {Error} Where the graph was freed by an earlier pass, or a value that it needs has changed since.
   */
  backward(outputs: readonly Tensor[], gradients?: readonly TensorData[], options: BackwardOptions = {}): void {
    const { retainGraph = false } = expectOptions('backward', options, BACKWARD_OPTIONS);
    expectBoolean('backward', 'retainGraph', retainGraph);
    const given = expectUpstream(this, outputs, gradients);
    if (this.#detectAnomaly) for (const output of outputs) this.#expectFinite(output);
    if (this.#scope !== this.#forever) this.#pinned = true;
    const seed = () => {
      for (const [i, output] of outputs.entries()) this.#addToGradient(output, given[i] as ArrayLike<number>);
    };
    this.#tape.backward(outputs, seed, retainGraph, this.#detectAnomaly);
  }

  /** @internal Throws outside a step. What creates tensors before it runs ops checks this first, so as to leave nothing behind. */
  expectStep(op: string): void {
    if (this.#scope !== this.#forever) return;
    throw new RangeError(`${op}: ops must run inside runtime.step or runtime.noGrad, got a call outside`);
  }

  /** @internal Throws where so many floats do not fit, before many small tensors take their time to find out. */
  expectRoom(floats: number): void {
    this.arena.expectRoom(floats);
  }

  /** @internal Throws inside a step. What runs steps checks this first. */
  expectNoStep(op: string): void {
    if (this.#scope === this.#forever) return;
    throw new RangeError(
      `${op}: it runs steps, which cannot be nested; call it outside runtime.step and runtime.noGrad`,
    );
  }

  /** @internal An uninitialised tensor for an op's output, in the running step. */
  output(shape: Shape): Tensor {
    if (this.#scope === this.#forever) this.expectStep(running.op);
    const tensor = new Tensor(this, 0, shape, this.#scope);
    tensor.address = this.arena.allocate(tensor.size);
    return tensor;
  }

  /** @internal Address of `count` uninitialised floats of the running step, for values an op saves. */
  allocate(count: number): number {
    return this.arena.allocate(count);
  }

  /**
   * @internal Records an op, where an input requires a gradient. `backward` finds gradients through `gradient(input)`; `saved` are the
   * tensors whose values it reads, by default all inputs and outputs.
   */
  record(op: string, inputs: readonly Tensor[], outputs: readonly Tensor[], backward: () => void, saved?: Saved): void {
    if (this.#gradEnabled && anyRequiresGrad(inputs)) this.#tape.record(op, inputs, outputs, backward, saved);
  }

  /** @internal Whether an op on these inputs will be recorded, so that it must save what its backward needs. */
  recording(...inputs: readonly Tensor[]): boolean {
    return this.#gradEnabled && anyRequiresGrad(inputs);
  }

  /** @internal Work for the end of the running backward pass, by the tensor it is for. */
  get deferred(): Map<Tensor, Deferred> {
    return this.#tape.deferred;
  }

  /** @internal Address of the gradient of `tensor`, zeros at first; 0 if it requires none. It lives as long as the tensor. */
  gradient(tensor: Tensor): number {
    const owner = tensor.graded;
    if (!owner.requiresGrad) return 0;
    if (owner.gradAddress === 0) {
      if (this.isPersistent(owner)) {
        const gradient = this.arena.allocatePersistent(owner.size);
        owner.owned = { values: owner.owned?.values, gradient, parameter: owner.owned?.parameter };
        owner.gradAddress = gradient.address;
      } else {
        owner.gradAddress = this.arena.allocate(owner.size);
        this.arena.zero(owner.gradAddress, owner.size);
      }
    }
    return owner.gradAddress + tensor.offset - owner.offset;
  }

  /** @internal Whether `tensor` outlives the step. */
  isPersistent(tensor: Tensor): boolean {
    return tensor.scope === this.#forever;
  }

  /** @internal A persistent tensor of zeros with no gradient yet. */
  persistent(shape: Shape, parameter?: string): Tensor {
    const block = this.arena.allocatePersistent(sizeOf(shape));
    const tensor = new Tensor(this, block.address, [...shape], this.#forever);
    tensor.owned = { values: block, gradient: undefined, parameter };
    return tensor;
  }

  /** @internal The values of a tensor have changed: packed copies are stale, and so is a graph that needs the old ones. */
  changed(tensor: Tensor): void {
    tensor.base.changed = ++this.clock;
    this.#forgetPanels();
  }

  /** @internal Frees a block when no address of the running step can refer to it any more. */
  retire(block: Block): void {
    if (this.#scope === this.#forever) this.arena.free(block);
    else this.#retired.push(block);
  }

  #make(op: string, shape: Shape, options: TensorOptions): Tensor {
    const { requiresGrad = false } = expectOptions(op, options, TENSOR_OPTIONS);
    expectBoolean(op, 'requiresGrad', requiresGrad);
    const tensor = this.#scope === this.#forever ? this.persistent(shape) : this.output([...shape]);
    tensor.requiresGrad = requiresGrad;
    if (!this.isPersistent(tensor)) return tensor;
    try {
      // Before the first step, so that the step finds its memory in one piece.
      this.gradient(tensor);
    } catch (error) {
      tensor.free();
      throw error;
    }
    return tensor;
  }

  #withoutGrad<T>(fn: () => T): T {
    const before = this.#gradEnabled;
    this.#gradEnabled = false;
    try {
      return fn();
    } finally {
      this.#gradEnabled = before;
    }
  }

  #addToGradient(output: Tensor, given: ArrayLike<number>): void {
    const address = this.gradient(output);
    const total = this.arena.read(address, output.size);
    for (let i = 0; i < total.length; i++) total[i] = (total[i] as number) + (given[i] as number);
    this.arena.write(address, total);
  }

  #expectFinite(loss: Tensor): void {
    if (this.kernels.allFinite(loss.pointer, loss.size) !== 0) return;
    const blame = this.#tape.blame() ?? 'it was given so';
    const found = loss.toArray().find((value) => !Number.isFinite(value));
    fail('backward', 'the loss', `be finite, but ${blame}`, found);
  }

  #forgetPanels(): void {
    if (this.panels.size > 0) this.panels.clear();
  }
}

function anyRequiresGrad(tensors: readonly Tensor[]): boolean {
  for (let i = 0; i < tensors.length; i++) if ((tensors[i] as Tensor).requiresGrad) return true;
  return false;
}
