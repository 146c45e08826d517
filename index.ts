// The public API, one name per line.
export { type LoadOptions, load } from './bindings/load.js';
export { addBias } from './bindings/ops/bias.js';
export { linear, type MatmulOptions, matmul } from './bindings/ops/matmul.js';
export { concat, expand, reshape, split, stack, unbind } from './bindings/ops/shaping.js';
export { softmax } from './bindings/ops/softmax.js';
export {
  Adam,
  type AdamOptions,
  AdamW,
  clipGradNorm,
  clipGradValue,
  RMSprop,
  type RMSpropOptions,
  SGD,
  type SGDOptions,
} from './bindings/optim.js';
export type { Optimizer } from './bindings/optimizer.js';
export { type ParameterScope, Parameters, type StateDict, type StateEntry } from './bindings/parameters.js';
export { measurePeak } from './bindings/peak.js';
export { Random, type RandomState } from './bindings/random.js';
export { Runtime, type RuntimeInfo, type StepOptions } from './bindings/runtime.js';
export type { Shape } from './bindings/shape.js';
export { Tensor } from './bindings/tensor.js';
