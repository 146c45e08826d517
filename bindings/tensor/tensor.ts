// A tensor: an address, a shape, and a gradient. Float32, contiguous, row-major.

import { fail } from './check.js';
import type { Runtime } from './runtime.js';
import { type Shape, sizeOf } from './shape.js';

/** Lifetime of a tensor: `alive` becomes false when the step that created it ends. */
export interface Scope {
  alive: boolean;
}

/**
 * A view of float32 numbers in the runtime's linear memory. Made by ops inside `runtime.step` it dies with the step; made by
 * `runtime.tensor` outside, or by a layer as a parameter, it stays. There are no strides, no broadcasting, no other dtypes.
 */
export class Tensor {
  /** Number of elements. */
  readonly size: number;
  /** @internal Address of the gradient, 0 while there is none. */
  gradPointer = 0;

  /** @internal Use `runtime.tensor` or an op. */
  constructor(
    /** Where the tensor lives. */
    readonly runtime: Runtime,
    /** @internal */ public pointer: number,
    /** Sizes of the dimensions, outermost first. */
    readonly shape: Shape,
    /** @internal */ public scope: Scope,
    /** Whether `backward` computes a gradient for this tensor. */
    public requiresGrad = false,
  ) {
    this.size = sizeOf(shape);
  }

  /** A copy of the values, row-major. Throws a ReferenceError if the tensor's step has ended. */
  toArray(): Float32Array {
    this.#expectAlive('toArray');
    return this.runtime.arena.read(this.pointer, this.size);
  }

  /** The value of a tensor with one element. */
  item(): number {
    this.#expectAlive('item');
    if (this.size !== 1) fail('item', 'the tensor', 'have exactly one element', this.shape);
    return this.runtime.arena.readOne(this.pointer);
  }

  /** Overwrites the values with `data` (`size` numbers, row-major). */
  set(data: ArrayLike<number>): this {
    this.#expectAlive('set');
    if (data.length !== this.size) fail('set', 'data', `hold ${this.size} numbers`, data.length);
    this.runtime.arena.write(this.pointer, data);
    this.runtime.parametersChanged();
    return this;
  }

  /** A copy of the gradient, or null where none has been computed. */
  get grad(): Float32Array | null {
    this.#expectAlive('grad');
    return this.gradPointer === 0 ? null : this.runtime.arena.read(this.gradPointer, this.size);
  }

  /** The same values, cut off from the tape. */
  detach(): Tensor {
    this.#expectAlive('detach');
    return new Tensor(this.runtime, this.pointer, this.shape, this.scope);
  }

  /** Adds the gradient of this scalar to every tensor it was computed from; see `runtime.backward`. */
  backward(): void {
    if (this.size !== 1) fail('backward', 'the loss', 'have exactly one element', this.shape);
    this.runtime.backward([this], [[1]]);
  }

  #expectAlive(op: string): void {
    if (!this.scope.alive) {
      throw new ReferenceError(`${op}: the tensor must belong to the running step, got a tensor whose step has ended`);
    }
  }
}
