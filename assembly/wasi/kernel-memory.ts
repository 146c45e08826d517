// The kernel memory and its fit: the kernels of models/kernel-memory/ with its defaults, in the same order.
import { attentionWeights, attentionWeightsBackward } from '../attention';
import { matmul, matmulScratchBytes } from '../matmul/matmul';
import { adam } from '../optim';
import { clear, copy } from '../shaping';
import { NormalEquations } from './normal-equations';

/** Bits of matmul's flags. */
const A_TRANSPOSED: u32 = 1;
const B_TRANSPOSED: u32 = 2;
const ACCUMULATE: u32 = 4;

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPS: f64 = 1e-8;

/** Keys [M, m] and values [M, n], read by dot product. */
export class KernelMemory {
  readonly keys: usize;
  readonly values: usize;
  private readonly strength: usize = heap.alloc(4);
  private readonly scratch: usize = heap.alloc(matmulScratchBytes());

  constructor(
    readonly memorySize: u32,
    readonly keySize: u32,
    readonly valueSize: u32,
  ) {
    this.keys = heap.alloc(4 * memorySize * keySize);
    this.values = heap.alloc(4 * memorySize * valueSize);
    store<f32>(this.strength, 1);
  }

  /** Fits the memory to `rows` rows of queries q and targets x, from the current keys. */
  fit(q: usize, x: usize, rows: u32, iterations: u32, learningRate: f64, ridge: f64): void {
    const size = this.memorySize * this.keySize;
    const best = heap.alloc(4 * size);
    const before = heap.alloc(4 * size);
    const dkeys = heap.alloc(4 * size);
    const average = heap.alloc(4 * size);
    const averageSquare = heap.alloc(4 * size);
    const weights = heap.alloc(4 * rows * this.memorySize);
    const dweights = heap.alloc(4 * rows * this.memorySize);
    clear(average, size);
    clear(averageSquare, size);
    copy(best, this.keys, size);
    const equations = new NormalEquations(this.memorySize, this.valueSize, rows, this.values, this.scratch);
    let lowest = Infinity;
    for (let step: u32 = 1; step <= iterations; step++) {
      copy(before, this.keys, size);
      const loss = this.solve(equations, weights, q, x, rows, ridge);
      if (loss < lowest) {
        lowest = loss;
        copy(best, before, size);
      }
      equations.gradient(dweights, weights, x);
      this.gradient(dkeys, dweights, weights, q, rows);
      const correction1 = 1 - power(BETA1, step);
      const correction2 = 1 - power(BETA2, step);
      // biome-ignore format: one line a group
      adam(this.keys, dkeys, average, averageSquare, 0, size,
        learningRate, BETA1, BETA2, EPS, 0, false, correction1, correction2);
    }
    if (this.solve(equations, weights, q, x, rows, ridge) <= lowest) return;
    copy(this.keys, best, size);
    this.solve(equations, weights, q, x, rows, ridge);
  }

  /** Solves for the values of the current keys. Returns ½‖X − WV‖²; leaves the weights W at `weights`. */
  private solve(equations: NormalEquations, weights: usize, q: usize, x: usize, rows: u32, ridge: f64): f64 {
    const m = this.memorySize;
    matmul(weights, q, this.keys, this.scratch, rows, m, this.keySize, B_TRANSPOSED);
    attentionWeights(weights, weights, 0, this.strength, 1, rows, m);
    equations.add(weights, x);
    return equations.solve(ridge);
  }

  /** Gradient of the keys; overwrites that of the weights. */
  private gradient(dkeys: usize, dweights: usize, weights: usize, q: usize, rows: u32): void {
    const m = this.memorySize;
    attentionWeightsBackward(dweights, 0, dweights, weights, 0, 0, this.strength, 1, rows, m);
    clear(dkeys, m * this.keySize);
    matmul(dkeys, dweights, q, this.scratch, m, this.keySize, rows, A_TRANSPOSED | ACCUMULATE);
  }
}

/** base^exponent as bindings/optim/adam.ts has it. */
function power(base: f64, exponent: u32): f64 {
  let result: f64 = 1;
  for (let square = base; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result *= square;
    square *= square;
  }
  return result;
}
