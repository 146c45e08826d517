// A fully connected layer.
import { linear } from '../../bindings/ops/matmul.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger } from '../../bindings/tensor/check.js';
import type { ParameterScope } from '../../bindings/tensor/parameters.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';

/** `y = x Wᵀ + b`, PyTorch's `nn.Linear`: keys `weight` [outputs, inputs] and `bias` [outputs], both from U(±1/√inputs). */
export class Linear {
  /** W: [outputs, inputs]. */
  readonly weight: Tensor;
  /** b: [outputs]. */
  readonly bias: Tensor;

  constructor(parameters: ParameterScope, inputs: number, outputs: number, random: Random) {
    expectInteger('Linear', 'inputs', inputs, 1);
    expectInteger('Linear', 'outputs', outputs, 1);
    const bound = 1 / Math.sqrt(inputs);
    this.weight = random.fillUniform(parameters.create('weight', [outputs, inputs]), -bound, bound);
    this.bias = random.fillUniform(parameters.create('bias', [outputs]), -bound, bound);
  }

  /** `x: [..., inputs] → [..., outputs]`. */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
