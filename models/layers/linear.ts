// A fully connected layer.
import { linear } from '../../bindings/ops/matmul.js';
import type { Random } from '../../bindings/random.js';
import { expectDimensions } from '../../bindings/tensor/check.js';
import { expectRank } from '../../bindings/tensor/check-tensor.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { expectParameters, expectRandom, expectSameRuntime, expectSizes, failShape } from './check-model.js';

/**
 * Fully connected layer `y = x·Wᵀ + b`, as PyTorch's `nn.Linear`.
 *
 * State: the parameters `weight` [outputs, inputs] and `bias` [outputs], both initialised from U(−1/√inputs, 1/√inputs).
 *
 * @example
 * ```ts
 * import { Linear, load, Parameters, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const parameters = new Parameters(runtime);
 * const layer = new Linear(parameters.scope('layer'), 3, 2, new Random(runtime, 1));
 * const y = runtime.noGrad(() => layer.forward(runtime.zeros([5, 3])));
 * console.log([...parameters.stateDict().keys()]); // → [ 'layer.weight', 'layer.bias' ]
 * ```
 */
export class Linear {
  /** Weight W, [outputs, inputs]. */
  readonly weight: Tensor;
  /** Bias b, [outputs]. */
  readonly bias: Tensor;

  /**
   * Creates the weight and the bias.
   *
   * @param parameters Parameters object, or a scope of one, in which the layer creates its tensors.
   * @param inputs Number of input features, at least 1.
   * @param outputs Number of output features, at least 1.
   * @param random Source of the initial values, of the runtime of `parameters`.
   * @throws {RangeError} A size is not an integer in [1, 2^30], or `random` belongs to another runtime.
   * @throws {TypeError} `parameters` or `random` is missing or of another kind.
   */
  constructor(parameters: ParameterScope, inputs: number, outputs: number, random: Random) {
    expectParameters('Linear', 'parameters', parameters);
    expectSizes('Linear', { inputs, outputs });
    expectDimensions('Linear', 'the weight', [outputs, inputs]);
    expectRandom('Linear', 'random', random, parameters.runtime);
    const bound = 1 / Math.sqrt(inputs);
    this.weight = parameters.create('weight', [outputs, inputs]);
    this.bias = parameters.create('bias', [outputs]);
    for (const tensor of [this.weight, this.bias]) random.fillUniform(tensor, -bound, bound);
  }

  /**
   * Applies the layer to every row of `x`.
   *
   * @param x Input, [..., inputs].
   * @returns Output, [..., outputs].
   * @throws {RangeError} The last dimension of `x` is not `inputs`, or `x` belongs to another runtime.
   */
  forward(x: Tensor): Tensor {
    const inputs = this.weight.dims[1] as number;
    expectRank('Linear.forward', 'x', x, 1);
    expectSameRuntime('Linear.forward', 'x', x, this.weight.runtime);
    if (x.shape.at(-1) !== inputs) failShape('Linear.forward', 'x', `have ${inputs} features (inputs)`, x.shape);
    return linear(x, this.weight, this.bias);
  }
}
