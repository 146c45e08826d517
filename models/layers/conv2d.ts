// Convolution layers.
import { type Conv2dOptions, conv2d, convTranspose2d, type Pair } from '../../bindings/ops/conv2d.js';
import type { Random } from '../../bindings/random.js';
import {
  expectBoolean,
  expectDimensions,
  expectOptions,
  fail,
  isArray,
  type OptionKeys,
} from '../../bindings/tensor/check.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { expectInput, expectParameters, expectRandom, expectSizes, type Layout } from './check-model.js';

/** Options of `Conv2d` and `ConvTranspose2d`. */
export interface Conv2dLayerOptions extends Conv2dOptions {
  /** Add a bias to every output channel. Default true. */
  bias?: boolean;
}

type Shape4 = readonly [number, number, number, number];

const KEYS: OptionKeys<Conv2dLayerOptions> = { stride: true, padding: true, bias: true };
const IMAGES: Layout = { dims: ['N', 'inputs', 'H', 'W'], axis: 1, unit: 'channels (inputs)' };

/**
 * 2-D convolution with a square kernel, as PyTorch's `nn.Conv2d`.
 *
 * State: the parameters `weight` [outputs, inputs, kernel, kernel] and `bias` [outputs], both initialised from U(−b, b) with
 * b = 1/√(inputs·kernel²).
 *
 * @example
 * ```ts
 * import { Conv2d, load, Parameters, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const layer = new Conv2d(new Parameters(runtime), 3, 8, 4, random, { stride: 2, padding: 1 });
 * const y = runtime.noGrad(() => layer.forward(random.uniform([2, 3, 16, 16])).shape);
 * console.log(y); // → [ 2, 8, 8, 8 ]
 * ```
 */
export class Conv2d {
  /** Weight, [outputs, inputs, kernel, kernel]. */
  readonly weight: Tensor;
  /** Bias, [outputs]; undefined without one. */
  readonly bias: Tensor | undefined;
  readonly #options: Conv2dOptions;

  /**
   * Creates the weight and the bias.
   *
   * @param parameters Parameters object, or a scope of one, in which the layer creates its tensors.
   * @param inputs Number of input channels, at least 1.
   * @param outputs Number of output channels, at least 1.
   * @param kernel Kernel height and width, at least 1.
   * @param random Source of the initial values, of the runtime of `parameters`.
   * @param options Stride, padding and bias.
   * @throws {RangeError} A size, a stride or a padding is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} An option is unknown, or `parameters` or `random` is missing or of another kind.
   */
  constructor(
    parameters: ParameterScope,
    inputs: number,
    outputs: number,
    kernel: number,
    random: Random,
    options: Conv2dLayerOptions = {},
  ) {
    expectSizes('Conv2d', { inputs, outputs, kernel });
    const { bias, ...steps } = expectConvolution('Conv2d', parameters, random, options);
    [this.weight, this.bias] = make(
      'Conv2d',
      parameters,
      [outputs, inputs, kernel, kernel],
      bias ? outputs : 0,
      random,
    );
    this.#options = steps;
  }

  /**
   * Convolves a batch of images.
   *
   * @param x Images, [N, inputs, H, W].
   * @returns Images, [N, outputs, OH, OW] with OH = ⌊(H + 2·padding − kernel) / stride⌋ + 1, OW likewise.
   * @throws {RangeError} `x` has another shape, is smaller than the kernel, or belongs to another runtime.
   */
  forward(x: Tensor): Tensor {
    expectInput('Conv2d.forward', 'x', x, this.weight.runtime, IMAGES, this.weight.shape[1] as number);
    return conv2d(x, this.weight, this.bias, this.#options);
  }
}

/**
 * Transposed 2-D convolution with a square kernel, as PyTorch's `nn.ConvTranspose2d`.
 *
 * State: the parameters `weight` [inputs, outputs, kernel, kernel] and `bias` [outputs], both initialised from U(−b, b) with
 * b = 1/√(outputs·kernel²).
 *
 * @example
 * ```ts
 * import { ConvTranspose2d, load, Parameters, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const layer = new ConvTranspose2d(new Parameters(runtime), 8, 3, 4, random, { stride: 2, padding: 1 });
 * const y = runtime.noGrad(() => layer.forward(random.uniform([2, 8, 8, 8])).shape);
 * console.log(y); // → [ 2, 3, 16, 16 ]
 * ```
 */
export class ConvTranspose2d {
  /** Weight, [inputs, outputs, kernel, kernel]. */
  readonly weight: Tensor;
  /** Bias, [outputs]; undefined without one. */
  readonly bias: Tensor | undefined;
  readonly #options: Conv2dOptions;

  /**
   * Creates the weight and the bias.
   *
   * @param parameters Parameters object, or a scope of one, in which the layer creates its tensors.
   * @param inputs Number of input channels, at least 1.
   * @param outputs Number of output channels, at least 1.
   * @param kernel Kernel height and width, at least 1.
   * @param random Source of the initial values, of the runtime of `parameters`.
   * @param options Stride, padding and bias.
   * @throws {RangeError} A size, a stride or a padding is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} An option is unknown, or `parameters` or `random` is missing or of another kind.
   */
  constructor(
    parameters: ParameterScope,
    inputs: number,
    outputs: number,
    kernel: number,
    random: Random,
    options: Conv2dLayerOptions = {},
  ) {
    const op = 'ConvTranspose2d';
    expectSizes(op, { inputs, outputs, kernel });
    const { bias, ...steps } = expectConvolution(op, parameters, random, options);
    [this.weight, this.bias] = make(op, parameters, [inputs, outputs, kernel, kernel], bias ? outputs : 0, random);
    this.#options = steps;
  }

  /**
   * Applies the transposed convolution to a batch of images.
   *
   * @param x Images, [N, inputs, H, W].
   * @returns Images, [N, outputs, OH, OW] with OH = (H − 1)·stride − 2·padding + kernel, OW likewise.
   * @throws {RangeError} `x` has another shape, nothing is left of the image, or `x` belongs to another runtime.
   */
  forward(x: Tensor): Tensor {
    expectInput('ConvTranspose2d.forward', 'x', x, this.weight.runtime, IMAGES, this.weight.shape[0] as number);
    return convTranspose2d(x, this.weight, this.bias, this.#options);
  }
}

/** Creates the weight and, with `biases` > 0, the bias, initialised from U(±1/√(elements of a slice of the weight)) as PyTorch does. */
function make(
  op: string,
  parameters: ParameterScope,
  shape: Shape4,
  biases: number,
  random: Random,
): [weight: Tensor, bias: Tensor | undefined] {
  expectDimensions(op, 'the weight', shape);
  const bound = 1 / Math.sqrt(shape[1] * shape[2] * shape[3]);
  const weight = parameters.create('weight', shape);
  const bias = biases > 0 ? parameters.create('bias', [biases]) : undefined;
  random.fillUniform(weight, -bound, bound);
  return [weight, bias && random.fillUniform(bias, -bound, bound)];
}

/** The options with their defaults; `parameters` and `random` must be what they are called. */
function expectConvolution(
  op: string,
  parameters: ParameterScope,
  random: Random,
  options: Conv2dLayerOptions,
): Required<Conv2dLayerOptions> {
  expectParameters(op, 'parameters', parameters);
  expectRandom(op, 'random', random, parameters.runtime);
  const { stride = 1, padding = 0, bias = true } = expectOptions(op, options, KEYS);
  expectPair(op, 'stride', stride, 1);
  expectPair(op, 'padding', padding, 0);
  expectBoolean(op, 'bias', bias);
  return { stride, padding, bias };
}

/** `value` must be an integer ≥ min, or two of them. */
function expectPair(op: string, argument: string, value: Pair, min: number): void {
  if (!isArray(value)) {
    expectSizes(op, { [argument]: value as number }, min);
    return;
  }
  if (value.length !== 2) fail(op, argument, 'be a number or a pair of numbers', value);
  for (const [i, step] of value.entries()) expectSizes(op, { [`${argument}[${i}]`]: step }, min);
}
