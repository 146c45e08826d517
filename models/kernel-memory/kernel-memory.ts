// The kernel memory, softmax attention as a lossy key-value store, and its fit.

import { readSafetensors, writeSafetensors } from '../../bindings/io/safetensors.js';
import { attention, attentionWeights, type Similarity } from '../../bindings/ops/attention.js';
import { expectOptions } from '../../bindings/tensor/check.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import { type Rows, rowsOf } from '../../bindings/tensor/rows.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { DISPOSE, type Tensor } from '../../bindings/tensor/tensor.js';
import { expectInput, expectRuntime, failShape, type Layout } from '../layers/check-model.js';
import { Strength } from '../layers/strength.js';
import {
  expectFit,
  expectLoop,
  expectMatrix,
  expectMemory,
  FIT_KEYS,
  MEMORY_KEYS,
  STEPWISE_KEYS,
} from './check-fit.js';
import { expectSaved } from './check-saved.js';
import { Descent } from './descent.js';
import type { FitOptions, FitReport, FitStep, KernelMemoryOptions, StepwiseFitOptions } from './options.js';
import { runFit } from './run-fit.js';

const BATCH_ROWS = 1024;
const QUERIES: Layout = { dims: ['B', 'keySize'], axis: 1, unit: 'columns (keySize)' };

/**
 * Kernel memory: keys K [M, m] with values V [M, n]; a query q reads `softmax(β · similarity(q, K)) V`.
 *
 * `KernelMemory.fit` creates one from data; the constructor creates one of zeros. State: the parameter `keys`, the buffer `values`, and the
 * buffer `strength` or, if learned, the parameter `log_strength`. Source: 'Differentiable Memory'; Nadaraya 1964, Watson 1964.
 *
 * @example
 * ```ts
 * import { KernelMemory, load, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const x = random.uniform([200, 1], { low: -3, high: 3 }).toArray();
 * const Q = { shape: [200, 1], data: x };
 * const X = { shape: [200, 1], data: x.map((value) => value * value) };
 * const options = { memorySize: 16, iterations: 100, learningRate: 0.05, similarity: 'l2' as const, random };
 * const memory = await KernelMemory.fit(runtime, Q, X, options);
 * const [read = NaN] = memory.predict({ shape: [1, 1], data: Float32Array.of(2) });
 * console.log(Math.abs(read - 4) < 0.2); // → true
 * ```
 */
export class KernelMemory {
  /** Keys and a learned strength as parameters, values and a fixed strength as buffers. */
  readonly parameters: Parameters;
  /** Keys K, [M, m]. */
  readonly keys: Tensor;
  /** Values V, [M, n]. */
  readonly values: Tensor;
  /** Similarity of queries and keys. */
  readonly similarity: Similarity;
  /** Report of the fit that created this memory; undefined for a memory created otherwise. */
  report: FitReport | undefined;
  readonly #strength: Strength;

  /**
   * Creates a memory whose keys and values are zero.
   *
   * @param runtime Runtime that holds the memory.
   * @param options Sizes, similarity and strength.
   * @throws {RangeError} An option is out of range.
   * @throws {TypeError} `runtime` or `options` is missing or of another kind, or an option is unknown.
   */
  constructor(
    /** Runtime that holds the memory. */
    readonly runtime: Runtime,
    options: KernelMemoryOptions,
  ) {
    expectRuntime('KernelMemory', 'runtime', runtime);
    const { memorySize, keySize, valueSize, similarity, strength, learnStrength } = expectMemory(
      'KernelMemory',
      expectOptions('KernelMemory', options, MEMORY_KEYS),
    );
    this.parameters = new Parameters(runtime);
    this.similarity = similarity;
    [this.keys, this.values, this.#strength] = this.parameters.atomically((): [Tensor, Tensor, Strength] => [
      this.parameters.create('keys', [memorySize, keySize]),
      this.parameters.createBuffer('values', [memorySize, valueSize]),
      new Strength(this.parameters, strength, learnStrength),
    ]);
  }

  /**
   * Fits a memory to data. In every iteration the values V are the ridge regression of the targets X on the attention weights W, and the
   * keys take one step of Adam on ½‖X − WV‖² with V held fixed. The state with the lowest loss is kept.
   *
   * @param runtime Runtime that holds the memory.
   * @param Q Queries, [N, m]: a tensor or `{ shape, data }`, finite.
   * @param X Targets, what each query should read, [N, n]: a tensor or `{ shape, data }`, finite.
   * @param options Size of the memory, its initial keys, and how long and how fast to train.
   * @returns A promise of the memory, also if `signal` ends the fit early; its `report` tells how it went.
   * @throws {RangeError} Q and X do not fit together, are empty or not finite, M exceeds N, or an option is out of range.
   * @throws {TypeError} An argument is missing or of another kind, or an option is unknown. Rejects with the reason of a signal already aborted.
   */
  static async fit(runtime: Runtime, Q: Rows, X: Rows, options: FitOptions): Promise<KernelMemory> {
    const op = 'KernelMemory.fit';
    const { iterations: _, onProgress: __, signal, ...stepwise } = expectOptions(op, options, FIT_KEYS);
    const iterations = expectLoop(op, options);
    if (signal?.aborted) throw signal.reason;
    const fit = new KernelMemoryFit(op, runtime, Q, X, stepwise);
    try {
      await runFit(fit, iterations, options);
      const memory = fit.finish();
      memory.report = { ...(memory.report as FitReport), iterations, aborted: signal?.aborted ?? false };
      return memory;
    } catch (error) {
      fit.dispose();
      fit.memory.parameters.dispose();
      throw error;
    }
  }

  /**
   * Starts a fit that you advance iteration by iteration, for a training loop or a stopping rule of your own.
   *
   * @param runtime Runtime that holds the memory.
   * @param Q Queries, [N, m]: a tensor or `{ shape, data }`, finite. They must outlive the fit.
   * @param X Targets, what each query should read, [N, n]: a tensor or `{ shape, data }`, finite. They must outlive the fit.
   * @param options Size of the memory, its initial keys, and how fast to train.
   * @returns The fit, before its first iteration.
   * @throws {RangeError} Q and X do not fit together, are empty or not finite, M exceeds N, or an option is out of range.
   * @throws {TypeError} An argument is missing or of another kind, or an option is unknown.
   */
  static startFit(runtime: Runtime, Q: Rows, X: Rows, options: StepwiseFitOptions): KernelMemoryFit {
    const op = 'KernelMemory.startFit';
    return new KernelMemoryFit(op, runtime, Q, X, expectOptions(op, options, STEPWISE_KEYS));
  }

  /**
   * Restores a memory that `save` wrote.
   *
   * @param runtime Runtime that holds the memory.
   * @param bytes The safetensors file.
   * @returns The memory.
   * @throws {RangeError} The file is damaged or holds something else.
   * @throws {TypeError} An argument is missing or of another kind.
   */
  static load(runtime: Runtime, bytes: ArrayBuffer | Uint8Array): KernelMemory {
    expectRuntime('KernelMemory.load', 'runtime', runtime);
    const saved = readSafetensors(bytes);
    const memory = new KernelMemory(runtime, expectSaved('KernelMemory.load', saved));
    memory.parameters.loadStateDict(saved.tensors);
    return memory;
  }

  /**
   * Writes the memory as a safetensors file, the similarity in its metadata.
   *
   * @returns The bytes of the file.
   */
  save(): Uint8Array<ArrayBuffer> {
    this.parameters.expectAlive('KernelMemory.save');
    return writeSafetensors(this.parameters.stateDict(), { format: 'pt', similarity: this.similarity });
  }

  /** Inverse temperature β. */
  get strength(): number {
    this.parameters.expectAlive('KernelMemory.strength');
    return this.#strength.value;
  }

  /**
   * Reads the memory: an op with gradients to `q`, the keys and a learned strength, for networks of your own.
   *
   * @param q Queries, [B, m].
   * @returns Reads, [B, n].
   * @throws {RangeError} `q` has another shape or belongs to another runtime.
   * @throws {TypeError} `q` is not a tensor.
   */
  read(q: Tensor): Tensor {
    this.parameters.expectAlive('KernelMemory.read');
    this.#expectQueries('KernelMemory.read', q);
    return attention(q, this.keys, this.values, { similarity: this.similarity, strength: this.#strength.tensor() });
  }

  /**
   * Computes the attention weights of queries.
   *
   * @param q Queries, [B, m].
   * @returns Weights over the keys, [B, M].
   * @throws {RangeError} `q` has another shape or belongs to another runtime.
   * @throws {TypeError} `q` is not a tensor.
   */
  weights(q: Tensor): Tensor {
    this.parameters.expectAlive('KernelMemory.weights');
    this.#expectQueries('KernelMemory.weights', q);
    return attentionWeights(q, this.keys, { similarity: this.similarity, strength: this.#strength.tensor() });
  }

  /**
   * Reads the memory for any number of queries, a block of rows at a time.
   *
   * @param Q Queries, [N, m]: a tensor or `{ shape, data }`, finite.
   * @returns Reads, N·n numbers, row-major.
   * @throws {RangeError} Q is empty, not finite, has another number of columns, or belongs to another runtime.
   * @throws {TypeError} Q is neither a tensor nor `{ shape, data }`.
   */
  predict(Q: Rows): Float32Array {
    this.parameters.expectAlive('KernelMemory.predict');
    const op = 'KernelMemory.predict';
    const { count, columns } = expectMatrix(op, 'Q', Q, this.runtime);
    const [keySize, valueSize] = [this.keys.shape[1] as number, this.values.shape[1] as number];
    if (columns !== keySize) failShape(op, 'Q', `have ${keySize} columns (keySize)`, Q.shape);
    const read = new Float32Array(count * valueSize);
    for (let row = 0; row < count; row += BATCH_ROWS) {
      const rows = Math.min(BATCH_ROWS, count - row);
      read.set(
        this.runtime.noGrad(() => this.read(rowsOf(this.runtime, Q, row, rows)).toArray()),
        row * valueSize,
      );
    }
    return read;
  }

  #expectQueries(op: string, q: Tensor): void {
    expectInput(op, 'q', q, this.runtime, QUERIES, this.keys.shape[1] as number);
  }

  /** Frees the model's memory at once. Otherwise it is freed when the model is garbage-collected. */
  dispose(): void {
    this.parameters.dispose();
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }
}

/**
 * A fit of a kernel memory in progress, started by `KernelMemory.startFit`.
 *
 * @example
 * ```ts
 * import { KernelMemory, load, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const Q = random.uniform([200, 1], { low: -3, high: 3 });
 * const X = runtime.tensor(Q.toArray().map((value) => value * value), [200, 1]);
 * const fit = KernelMemory.startFit(runtime, Q, X, { memorySize: 16, learningRate: 0.05, similarity: 'l2', random });
 * while (fit.iteration < 200 && fit.step().rmse > 0.1);
 * const memory = fit.finish();
 * console.log(fit.iteration < 200, memory.values.shape); // → true [ 16, 1 ]
 * ```
 */
export class KernelMemoryFit {
  /** The memory in training: after `step` it has the keys and values whose error the step returned. */
  readonly memory: KernelMemory;
  readonly #descent: Descent;

  /** @internal Use `KernelMemory.startFit`. */
  constructor(op: string, runtime: Runtime, Q: Rows, X: Rows, options: StepwiseFitOptions) {
    expectRuntime(op, 'runtime', runtime);
    const fit = expectFit(op, runtime, Q, X, options);
    runtime.expectNoStep(op);
    this.memory = new KernelMemory(runtime, fit.memory);
    try {
      this.#descent = new Descent(this.memory, Q, X, fit);
    } catch (error) {
      this.memory.parameters.dispose();
      throw error;
    }
  }

  /** Iterations done. */
  get iteration(): number {
    return this.#descent.iteration;
  }

  /**
   * Does one iteration: solves for the values and computes the gradient of the keys. Their Adam step is taken at the start of the next
   * iteration, so that memory and returned error belong together.
   *
   * @returns Error, ridge and condition number of the iteration.
   * @throws {RangeError} `learningRate` did not return a finite number ≥ 0, or the keys have diverged.
   * @throws {ReferenceError} The fit has ended.
   */
  step(): FitStep {
    this.memory.runtime.expectNoStep('KernelMemoryFit.step');
    return this.#descent.step();
  }

  /**
   * Ends the fit: restores the keys with the lowest loss, solves for their values and frees the working memory.
   *
   * @returns The memory, with the `report` of the fit.
   * @throws {ReferenceError} The fit has ended already.
   */
  finish(): KernelMemory {
    this.memory.runtime.expectNoStep('KernelMemoryFit.finish');
    this.memory.report = this.#descent.finish();
    return this.memory;
  }

  /** Ends the fit without a result: frees the working memory, not the memory itself. Done by `finish`. */
  dispose(): void {
    this.#descent.dispose();
  }
}
