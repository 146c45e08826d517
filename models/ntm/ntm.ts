// The Neural Turing Machine: a controller, pairs of read and write heads, a memory matrix.

import type { HeadParameters } from '../../bindings/ops/addressing.js';
import { concat, expand, reshape, stack, unbind } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger, fail } from '../../bindings/tensor/check.js';
import { expectShape } from '../../bindings/tensor/check-tensor.js';
import { Parameters } from '../../bindings/tensor/parameters.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { Linear } from '../layers/linear.js';
import { type Controller, type ControllerState, FeedForwardController, LSTMController } from './controller.js';
import { type FocusInit, type HeadTrace, ReadHead, WriteHead } from './head.js';
import type { SequenceModel } from './sequence-model.js';

/** Options of NTM. */
export interface NTMOptions {
  /** Numbers in an input vector. */
  inputSize: number;
  /** Numbers in an output vector (logits). */
  outputSize: number;
  /** Source of the initial parameters. */
  random: Random;
  /** `lstm` (default) or `feed-forward`. */
  controller?: 'lstm' | 'feed-forward';
  /** Hidden units of every controller layer. Default 100. */
  controllerSize?: number;
  /** Controller layers. Default 1. */
  controllerLayers?: number;
  /** Rows N of the memory. Default 128. */
  memorySize?: number;
  /** Numbers W in a row. Default 20. */
  wordSize?: number;
  /** Pairs of a read and a write head. Default 1. */
  heads?: number;
  /** Farthest shift of a focus in one step. Default 1. */
  maxShift?: number;
  /** First content of the memory: every number 1e-6 (default), a learned matrix, or one drawn once from N(0, 1). */
  memoryInit?: 'constant' | 'learned' | 'random';
  /** First focus of the heads, learned from there on. Default `first`. */
  focusInit?: FocusInit;
}

/** Everything the machine carries from step to step; lists hold one tensor a layer or a head. */
export interface NTMState extends ControllerState {
  /** [B, W] each. */
  readonly reads: readonly Tensor[];
  /** [B, N] each. */
  readonly readWeights: readonly Tensor[];
  /** [B, N] each. */
  readonly writeWeights: readonly Tensor[];
  /** [B, N, W]. */
  readonly memory: Tensor;
}

/** What every head did in one step. */
export interface NTMTrace {
  /** One a read head. */
  readonly read: readonly HeadTrace[];
  /** One a write head. */
  readonly write: readonly HeadTrace[];
}

/**
 * Neural Turing Machine (Graves et al. 2014) with the choices of Schmidinger, 'Exploring Neural Turing Machines'.
 *
 * In each step the controller sees the input and the last reads; then each pair of heads reads, and writes; the output layer sees
 * hidden state and reads. `stateDict` keys are those of the PyTorch original. Throws a RangeError for a size below 1.
 */
export class NTM implements SequenceModel<NTMState> {
  /** What is trained, and what is saved. */
  readonly parameters: Parameters;
  readonly #controller: Controller;
  readonly #heads: { readonly reader: ReadHead; readonly writer: WriteHead }[];
  readonly #fc: Linear;
  readonly #memory: Tensor;

  constructor(
    /** Where the tensors live. */
    readonly runtime: Runtime,
    options: NTMOptions,
  ) {
    const { inputSize, outputSize, random } = options;
    const { controllerSize = 100, controllerLayers = 1, memorySize = 128, wordSize = 20 } = options;
    const { controller = 'lstm', heads = 1, maxShift = 1, memoryInit = 'constant', focusInit = 'first' } = options;
    for (const [name, value] of Object.entries({
      inputSize,
      outputSize,
      controllerSize,
      controllerLayers,
      memorySize,
      wordSize,
      heads,
    })) {
      expectInteger('NTM', name, value, 1);
    }
    expectInteger('NTM', 'maxShift', maxShift, 0);
    if (!['lstm', 'feed-forward'].includes(controller))
      fail('NTM', 'controller', 'be lstm or feed-forward', controller);
    if (!['first', 'random'].includes(focusInit)) fail('NTM', 'focusInit', 'be first or random', focusInit);
    this.parameters = new Parameters(runtime);
    const Kind = controller === 'lstm' ? LSTMController : FeedForwardController;
    const scope = this.parameters.scope('controller');
    this.#controller = new Kind(scope, inputSize + heads * wordSize, controllerSize, controllerLayers, random);
    const sizes = { controllerSize, memorySize, wordSize, maxShift };
    this.#heads = Array.from({ length: heads }, (_, i) => ({
      reader: new ReadHead(this.parameters.scope(`read_heads.${i}`), sizes, focusInit, random),
      writer: new WriteHead(this.parameters.scope(`write_heads.${i}`), sizes, focusInit, random),
    }));
    this.#fc = new Linear(this.parameters.scope('fc'), controllerSize + heads * wordSize, outputSize, random);
    this.#memory = this.#initialMemory(memoryInit, [memorySize, wordSize], random);
  }

  initialState(batch: number): NTMState {
    expectInteger('initialState', 'batch', batch, 1);
    const readers = this.#heads.map(({ reader }) => reader.initialState(batch));
    return {
      ...this.#controller.initialState(batch),
      reads: readers.map(({ read }) => read),
      readWeights: readers.map(({ weights }) => weights),
      writeWeights: this.#heads.map(({ writer }) => writer.initialState(batch)),
      memory: expand(reshape(this.#memory, [1, ...this.#memory.shape]), batch),
    };
  }

  /** `x: [B, inputSize] → [output: [B, outputSize], next state, what the heads did]`. */
  step(x: Tensor, state: NTMState): [Tensor, NTMState, NTMTrace] {
    const reading: HeadParameters[] = [];
    const writing: HeadParameters[] = [];
    const [features, next] = this.#advance(x, state, reading, writing);
    const read = reading.map((parameters, i) => ({ ...parameters, weights: next.readWeights[i] as Tensor }));
    const write = writing.map((parameters, i) => ({ ...parameters, weights: next.writeWeights[i] as Tensor }));
    return [this.#fc.forward(features), next, { read, write }];
  }

  forward(xs: Tensor, state?: NTMState): Tensor {
    expectShape('forward', 'xs', xs, -1, -1, -1);
    let current = state ?? this.initialState(xs.shape[1] as number);
    const features: Tensor[] = [];
    for (const x of unbind(xs)) {
      const [output, next] = this.#advance(x, current, [], []);
      features.push(output);
      current = next;
    }
    return this.#fc.forward(stack(features));
  }

  /** One step up to what the output layer sees: hidden state and reads, [B, H + heads · W]. */
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

  #initialMemory(init: NonNullable<NTMOptions['memoryInit']>, shape: [number, number], random: Random): Tensor {
    switch (init) {
      case 'constant':
        return this.runtime.tensor(new Float32Array(shape[0] * shape[1]).fill(1e-6), shape);
      case 'learned':
        return random.fillNormal(this.parameters.create('memory', shape), 0, 1);
      case 'random':
        return random.fillNormal(this.parameters.createBuffer('memory', shape), 0, 1);
      default:
        return fail('NTM', 'memoryInit', 'be constant, learned or random', init);
    }
  }
}
