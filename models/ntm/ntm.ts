// The Neural Turing Machine: a controller, pairs of read and write heads, a memory matrix.

import type { HeadParameters } from '../../bindings/ops/addressing.js';
import { concat, expand, reshape, stack, unbind } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import { expectDimensions, expectOneOf, expectOptions, type OptionKeys } from '../../bindings/tensor/check.js';
import { expectShape } from '../../bindings/tensor/check-tensor.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { DISPOSE, type Tensor } from '../../bindings/tensor/tensor.js';
import {
  allOrNothing,
  expectParts,
  expectRandom,
  expectRuntime,
  expectSameRuntime,
  expectSizes,
} from '../layers/check-model.js';
import { Linear } from '../layers/linear.js';
import { expectSequence, expectStep, expectTensorLists } from './check-sequence.js';
import { type Controller, type ControllerState, FeedForwardController, LSTMController } from './controller.js';
import { type FocusInit, type HeadSizes, type HeadTrace, ReadHead, WriteHead } from './head.js';
import type { SequenceModel } from './sequence-model.js';

/** Options of `NTM`. */
export interface NTMOptions {
  /** Input size: features of an input vector, at least 1. */
  inputSize: number;
  /** Output size: logits of an output vector, at least 1. */
  outputSize: number;
  /** Source of the initial parameters. */
  random: Random;
  /** Controller network: stacked LSTM cells (`lstm`) or linear layers with ReLU (`feed-forward`). Default `lstm`. */
  controller?: 'lstm' | 'feed-forward';
  /** Hidden size H of every controller layer, at least 1. Default 100. */
  controllerSize?: number;
  /** Number of controller layers, from 1 to 1024. Default 1. */
  controllerLayers?: number;
  /** Number of memory rows N, at least 1. Default 128. */
  memorySize?: number;
  /** Width W of a memory row, at least 1. Default 20. */
  wordSize?: number;
  /** Number of read heads and of write heads, from 1 to 1024. Default 1. */
  heads?: number;
  /** Maximum shift of the focus per step, at least 0. Default 1. */
  maxShift?: number;
  /**
   * Initial memory: 1e-6 everywhere (`constant`), a parameter (`learned`), or a buffer (`random`), both initialised from N(0, 1).
   * Default `constant`.
   */
  memoryInit?: 'constant' | 'learned' | 'random';
  /** Initial focus of the heads, a learned parameter initialised on row 0 (`first`) or at random (`random`). Default `first`. */
  focusInit?: FocusInit;
}

/** State of an `NTM` between two steps. */
export interface NTMState extends ControllerState {
  /** Last read vector of every read head, [B, W] each. */
  readonly reads: readonly Tensor[];
  /** Attention weights of every read head, [B, N] each. */
  readonly readWeights: readonly Tensor[];
  /** Attention weights of every write head, [B, N] each. */
  readonly writeWeights: readonly Tensor[];
  /** Memory, [B, N, W]. */
  readonly memory: Tensor;
}

/** Parameters and attention weights of all heads of an `NTM` in one step. */
export interface NTMTrace {
  /** Of every read head. */
  readonly read: readonly HeadTrace[];
  /** Of every write head; these also hold `erase` and `add`. */
  readonly write: readonly HeadTrace[];
}

const KEYS: OptionKeys<NTMOptions> = {
  inputSize: true,
  outputSize: true,
  random: true,
  controller: true,
  controllerSize: true,
  controllerLayers: true,
  memorySize: true,
  wordSize: true,
  heads: true,
  maxShift: true,
  memoryInit: true,
  focusInit: true,
};

/**
 * Neural Turing Machine: a controller network that reads from and writes to a memory matrix by differentiable attention.
 *
 * In each step the controller sees the input and the last reads; every read head then reads and every write head erases and adds; the
 * output layer sees the hidden state and the new reads. State: the keys of the PyTorch original (`controller.*`, `read_heads.I.*`,
 * `write_heads.I.*`, `fc.*`, and `memory` unless constant). Source: Graves et al. 2014, with the initialisations of Schmidinger,
 * 'Exploring Neural Turing Machines'.
 *
 * @example
 * ```ts
 * import { load, NTM, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const model = new NTM(runtime, { inputSize: 9, outputSize: 8, random });
 * runtime.noGrad(() => {
 *   const inputs = random.bernoulli([5, 2, 9], 0.5);
 *   console.log(model.forward(inputs).shape); // → [ 5, 2, 8 ]
 *   const [output, state] = model.step(random.bernoulli([2, 9], 0.5), model.initialState(2));
 *   console.log(output.shape, state.memory.shape); // → [ 2, 8 ] [ 2, 128, 20 ]
 * });
 * ```
 */
export class NTM implements SequenceModel<NTMState> {
  /** Trainable parameters and buffers. */
  readonly parameters: Parameters;
  readonly #controller: Controller;
  readonly #heads: { readonly reader: ReadHead; readonly writer: WriteHead }[];
  readonly #fc: Linear;
  readonly #memory: Tensor;
  readonly #inputSize: number;
  readonly #sizes: HeadSizes;

  /**
   * Creates controller, heads, output layer and initial memory.
   *
   * @param runtime Runtime that holds the parameters.
   * @param options Sizes, variants and the source of initial values.
   * @throws {RangeError} An option is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} `runtime`, `options` or `random` is missing or of another kind, or an option is unknown.
   */
  constructor(
    /** Runtime that holds the parameters. */
    readonly runtime: Runtime,
    options: NTMOptions,
  ) {
    expectRuntime('NTM', 'runtime', runtime);
    const { inputSize, outputSize, random, memoryInit, focusInit, ...shape } = expectNTM(options, runtime);
    const { controller, controllerSize, controllerLayers, memorySize, wordSize, heads, maxShift } = shape;
    this.#inputSize = inputSize;
    const sizes = { controllerSize, memorySize, wordSize, maxShift };
    this.#sizes = sizes;
    this.parameters = new Parameters(runtime);
    const scope = (name: string) => this.parameters.scope(name);
    const Kind = controller === 'lstm' ? LSTMController : FeedForwardController;
    const readsSize = heads * wordSize;
    const make = () => ({
      controller: new Kind(scope('controller'), inputSize + readsSize, controllerSize, controllerLayers, random),
      heads: Array.from({ length: heads }, (_, i) => ({
        reader: new ReadHead(scope(`read_heads.${i}`), sizes, focusInit, random),
        writer: new WriteHead(scope(`write_heads.${i}`), sizes, focusInit, random),
      })),
      fc: new Linear(scope('fc'), controllerSize + readsSize, outputSize, random),
      memory: initialMemory(this.parameters, memoryInit, [memorySize, wordSize], random),
    });
    const parts = allOrNothing(random, make, this.parameters);
    this.#controller = parts.controller;
    this.#heads = parts.heads;
    this.#fc = parts.fc;
    this.#memory = parts.memory;
  }

  /**
   * Returns the state before the first step.
   *
   * @param batch Batch size B, at least 1.
   * @returns Initial state of B sequences.
   * @throws {RangeError} `batch` is not an integer in [1, 2^30].
   */
  initialState(batch: number): NTMState {
    this.parameters.expectAlive('NTM.initialState');
    expectSizes('NTM.initialState', { batch });
    const readers = this.#heads.map(({ reader }) => reader.initialState(batch));
    return {
      ...this.#controller.initialState(batch),
      reads: readers.map(({ read }) => read),
      readWeights: readers.map(({ weights }) => weights),
      writeWeights: this.#heads.map(({ writer }) => writer.initialState(batch)),
      memory: expand(reshape(this.#memory, [1, ...this.#memory.dims]), batch),
    };
  }

  /**
   * Processes one time step.
   *
   * @param x Input, [B, inputSize].
   * @param state State before the step.
   * @returns Output (logits), [B, outputSize], the next state, and parameters and attention weights of the heads.
   * @throws {RangeError} A shape does not fit, or a tensor belongs to another runtime.
   * @throws {TypeError} `x` or `state` is missing or of another kind.
   */
  step(x: Tensor, state: NTMState): [output: Tensor, state: NTMState, trace: NTMTrace] {
    this.parameters.expectAlive('NTM.step');
    expectStep('NTM.step', x, this.runtime, this.#inputSize);
    this.#expectState('NTM.step', state, x.dims[0] as number);
    const reading: HeadParameters[] = [];
    const writing: HeadParameters[] = [];
    const [features, next] = this.#advance(x, state, reading, writing);
    const read = reading.map((parameters, i) => ({ ...parameters, weights: next.readWeights[i] as Tensor }));
    const write = writing.map((parameters, i) => ({ ...parameters, weights: next.writeWeights[i] as Tensor }));
    return [this.#fc.forward(features), next, { read, write }];
  }

  /**
   * Processes a sequence.
   *
   * @param xs Inputs, [T, B, inputSize], at least one step of one sequence.
   * @param state State before the first step. Default: the initial state.
   * @returns Outputs (logits), [T, B, outputSize].
   * @throws {RangeError} A shape does not fit, or a tensor belongs to another runtime.
   * @throws {TypeError} `xs` or `state` is of another kind.
   */
  forward(xs: Tensor, state?: NTMState): Tensor {
    this.parameters.expectAlive('NTM.forward');
    expectSequence('NTM.forward', xs, this.runtime, this.#inputSize);
    const batch = xs.dims[1] as number;
    if (state !== undefined) this.#expectState('NTM.forward', state, batch);
    let current = state ?? this.initialState(batch);
    const features: Tensor[] = [];
    for (const x of unbind(xs)) {
      const [output, next] = this.#advance(x, current, [], []);
      features.push(output);
      current = next;
    }
    return this.#fc.forward(stack(features));
  }

  /** One step up to the input of the output layer: hidden state and reads, [B, H + heads·W]. */
  #advance(x: Tensor, state: NTMState, reading: HeadParameters[], writing: HeadParameters[]): [Tensor, NTMState] {
    const [h, { hidden, cell }] = this.#controller.step(concat([x, ...state.reads]), state);
    const reads: Tensor[] = [];
    const readWeights: Tensor[] = [];
    const writeWeights: Tensor[] = [];
    let memory = state.memory;
    for (const [i, { reader, writer }] of this.#heads.entries()) {
      const [read, readFocus, readParameters] = reader.step(h, state.readWeights[i] as Tensor, memory);
      const [written, writeFocus, writeParameters] = writer.step(h, state.writeWeights[i] as Tensor, memory);
      memory = written;
      reads.push(read);
      readWeights.push(readFocus);
      writeWeights.push(writeFocus);
      reading.push(readParameters);
      writing.push(writeParameters);
    }
    return [concat([h, ...reads]), { hidden, cell, reads, readWeights, writeWeights, memory }];
  }

  #expectState(op: string, state: NTMState, batch: number): void {
    const { controllerSize, memorySize, wordSize } = this.#sizes;
    const [heads, layers] = [this.#heads.length, this.#controller.stateLayers];
    expectTensorLists(op, state, batch, this.runtime, {
      hidden: [layers, controllerSize],
      cell: [layers, controllerSize],
      reads: [heads, wordSize],
      readWeights: [heads, memorySize],
      writeWeights: [heads, memorySize],
    });
    expectShape(op, 'state.memory', state.memory, batch, memorySize, wordSize);
    expectSameRuntime(op, 'state.memory', state.memory, this.runtime);
  }

  /** Frees the model's memory at once. Otherwise it is freed when the model is garbage-collected. */
  dispose(): void {
    this.parameters.dispose();
    // A constant initial memory is not among the parameters.
    if (this.#memory.scope.alive) this.#memory.dispose();
  }

  /** `dispose`, for `using`. */
  [DISPOSE](): void {
    this.dispose();
  }
}

/** The options with their defaults. */
function expectNTM(options: NTMOptions, runtime: Runtime): Required<NTMOptions> {
  const { inputSize, outputSize, random, ...variant } = expectOptions('NTM', options, KEYS);
  const { controllerSize = 100, controllerLayers = 1, memorySize = 128, wordSize = 20, heads = 1 } = variant;
  const { controller = 'lstm', maxShift = 1, memoryInit = 'constant', focusInit = 'first' } = variant;
  expectSizes('NTM', { inputSize, outputSize, controllerSize, memorySize, wordSize });
  expectParts('NTM', { controllerLayers, heads });
  expectSizes('NTM', { maxShift }, 0);
  expectDimensions('NTM', 'the memory', [memorySize, wordSize]);
  expectOneOf('NTM', 'controller', controller, ['lstm', 'feed-forward']);
  expectOneOf('NTM', 'memoryInit', memoryInit, ['constant', 'learned', 'random']);
  expectOneOf('NTM', 'focusInit', focusInit, ['first', 'random']);
  expectRandom('NTM', 'random', random, runtime);
  const sizes = { inputSize, outputSize, controllerSize, controllerLayers, memorySize, wordSize, heads, maxShift };
  return { ...sizes, random, controller, memoryInit, focusInit };
}

function initialMemory(
  parameters: Parameters,
  init: Required<NTMOptions>['memoryInit'],
  shape: [rows: number, width: number],
  random: Random,
): Tensor {
  if (init === 'constant') return parameters.runtime.tensor(new Float32Array(shape[0] * shape[1]).fill(1e-6), shape);
  const memory = init === 'learned' ? parameters.create('memory', shape) : parameters.createBuffer('memory', shape);
  return random.fillNormal(memory, 0, 1);
}
