// A weight used at many time steps: packed once for the forward pass, one matrix product for its gradient.
import { ACCUMULATE, TRANSPOSE_A, TRANSPOSE_B } from '../engine/kernels.js';
import type { Runtime } from '../tensor/runtime.js';
import type { Deferred } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Minimum number of rows for which packing the weight into panels pays off. */
const PACKING_MIN_ROWS = 4;
/** Minimum number of rows that fill the kernel's tiles: fewer are gathered from all uses of the weight. */
const PRODUCT_MIN_ROWS = 256;

/** y[rows, O] = (or, accumulating, +=) x[rows, I] · weightᵀ, with weight [O, I]. */
export function multiplyByTransposed(y: number, x: number, weight: Tensor, rows: number, accumulate: boolean): void {
  const [outputs, inputs] = weight.dims as [number, number];
  multiply(y, x, weight, rows, outputs, inputs, TRANSPOSE_B, accumulate ? ACCUMULATE : 0);
}

/** dx[rows, I] += dy[rows, O] · weight, with weight [O, I]. */
export function addProductWithWeight(dx: number, dy: number, weight: Tensor, rows: number): void {
  const [outputs, inputs] = weight.dims as [number, number];
  multiply(dx, dy, weight, rows, inputs, outputs, 0, ACCUMULATE);
}

function multiply(
  y: number,
  x: number,
  weight: Tensor,
  m: number,
  n: number,
  k: number,
  how: number,
  add: number,
): void {
  const { kernels, arena } = weight.runtime;
  if (m < PACKING_MIN_ROWS || !weight.runtime.isPersistent(weight)) {
    kernels.matmul(y, x, weight.pointer, arena.scratch, m, n, k, how | add);
  } else {
    kernels.matmulPacked(y, x, packed(weight, n, k, how === TRANSPOSE_B), arena.scratch, m, n, k, add);
  }
}

/** Adds dyᵀ · x to the gradient of `weight` [O, I]: now, or with its other uses at the end of the backward pass. */
export function addWeightGradient(weight: Tensor, dy: number, x: number, rows: number): void {
  if (!weight.requiresGrad) return;
  const { runtime } = weight;
  if (rows >= PRODUCT_MIN_ROWS || !runtime.isPersistent(weight)) {
    product(weight, dy, x, rows);
    return;
  }
  let uses = runtime.deferred.get(weight) as WeightUses | undefined;
  if (uses === undefined) {
    uses = new WeightUses(runtime, weight);
    runtime.deferred.set(weight, uses);
  }
  uses.add(dy, x, rows);
}

/** Upstream gradients and inputs of every use of one weight in a backward pass. */
class WeightUses implements Deferred {
  readonly #uses: { dy: number; x: number; rows: number }[] = [];
  #rows = 0;

  constructor(
    readonly runtime: Runtime,
    readonly weight: Tensor,
  ) {}

  add(dy: number, x: number, rows: number): void {
    this.#uses.push({ dy, x, rows });
    this.#rows += rows;
  }

  flush(): void {
    const [first] = this.#uses;
    if (first === undefined) return;
    if (this.#uses.length === 1) {
      product(this.weight, first.dy, first.x, first.rows);
    } else {
      const [outputs, inputs] = this.weight.dims as [number, number];
      const { arena } = this.runtime;
      const mark = arena.mark();
      product(this.weight, this.#gather('dy', outputs), this.#gather('x', inputs), this.#rows);
      arena.reset(mark);
    }
  }

  /** Address of the rows of all uses, concatenated. */
  #gather(which: 'dy' | 'x', width: number): number {
    const { arena } = this.runtime;
    const start = arena.allocate(this.#rows * width);
    let target = start;
    for (const use of this.#uses) {
      arena.copy(target, use[which], use.rows * width);
      target += use.rows * width * 4;
    }
    return start;
  }
}

function product(weight: Tensor, dy: number, x: number, rows: number): void {
  const { runtime } = weight;
  const [outputs, inputs] = weight.dims as [number, number];
  const { kernels, arena } = runtime;
  const flags = TRANSPOSE_A | ACCUMULATE;
  kernels.matmul(runtime.gradient(weight), dy, x, arena.scratch, outputs, inputs, rows, flags);
}

/** Address of the packed panels of op(weight) [k, n], cached until the step ends or a parameter changes. */
function packed(weight: Tensor, n: number, k: number, transposed: boolean): number {
  const { runtime } = weight;
  let panels = runtime.panels.get(weight);
  if (panels === undefined) {
    panels = [0, 0];
    runtime.panels.set(weight, panels);
  }
  const which = transposed ? 0 : 1;
  if (panels[which] === 0) {
    panels[which] = runtime.allocate(runtime.kernels.panelBytes(k, n) / 4);
    runtime.kernels.packPanels(panels[which], weight.pointer, k, n, transposed);
  }
  return panels[which];
}
