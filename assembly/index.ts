// The wasm ABI: every exported kernel, nothing else.
export { matmul, matmulBatched, matmulPacked, matmulScratchBytes, packPanels, panelBytes } from './matmul';
export { peakMultiplyAdd } from './peak';
export { softmax, softmaxBackward } from './softmax';
