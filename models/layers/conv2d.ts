// Convolutions of images with their parameters.
import { type Conv2dOptions, conv2d, convTranspose2d } from '../../bindings/ops/conv2d.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger } from '../../bindings/tensor/check.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** How a kernel walks over an image, and whether there is a bias. */
export interface Conv2dLayerOptions extends Conv2dOptions {
  /** Whether a number is added to every channel. Default true. */
  bias?: boolean;
}

/**
 * PyTorch's `nn.Conv2d` with a square kernel: keys `weight` [outputs, inputs, kernel, kernel] and `bias` [outputs], both from
 * U(±1/√(inputs·kernel²)).
 */
export class Conv2d {
  /** [outputs, inputs, kernel, kernel]. */
  readonly weight: Tensor;
  /** [outputs]. */
  readonly bias: Tensor | undefined;
  readonly #options: Conv2dOptions;

  constructor(
    parameters: ParameterScope,
    inputs: number,
    outputs: number,
    kernel: number,
    random: Random,
    { bias = true, ...options }: Conv2dLayerOptions = {},
  ) {
    expectSizes('Conv2d', { inputs, outputs, kernel });
    [this.weight, this.bias] = make(parameters, [outputs, inputs, kernel, kernel], bias ? outputs : 0, random);
    this.#options = options;
  }

  /** `x: [N, inputs, H, W] → [N, outputs, OH, OW]`. */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, this.bias, this.#options);
  }
}

/**
 * PyTorch's `nn.ConvTranspose2d` with a square kernel: keys `weight` [inputs, outputs, kernel, kernel] and `bias` [outputs], both from
 * U(±1/√(outputs·kernel²)).
 */
export class ConvTranspose2d {
  /** [inputs, outputs, kernel, kernel]. */
  readonly weight: Tensor;
  /** [outputs]. */
  readonly bias: Tensor | undefined;
  readonly #options: Conv2dOptions;

  constructor(
    parameters: ParameterScope,
    inputs: number,
    outputs: number,
    kernel: number,
    random: Random,
    { bias = true, ...options }: Conv2dLayerOptions = {},
  ) {
    expectSizes('ConvTranspose2d', { inputs, outputs, kernel });
    [this.weight, this.bias] = make(parameters, [inputs, outputs, kernel, kernel], bias ? outputs : 0, random);
    this.#options = options;
  }

  /** `x: [N, inputs, H, W] → [N, outputs, OH, OW]`. */
  forward(x: Tensor): Tensor {
    return convTranspose2d(x, this.weight, this.bias, this.#options);
  }
}

/** Weight and bias from U(±1/√(numbers in a slice of the weight)), as PyTorch begins with. */
function make(
  parameters: ParameterScope,
  shape: [number, number, number, number],
  biases: number,
  random: Random,
): [weight: Tensor, bias: Tensor | undefined] {
  const bound = 1 / Math.sqrt(shape[1] * shape[2] * shape[3]);
  const weight = random.fillUniform(parameters.create('weight', shape), -bound, bound);
  return [weight, biases > 0 ? random.fillUniform(parameters.create('bias', [biases]), -bound, bound) : undefined];
}

function expectSizes(op: string, sizes: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(sizes)) expectInteger(op, name, value, 1);
}
