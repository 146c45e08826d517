// The wasm ABI: every exported kernel, nothing else.
export { addBias, biasBackward } from './bias';
export { matmul, matmulPacked, matmulScratchBytes, packPanels, panelBytes } from './matmul';
export { peakMultiplyAdd } from './peak';
export { bernoulli, normal, permutation, philox, uniform } from './random';
export { addRows, copyRows } from './shaping';
export { softmax, softmaxBackward } from './softmax';
