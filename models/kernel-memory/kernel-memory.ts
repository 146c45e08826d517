// The kernel memory: softmax attention as a lossy key-value store, read by similarity of queries and keys.

import { readSafetensors, writeSafetensors } from '../../bindings/io/safetensors.js';
import { attention, attentionWeights, expectSimilarity, type Similarity } from '../../bindings/ops/attention.js';
import { expectInteger, expectNumber, fail } from '../../bindings/tensor/check.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import { expectRows, type Rows, rowsOf } from '../../bindings/tensor/rows.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { Strength } from '../layers/strength.js';
import { fitMemory } from './fit.js';
import type { FitOptions, FitReport, KernelMemoryOptions } from './options.js';

const ROWS_AT_A_TIME = 1024;
const SMALLEST_STRENGTH = 1e-30;

/**
 * Kernel memory: keys K [M, m] and values V [M, n]; a query q reads `softmax(β · similarity(q, K)) V`.
 *
 * `KernelMemory.fit` makes one from data. State: `keys`, `values`, and `strength`, or `log_strength` where it is learned. Throws a
 * RangeError for a size below 1 or a strength that is not above 0. Source: 'Differentiable Memory'; Nadaraya 1964, Watson 1964.
 */
export class KernelMemory {
  /** Keys and a learned strength; as buffers values and a fixed one. */
  readonly parameters: Parameters;
  /** K: [M, m]. */
  readonly keys: Tensor;
  /** V: [M, n]. */
  readonly values: Tensor;
  /** How a query is compared with a key. */
  readonly similarity: Similarity;
  readonly #strength: Strength;
  /** How the fit that made this memory went; undefined for one made otherwise. */
  report: FitReport | undefined;

  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    { memorySize, keySize, valueSize, similarity = 'dot', strength = 1, learnStrength = false }: KernelMemoryOptions,
  ) {
    for (const [name, value] of Object.entries({ memorySize, keySize, valueSize }))
      expectInteger('KernelMemory', name, value, 1);
    expectSimilarity('KernelMemory', similarity);
    expectNumber('KernelMemory', 'strength', strength, SMALLEST_STRENGTH);
    this.parameters = new Parameters(runtime);
    this.keys = this.parameters.create('keys', [memorySize, keySize]);
    this.values = this.parameters.createBuffer('values', [memorySize, valueSize]);
    this.similarity = similarity;
    this.#strength = new Strength(this.parameters, strength, learnStrength);
  }

  /**
   * Fits a memory to rows of queries Q [N, m] and of what they should read, X [N, n]: in every iteration V is the ridge regression of
   * X on the weights, and K takes one step of Adam on ½‖X − WV‖² with V held fixed. Resolves to the memory with the lowest loss
   * found, also where `signal` stops it early; see FitOptions. Rejects with a RangeError or TypeError, before any work, for sizes
   * that do not fit, an empty set, a row with a NaN or an infinity, M above N, a negative ridge.
   */
  static fit(runtime: Runtime, Q: Rows, X: Rows, options: FitOptions): Promise<KernelMemory> {
    return fitMemory(Q, X, options, (sizes) => new KernelMemory(runtime, sizes));
  }

  /** A memory saved by `save`. Throws a RangeError where the bytes hold something else. */
  static load(runtime: Runtime, bytes: ArrayBuffer | Uint8Array): KernelMemory {
    const { tensors, metadata } = readSafetensors(bytes);
    const similarity = metadata.similarity as Similarity;
    expectSimilarity('load', similarity);
    const shapeOf = (name: string) =>
      tensors.get(name)?.shape ?? fail('load', 'bytes', `hold ${name}`, 'nothing of that name');
    const [memorySize = 0, keySize = 0] = shapeOf('keys');
    const [, valueSize = 0] = shapeOf('values');
    const learnStrength = tensors.has('log_strength');
    const memory = new KernelMemory(runtime, { memorySize, keySize, valueSize, similarity, learnStrength });
    memory.parameters.loadStateDict(tensors);
    return memory;
  }

  /** The memory as a safetensors file. */
  save(): Uint8Array<ArrayBuffer> {
    return writeSafetensors(this.parameters.stateDict(), { format: 'pt', similarity: this.similarity });
  }

  /** β. */
  get strength(): number {
    return this.#strength.value;
  }

  /** Soft read, an op for networks of your own: `q: [B, m] → [B, n]`, with gradients to q, keys and a learned strength. */
  read(q: Tensor): Tensor {
    return attention(q, this.keys, this.values, { similarity: this.similarity, strength: this.#strength.tensor() });
  }

  /** Where every query looks: `q: [B, m] → [B, M]`. */
  weights(q: Tensor): Tensor {
    return attentionWeights(q, this.keys, { similarity: this.similarity, strength: this.#strength.tensor() });
  }

  /** What every row of Q [N, m] reads: N·n numbers, row-major. A block of rows at a time, whatever N. */
  predict(Q: Rows): Float32Array {
    const { count, columns } = expectRows('predict', 'Q', Q);
    const [keySize, valueSize] = [this.keys.shape[1] as number, this.values.shape[1] as number];
    if (columns !== keySize) fail('predict', 'Q', `have ${keySize} columns`, columns);
    const read = new Float32Array(count * valueSize);
    for (let row = 0; row < count; row += ROWS_AT_A_TIME) {
      const rows = Math.min(ROWS_AT_A_TIME, count - row);
      read.set(
        this.runtime.noGrad(() => this.read(rowsOf(this.runtime, Q, row, rows)).toArray()),
        row * valueSize,
      );
    }
    return read;
  }
}
