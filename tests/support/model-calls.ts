// Calls that take an options object: valid options of every model, and bad values by kind.
import {
  CopyTask,
  GaussianVAE,
  GumbelMemory,
  ImageBatches,
  KernelMemory,
  LSTMBaseline,
  MemoryVAE,
  NTM,
  type Random,
  type Runtime,
  type Tensor,
  VQVAE,
} from '../../index.js';

export type Kind = 'size' | 'count' | 'number' | 'choice' | 'boolean' | 'object' | 'bounds';

/** A call with an options object: valid options, and what kind of value each is. */
export interface Call {
  readonly call: (runtime: Runtime, options: never) => unknown;
  readonly options: object;
  readonly kinds: Readonly<Record<string, Kind>>;
}

const images = Uint8Array.from({ length: 40 }, (_, i) => i);
const small = { narrow: 4, wide: 4, residual: 2, residualBlocks: 1, latentSize: 3 };

const networks = {
  channels: 'size',
  narrow: 'size',
  wide: 'size',
  residual: 'size',
  residualBlocks: 'size',
  tiedResiduals: 'boolean',
  latentSize: 'size',
  latentInit: 'number',
  variance: 'number',
} as const;

/** Constructors and static methods with an options object, by the name that their errors begin with. */
export function modelCalls(bank: Tensor, random: Random): Readonly<Record<string, Call>> {
  return {
    NTM: {
      call: (runtime, options) => new NTM(runtime, options),
      options: { inputSize: 3, outputSize: 2, controllerSize: 4, memorySize: 5, wordSize: 3, random },
      kinds: {
        inputSize: 'size',
        outputSize: 'size',
        controller: 'choice',
        controllerSize: 'size',
        controllerLayers: 'size',
        memorySize: 'size',
        wordSize: 'size',
        heads: 'size',
        maxShift: 'size',
        memoryInit: 'choice',
        focusInit: 'choice',
      },
    },
    LSTMBaseline: {
      call: (runtime, options) => new LSTMBaseline(runtime, options),
      options: { inputSize: 3, outputSize: 2, hiddenSize: 4, layers: 1, random },
      kinds: { inputSize: 'size', outputSize: 'size', hiddenSize: 'size', layers: 'size' },
    },
    GumbelMemory: {
      call: (runtime, options) => new GumbelMemory(runtime, options),
      options: { bank, inputSize: 2, hiddenSizes: [4], random },
      kinds: {
        bank: 'object',
        parameters: 'object',
        trainable: 'boolean',
        address: 'object',
        inputSize: 'size',
        hiddenSizes: 'object',
        hard: 'boolean',
      },
    },
    KernelMemory: {
      call: (runtime, options) => new KernelMemory(runtime, options),
      options: { memorySize: 3, keySize: 2, valueSize: 1 },
      kinds: {
        memorySize: 'size',
        keySize: 'size',
        valueSize: 'size',
        similarity: 'choice',
        strength: 'number',
        learnStrength: 'boolean',
      },
    },
    'KernelMemory.fit': {
      call: (runtime, options) => KernelMemory.fit(runtime, rows(2), rows(1), options),
      options: { memorySize: 3, iterations: 1, random },
      kinds: {
        memorySize: 'size',
        similarity: 'choice',
        strength: 'number',
        learnStrength: 'boolean',
        iterations: 'count',
        learningRate: 'number',
        lr: 'number',
        ridge: 'number',
        initialKeys: 'choice',
        batchSize: 'size',
        onProgress: 'object',
        signal: 'object',
      },
    },
    'KernelMemory.startFit': {
      call: (runtime, options) => KernelMemory.startFit(runtime, rows(2), rows(1), options),
      options: { memorySize: 3, random },
      kinds: { memorySize: 'size', learningRate: 'number', iterations: 'object', signal: 'object' },
    },
    MemoryVAE: {
      call: (runtime, options) => new MemoryVAE(runtime, options),
      options: { ...small, memorySize: 5, random },
      kinds: {
        ...networks,
        memorySize: 'size',
        similarity: 'choice',
        strength: 'number',
        learnStrength: 'boolean',
        memoryInit: 'bounds',
      },
    },
    VQVAE: {
      call: (runtime, options) => new VQVAE(runtime, options),
      options: { ...small, codebookSize: 5, random },
      kinds: {
        ...networks,
        codebookSize: 'size',
        commitment: 'number',
        update: 'choice',
        decay: 'number',
        codebookInit: 'number',
        restartDeadCodes: 'boolean',
      },
    },
    GaussianVAE: {
      call: (runtime, options) => new GaussianVAE(runtime, options),
      options: { ...small, random },
      kinds: { ...networks, klWeight: 'number' },
    },
    CopyTask: {
      call: (runtime, options) => new CopyTask(runtime, options),
      options: { random },
      kinds: { vectorSize: 'size', minLength: 'size', maxLength: 'size' },
    },
    ImageBatches: {
      call: (runtime, options) => new ImageBatches(runtime, options),
      options: { images, shape: [1, 2, 2], random },
      kinds: { images: 'object', shape: 'object' },
    },
  };
}

/** Twenty equal rows. */
export function rows(columns: number) {
  return { shape: [20, columns], data: new Float32Array(20 * columns).fill(0.5) };
}

/** Values that are invalid for every option of a kind. */
export const badValues: Readonly<Record<Kind, readonly unknown[]>> = {
  size: [NaN, -1, 1.5, '3', null, Infinity, 2 ** 31, 1n, [1], {}],
  count: [NaN, -1, 1.5, '3', null, Infinity, 1n, {}],
  number: [NaN, '3', null, -Infinity, 1e39, 1n, {}],
  choice: ['no such', null, 1, {}, ['lstm'], 'constructor'],
  boolean: [1, 'true', null, {}],
  bounds: [NaN, -1, '3', null, true, {}, [1], [2, 1], [NaN, 1], [0, 1e39]],
  object: [1, 'text', null, true, {}, [NaN, 'x'], Symbol('s')],
};
