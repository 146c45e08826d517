// Every op by name; the test cases and the benches are keyed by this module's exports.
export { addBias } from './bias.js';
export { linear, matmul } from './matmul.js';
export { concat, expand, reshape, split, stack, unbind } from './shaping.js';
export { softmax } from './softmax.js';
