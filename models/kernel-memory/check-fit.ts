// Checks of the arguments of a kernel memory and of its fit, before any work.
import { tagOf } from '../../bindings/engine/bytes.js';
import {
  expectBoolean,
  expectDimensions,
  expectFunction,
  expectInteger,
  expectNumber,
  expectOneOf,
  fail,
  failType,
  type OptionKeys,
} from '../../bindings/tensor/check.js';
import { expectRows, type Rows } from '../../bindings/tensor/rows.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { Tensor } from '../../bindings/tensor/tensor.js';
import { expectRandom, expectSameRuntime, expectSizes } from '../layers/check-model.js';
import type { FitOptions, KernelMemoryOptions, StepwiseFitOptions } from './options.js';

export const MEMORY_KEYS: OptionKeys<KernelMemoryOptions> = {
  memorySize: true,
  keySize: true,
  valueSize: true,
  similarity: true,
  strength: true,
  learnStrength: true,
};

export const STEPWISE_KEYS: OptionKeys<StepwiseFitOptions> = {
  memorySize: true,
  similarity: true,
  strength: true,
  learnStrength: true,
  random: true,
  learningRate: true,
  lr: true,
  ridge: true,
  initialKeys: true,
  batchSize: true,
};

export const FIT_KEYS: OptionKeys<FitOptions> = { ...STEPWISE_KEYS, iterations: true, onProgress: true, signal: true };

export const MIN_STRENGTH = 1e-30;

/** Options of which each may be undefined. */
type Given<Options> = { readonly [Key in keyof Options]: Options[Key] | undefined };

/** The options of a memory with their defaults. */
export function expectMemory(op: string, options: Given<KernelMemoryOptions>): Required<KernelMemoryOptions> {
  const { memorySize, keySize, valueSize } = options as Required<KernelMemoryOptions>;
  const { similarity = 'dot', strength = 1, learnStrength = false } = options;
  expectSizes(op, { memorySize, keySize, valueSize });
  expectOneOf(op, 'similarity', similarity, ['dot', 'l2', 'cosine']);
  expectNumber(op, 'strength', strength, MIN_STRENGTH);
  expectBoolean(op, 'learnStrength', learnStrength);
  return { memorySize, keySize, valueSize, similarity, strength, learnStrength };
}

/** `rows` must be a matrix of finite numbers; a tensor must belong to `runtime`. */
export function expectMatrix(op: string, argument: string, rows: Rows, runtime: Runtime) {
  if (rows instanceof Tensor) expectSameRuntime(op, argument, rows, runtime);
  return expectRows(op, argument, rows);
}

/** Checked options of a fit, with their defaults. `op` is the public function that took them. */
export interface CheckedFit
  extends Required<Pick<FitOptions, 'random' | 'learningRate' | 'ridge' | 'initialKeys' | 'batchSize'>> {
  readonly op: string;
  readonly memory: Required<KernelMemoryOptions>;
}

/** The options of a fit to Q and X. */
export function expectFit(op: string, runtime: Runtime, Q: Rows, X: Rows, options: StepwiseFitOptions): CheckedFit {
  const { memorySize, similarity, strength, learnStrength, random, ...rest } = options;
  const { lr = 5e-4, learningRate = lr, ridge = 1e-6, initialKeys = 'random' } = rest;
  expectRandom(op, 'random', random, runtime);
  for (const [name, rate] of Object.entries({ lr, learningRate })) {
    if (typeof rate !== 'function') expectNumber(op, name, rate, 0);
  }
  if (rest.lr !== undefined && lr !== learningRate) fail(op, 'lr', 'equal learningRate, its other name', lr);
  expectNumber(op, 'ridge', ridge, 0);
  expectSizes(op, { memorySize });
  const keys = expectMatrix(op, 'Q', Q, runtime);
  const values = expectMatrix(op, 'X', X, runtime);
  if (keys.count !== values.count) fail(op, 'X', `have as many rows as Q (${keys.count})`, values.count);
  if (memorySize > keys.count) fail(op, 'memorySize', `be at most the number of rows (${keys.count})`, memorySize);
  const { batchSize = keys.count } = rest;
  expectSizes(op, { batchSize });
  expectDimensions(op, 'the weights of a batch', [Math.min(batchSize, keys.count), memorySize]);
  if (isFloat32Array(initialKeys)) {
    expectRows(op, 'initialKeys', { shape: [memorySize, keys.columns], data: initialKeys });
  } else if (initialKeys !== 'random' && initialKeys !== 'rows') {
    fail(op, 'initialKeys', "be 'random', 'rows' or a Float32Array", initialKeys);
  }
  const sizes = { memorySize, keySize: keys.columns, valueSize: values.columns };
  const memory = expectMemory(op, { ...sizes, similarity, strength, learnStrength });
  return { op, memory, random, learningRate, ridge, initialKeys, batchSize };
}

/** Whether `value` is a Float32Array, of this realm or another. */
function isFloat32Array(value: unknown): value is Float32Array {
  return tagOf(value) === 'Float32Array';
}

/** Checks what `KernelMemory.fit` takes beside the options of a stepwise fit. */
export function expectLoop(op: string, { iterations = 1000, onProgress, signal }: Partial<FitOptions>): number {
  expectInteger(op, 'iterations', iterations, 0);
  if (onProgress !== undefined) expectFunction(op, 'onProgress', onProgress);
  if (signal !== undefined && typeof signal?.aborted !== 'boolean') failType(op, 'signal', 'be an AbortSignal', signal);
  return iterations;
}
