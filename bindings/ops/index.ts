// All ops; test cases and benches are keyed by these exports.
export { contentWeights, headParameters, locationWeights } from './addressing.js';
export { attention, attentionWeights } from './attention.js';
export { batchNorm } from './batch-norm.js';
export { addBias } from './bias.js';
export { conv2d, convTranspose2d } from './conv2d.js';
export { add, div, exp, log, mul, neg, relu, scale, sigmoid, softplus, sub, tanh } from './elementwise.js';
export { gumbelRead } from './gumbel.js';
export { binaryCrossEntropyWithLogits, crossEntropy, mseLoss } from './loss.js';
export { lstmCell } from './lstm.js';
export { linear, matmul } from './matmul.js';
export { memoryRead, memoryWrite } from './memory.js';
export { mean, sum } from './reduce.js';
export { concat, expand, reshape, split, stack, transpose, unbind } from './shaping.js';
export { logSoftmax, softmax } from './softmax.js';
export { vectorQuantize } from './vector-quantize.js';
