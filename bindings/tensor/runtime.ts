// The runtime: kernels and memory, steps and their scopes, and the tape that is run backwards.
import type { Arena } from '../engine/arena.js';
import type { Kernels } from '../engine/kernels.js';
import type { Threads } from '../engine/threads.js';
import { expectDimensions, fail, failType } from './check.js';
import { expectTensor } from './check-tensor.js';
import { keep } from './scope-escape.js';
import { type Shape, sizeOf } from './shape.js';
import { type Scope, Tensor } from './tensor.js';

/** What was loaded, and why that build and so many threads. */
export interface RuntimeInfo {
  /** `relaxed` has fused multiply-adds, `simd` the same bits on any engine. */
  readonly variant: 'simd' | 'relaxed';
  /** Threads that share large ops, the calling one included. */
  readonly threads: number;
  /** Why this build, and why so many threads. */
  readonly reason: string;
}

/** What a step can be asked for. */
export interface StepOptions {
  /** Throw where a loss is NaN or infinite, naming the op that first produced such a number. Default false. */
  detectAnomaly?: boolean;
}

interface Entry {
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly backward: () => void;
}

/** Something to do once all closures of a backward pass have run. */
export interface Deferred {
  flush(): void;
}

/** Where a weight lies packed for x·Wᵀ and for x·W; 0 where it does not yet. */
export type Panels = [transposed: number, plain: number];

/** One wasm instance with its memory and tape. Made by `load`. */
export class Runtime {
  /** @internal Work left for the end of the running backward pass, by the tensor it is for. */
  readonly deferred = new Map<Tensor, Deferred>();
  /** @internal Addresses of weights packed for products, made at their first use in a step. */
  readonly panels = new Map<Tensor, Panels>();
  /** @internal Parameters that are not laid out yet, to be laid out before the next step. */
  readonly unsealed = new Set<{ seal(): void }>();
  readonly #forever: Scope = { alive: true };
  #scope = this.#forever;
  #gradEnabled = true;
  #detectAnomaly = false;
  #tape: Entry[] = [];

  /** @internal Use `load`. */
  constructor(
    /** @internal */ readonly kernels: Kernels,
    /** @internal */ readonly arena: Arena,
    private readonly loaded: RuntimeInfo,
    /** @internal */ readonly threads: Threads | undefined,
  ) {}

  /** The build and the threads in use, and why; threads that failed to start are left out once that is known. */
  get info(): RuntimeInfo {
    const { variant, threads, reason } = this.loaded;
    if (this.threads?.closed) return { variant, threads: 1, reason: `${reason}, until runtime.close()` };
    const missing = this.threads?.missing ?? [];
    if (missing.length === 0) return this.loaded;
    return { variant, threads: threads - missing.length, reason: `${reason}, but ${missing.join(', ')}` };
  }

  /**
   * Resolves when every worker thread is up or has been given up on; never rejects. Ops run before that, on the threads that are up.
   */
  get ready(): Promise<void> {
    return this.threads?.settled ?? Promise.resolve();
  }

  /** Terminates the worker threads, if any. The runtime stays usable: from then on the caller does all work. */
  close(): void {
    this.threads?.close();
  }

  /**
   * Runs `fn`; every tensor made inside is gone at its end, whatever it returns or throws. Ops may only run inside a step.
   * With `detectAnomaly`, a non-finite loss throws a RangeError that names the op which first produced a non-finite number. Throws an
   * Error where a thread has been lost.
   */
  step<T>(fn: () => T, { detectAnomaly = false }: StepOptions = {}): T {
    if (this.#scope !== this.#forever) throw new RangeError('step: steps must not be nested, got a step inside a step');
    this.threads?.expectAlive();
    if (this.unsealed.size > 0) for (const parameters of this.unsealed) parameters.seal();
    const mark = this.arena.mark();
    const scope = { alive: true };
    this.#scope = scope;
    this.#detectAnomaly = detectAnomaly;
    try {
      const result = fn();
      if (result instanceof Promise) failType('step', 'fn', 'be synchronous', result);
      return result;
    } finally {
      scope.alive = false;
      this.#scope = this.#forever;
      this.#clear();
      this.parametersChanged();
      this.arena.reset(mark);
    }
  }

  /**
   * Runs `fn` without recording, and keeps of its tensors only those it returns (also inside arrays and plain objects).
   * Outside a step nothing is kept, as at the end of a step.
   */
  noGrad<T>(fn: () => T): T {
    if (this.#scope === this.#forever) return this.step(() => this.#withoutGrad(fn));
    const outer = this.#scope;
    const inner = { alive: true };
    const mark = this.arena.mark();
    this.#scope = inner;
    let kept = mark;
    try {
      const result = this.#withoutGrad(fn);
      kept = keep(this.arena, result, inner, outer, mark);
      return result;
    } finally {
      inner.alive = false;
      this.#scope = outer;
      for (const [weight, panels] of this.panels) if (Math.max(...panels) >= mark) this.panels.delete(weight);
      this.arena.reset(kept);
    }
  }

  /**
   * A tensor of these values. Inside a step it lives until the step ends, outside for good.
   * `data` holds as many numbers as `shape` has elements, row-major; without `shape`, a vector.
   */
  tensor(data: ArrayLike<number>, shape: Shape = [data.length], { requiresGrad = false } = {}): Tensor {
    expectDimensions('tensor', 'shape', shape);
    if (data.length !== sizeOf(shape)) fail('tensor', 'data', `hold ${sizeOf(shape)} numbers`, data.length);
    const tensor = this.#make(shape, requiresGrad);
    this.arena.write(tensor.pointer, data);
    return tensor;
  }

  /** A tensor of zeros, living as long as one from `tensor`. */
  zeros(shape: Shape, { requiresGrad = false } = {}): Tensor {
    expectDimensions('zeros', 'shape', shape);
    const tensor = this.#make(shape, requiresGrad);
    this.arena.zero(tensor.pointer, tensor.size);
    return tensor;
  }

  /**
   * Runs the tape backwards: adds to the gradient of every tensor the outputs were computed from. `gradients[i]` is the upstream
   * gradient of `outputs[i]`, as many numbers as it has elements. The tape is empty afterwards.
   */
  backward(outputs: readonly Tensor[], gradients: readonly ArrayLike<number>[]): void {
    for (const [i, output] of outputs.entries()) {
      const given = gradients[i]?.length;
      expectTensor('backward', 'the output', output);
      if (given !== output.size) fail('backward', 'the gradient', `hold ${output.size} numbers`, given);
      if (!output.requiresGrad) fail('backward', 'the output', 'depend on a tensor with requiresGrad', output);
      if (this.#detectAnomaly) this.#expectFinite(output);
    }
    for (const [i, output] of outputs.entries()) {
      const total = this.arena.read(this.gradient(output), output.size);
      const given = gradients[i] as ArrayLike<number>;
      for (let j = 0; j < total.length; j++) total[j] = (total[j] as number) + (given[j] as number);
      this.arena.write(output.gradPointer, total);
    }
    for (let i = this.#tape.length - 1; i >= 0; i--) {
      const entry = this.#tape[i] as Entry;
      if (anyHasGradient(entry.outputs)) entry.backward();
    }
    for (const work of this.deferred.values()) work.flush();
    this.#clear();
  }

  /** @internal An uninitialised tensor for an op's output, in the running step. */
  output(shape: Shape): Tensor {
    if (this.#scope === this.#forever) {
      throw new RangeError('op: ops must run inside runtime.step or runtime.noGrad, got a call outside');
    }
    return new Tensor(this, this.arena.allocate(sizeOf(shape)), shape, this.#scope);
  }

  /** @internal Address of `count` uninitialised floats of the running step, for values an op saves. */
  allocate(count: number): number {
    return this.arena.allocate(count);
  }

  /** @internal Records an op, if a gradient of any input is wanted. `backward` finds gradients through `gradient(input)`. */
  record(op: string, inputs: readonly Tensor[], outputs: readonly Tensor[], backward: () => void): void {
    if (!this.#gradEnabled || !anyWantsGradient(inputs)) return;
    for (const output of outputs) output.requiresGrad = true;
    this.#tape.push({ op, inputs, outputs, backward });
  }

  /** @internal Whether an op on these inputs will be recorded, so that it must save what its backward needs. */
  recording(...inputs: readonly Tensor[]): boolean {
    return this.#gradEnabled && anyWantsGradient(inputs);
  }

  /** @internal Address of the gradient of `tensor`, zeros at first; 0 if it wants none. */
  gradient(tensor: Tensor): number {
    if (tensor.gradPointer === 0 && tensor.requiresGrad) {
      tensor.gradPointer = this.arena.allocate(tensor.size);
      this.arena.zero(tensor.gradPointer, tensor.size);
    }
    return tensor.requiresGrad ? tensor.gradPointer : 0;
  }

  /** @internal Whether `tensor` outlives the step: a parameter, whose gradient may wait for the end of the backward pass. */
  isPersistent(tensor: Tensor): boolean {
    return tensor.scope === this.#forever;
  }

  /** @internal A persistent tensor of zeros with no gradient yet. */
  persistent(shape: Shape): Tensor {
    return new Tensor(this, this.arena.allocatePersistent(sizeOf(shape)), shape, this.#forever);
  }

  /** @internal Values of persistent tensors have changed: packed copies of them are stale. */
  parametersChanged(): void {
    if (this.panels.size > 0) this.panels.clear();
  }

  #make(shape: Shape, requiresGrad: boolean): Tensor {
    const tensor = this.#scope === this.#forever ? this.persistent(shape) : this.output(shape);
    tensor.requiresGrad = requiresGrad;
    if (requiresGrad && this.isPersistent(tensor)) tensor.gradPointer = this.arena.allocatePersistent(tensor.size);
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

  #expectFinite(loss: Tensor): void {
    const finite = ({ pointer, size }: Tensor): boolean => this.kernels.allFinite(pointer, size) !== 0;
    if (finite(loss)) return;
    const blame = (whom: string): never => fail('backward', 'the loss', `be finite, but ${whom}`, loss.toArray()[0]);
    for (const { op, inputs, outputs } of this.#tape) {
      const input = inputs.findIndex((tensor) => !finite(tensor));
      if (input >= 0) blame(`input ${input} of ${op} was not to begin with`);
      if (!outputs.every(finite)) blame(`${op} was the first op to produce a NaN or an infinity`);
    }
  }

  /** Clearing an empty map or making an array is most of what a step costs: not where there is nothing to clear. */
  #clear(): void {
    if (this.#tape.length > 0) this.#tape = [];
    if (this.deferred.size > 0) this.deferred.clear();
  }
}

function anyWantsGradient(tensors: readonly Tensor[]): boolean {
  for (const { requiresGrad } of tensors) if (requiresGrad) return true;
  return false;
}

function anyHasGradient(tensors: readonly Tensor[]): boolean {
  for (const { gradPointer } of tensors) if (gradPointer !== 0) return true;
  return false;
}
