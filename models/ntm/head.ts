// The heads of the NTM: they turn the hidden state into attention weights over memory rows, and read or write there.
import { contentWeights, type HeadParameters, headParameters, locationWeights } from '../../bindings/ops/addressing.js';
import { memoryRead, memoryWrite } from '../../bindings/ops/memory.js';
import { expand } from '../../bindings/ops/shaping.js';
import { softmax } from '../../bindings/ops/softmax.js';
import type { Random } from '../../bindings/random.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { Linear } from '../layers/linear.js';

/** Sizes of a head. */
export interface HeadSizes {
  readonly controllerSize: number;
  readonly memorySize: number;
  readonly wordSize: number;
  readonly maxShift: number;
}

/**
 * Initial focus of a head, the softmax of a learned bias: `first` initialises the bias with 10 for row 0 and 0 elsewhere, `random` from
 * N(0, 1) (read heads) or U(0, 1) (write heads).
 */
export type FocusInit = 'first' | 'random';

/** Parameters of a head in one step, with its attention weights. */
export type HeadTrace = HeadParameters & {
  /** Attention weights, [B, N]. */
  readonly weights: Tensor;
};

/** Computes attention weights: content, interpolation, shift, sharpening (Graves et al. 2014, eqs. 5–9). */
function focus(parameters: HeadParameters, previous: Tensor, memory: Tensor): Tensor {
  const content = contentWeights(parameters.key, parameters.strength, memory);
  return locationWeights(content, previous, parameters.gate, parameters.shift, parameters.sharpness);
}

/** The softmax of `bias` [1, N], repeated for every sequence of the batch. */
function initialFocus(bias: Tensor, batch: number): Tensor {
  return expand(softmax(bias), batch);
}

function focusOnFirst(bias: Tensor): Tensor {
  return bias.set(new Float32Array(bias.size).fill(10, 0, 1));
}

/** Read head. State: `fc.*`, `read_bias` [1, W] from N(0, 1), `read_focus_bias` [1, N]. */
export class ReadHead {
  readonly #fc: Linear;
  readonly #readBias: Tensor;
  readonly #focusBias: Tensor;

  constructor(
    parameters: ParameterScope,
    readonly sizes: HeadSizes,
    focusInit: FocusInit,
    random: Random,
  ) {
    const { controllerSize, memorySize, wordSize, maxShift } = sizes;
    this.#fc = new Linear(parameters.scope('fc'), controllerSize, wordSize + 2 * maxShift + 4, random);
    this.#readBias = random.fillNormal(parameters.create('read_bias', [1, wordSize]), 0, 1);
    this.#focusBias = parameters.create('read_focus_bias', [1, memorySize]);
    if (focusInit === 'first') focusOnFirst(this.#focusBias);
    else random.fillNormal(this.#focusBias, 0, 1);
  }

  /** Read vector [B, W] and attention weights [B, N] before the first step. */
  initialState(batch: number): { read: Tensor; weights: Tensor } {
    return { read: expand(this.#readBias, batch), weights: initialFocus(this.#focusBias, batch) };
  }

  /** `h: [B, H], previous: [B, N], memory: [B, N, W] → [read: [B, W], weights: [B, N], parameters]`. */
  step(h: Tensor, previous: Tensor, memory: Tensor): [Tensor, Tensor, HeadParameters] {
    const { wordSize, maxShift } = this.sizes;
    const parameters = headParameters(this.#fc.forward(h), { wordSize, maxShift, write: false });
    const weights = focus(parameters, previous, memory);
    return [memoryRead(weights, memory), weights, parameters];
  }
}

/** Write head. State: `fc.*`, `write_focus_bias` [1, N]. */
export class WriteHead {
  readonly #fc: Linear;
  readonly #focusBias: Tensor;

  constructor(
    parameters: ParameterScope,
    readonly sizes: HeadSizes,
    focusInit: FocusInit,
    random: Random,
  ) {
    const { controllerSize, memorySize, wordSize, maxShift } = sizes;
    this.#fc = new Linear(parameters.scope('fc'), controllerSize, 3 * wordSize + 2 * maxShift + 4, random);
    this.#focusBias = parameters.create('write_focus_bias', [1, memorySize]);
    if (focusInit === 'first') focusOnFirst(this.#focusBias);
    else random.fillUniform(this.#focusBias, 0, 1);
  }

  /** Attention weights [B, N] before the first step. */
  initialState(batch: number): Tensor {
    return initialFocus(this.#focusBias, batch);
  }

  /** `h: [B, H], previous: [B, N], memory: [B, N, W] → [memory: [B, N, W], weights: [B, N], parameters]`. */
  step(h: Tensor, previous: Tensor, memory: Tensor): [Tensor, Tensor, HeadParameters] {
    const { wordSize, maxShift } = this.sizes;
    const parameters = headParameters(this.#fc.forward(h), { wordSize, maxShift, write: true });
    const weights = focus(parameters, previous, memory);
    const written = memoryWrite(memory, weights, parameters.erase as Tensor, parameters.add as Tensor);
    return [written, weights, parameters];
  }
}
