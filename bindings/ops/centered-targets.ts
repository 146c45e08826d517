// Targets of a regression less their mean, a block of rows at a time.
import type { Runtime } from '../tensor/runtime.js';
import type { Tensor } from '../tensor/tensor.js';

const BLOCK_ROWS = 1024;
/** Rows that the mean is taken of, and whose weights must sum to 1. */
const MEAN_ROWS = 256;
const MAX_SHORTFALL = 1e-3;

/**
 * Gives the targets X of weights W as Z = X − W1μᵀ: what deviations D from the mean μ are to read, where values are μ +
 * D.
 */
export class CenteredTargets {
  /** μ, [n]. */
  readonly mean: Tensor;
  readonly #runtime: Runtime;
  readonly #memorySize: number;
  readonly #valueSize: number;
  #isSet = false;

  constructor(runtime: Runtime, memorySize: number, valueSize: number) {
    this.#runtime = runtime;
    this.#memorySize = memorySize;
    this.#valueSize = valueSize;
    this.mean = runtime.zeros([valueSize]);
  }

  /** The next `setMean` takes the mean of other targets. */
  reset(): void {
    this.#isSet = false;
  }

  /** Takes the mean of the first targets, or 0 where weights do not sum to 1: it could not be a part of the values. */
  setMean(weights: Tensor, targets: Tensor): void {
    if (this.#isSet) return;
    this.#isSet = true;
    const { kernels, arena } = this.#runtime;
    const count = Math.min(weights.dims[0] as number, MEAN_ROWS);
    const mark = arena.mark();
    const shortfalls = this.#runtime.allocate(count);
    kernels.shortfalls(shortfalls, weights.pointer, count, this.#memorySize);
    const sumToOne = arena.read(shortfalls, count).every((shortfall) => Math.abs(shortfall) <= MAX_SHORTFALL);
    arena.reset(mark);
    kernels.sum(this.mean.pointer, targets.pointer, 1, count, this.#valueSize, sumToOne ? 1 / count : 0);
    this.#runtime.changed(this.mean);
  }

  /** Calls `use` with the addresses of a block of weights and of its centred targets, which are a copy. */
  eachBlock(
    weights: Tensor,
    targets: Tensor,
    use: (weights: number, centered: number, count: number, row: number) => void,
  ): void {
    const { kernels, arena } = this.#runtime;
    const [m, n] = [this.#memorySize, this.#valueSize];
    const rows = weights.dims[0] as number;
    const mark = arena.mark();
    const most = Math.min(rows, BLOCK_ROWS);
    const [centered, shortfalls] = [this.#runtime.allocate(most * n), this.#runtime.allocate(most)];
    for (let row = 0; row < rows; row += most) {
      const count = Math.min(most, rows - row);
      const [w, x] = [weights.pointer + 4 * row * m, targets.pointer + 4 * row * n];
      kernels.shortfalls(shortfalls, w, count, m);
      kernels.centerTargets(centered, x, shortfalls, this.mean.pointer, count, n);
      use(w, centered, count, row);
    }
    arena.reset(mark);
  }

  /** Address of a copy of `cross`, WᵀZ, less λ1μᵀ: for a penalty on values μ + D instead of on the deviations D. */
  penalised(cross: Tensor, ridge: number): number {
    const { kernels, arena } = this.#runtime;
    const [m, n] = [this.#memorySize, this.#valueSize];
    const copy = this.#runtime.allocate(cross.size);
    const [penalty, row] = [this.#runtime.allocate(m * n), this.#runtime.allocate(n)];
    arena.copy(copy, cross.pointer, cross.size);
    kernels.scale(row, this.mean.pointer, n, -ridge);
    kernels.addBias(penalty, 0, row, m, n);
    kernels.addToCross(copy, penalty, m, n);
    return copy;
  }

  /** ⟨D, 1μᵀ⟩ of the deviations at an address. */
  alongMean(deviations: number): number {
    const { kernels, arena } = this.#runtime;
    const n = this.#valueSize;
    const mark = arena.mark();
    const address = this.#runtime.allocate(n);
    kernels.sum(address, deviations, 1, this.#memorySize, n, 1);
    const [sums, mean] = [arena.read(address, n), arena.read(this.mean.pointer, n)];
    arena.reset(mark);
    return sums.reduce((total, sum, c) => total + sum * (mean[c] as number), 0);
  }
}
