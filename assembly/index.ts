// The wasm ABI: every exported kernel, nothing else.
export {
  addTotals,
  attentionWeights,
  attentionWeightsBackward,
  halfSquaredDistances,
  negativeSquaredNorms,
  normalizeRows,
  normalizeRowsBackward,
  subtractWeightedRows,
} from './attention';
export { batchNorm, batchNormBackward } from './batch-norm';
export { addBias, biasBackward, fillChannels, fillChannelsBackward } from './bias';
export { cholesky, choleskySolve, inverseNorm, sumExplained, symmetricNorm } from './cholesky';
export { contentWeights, contentWeightsBackward } from './content-weights';
export {
  conv2d,
  conv2dBackwardData,
  conv2dBackwardWeight,
  conv2dBlock,
  conv2dGather,
  conv2dGroup,
  conv2dOwnBytes,
  conv2dPrepare,
  conv2dSharedBytes,
} from './conv2d';
export {
  add,
  addScaled,
  clamp,
  div,
  divBackward,
  exp,
  expBackward,
  log,
  logBackward,
  mul,
  mulBackward,
  relu,
  reluBackward,
  scale,
  sigmoid,
  sigmoidBackward,
  softplus,
  softplusBackward,
  sub,
  tanh,
  tanhBackward,
} from './elementwise';
export {
  addCross,
  addGram,
  addToCross,
  centerTargets,
  columnPanelBytes,
  gramRows,
  shortfalls,
  widenRows,
} from './gram';
export { gumbelWeights } from './gumbel';
export { headParameters, headParametersBackward } from './head-parameters';
export { locationWeights, locationWeightsBackward } from './location-weights';
export {
  bceWithLogits,
  bceWithLogitsBackward,
  crossEntropy,
  crossEntropyBackward,
  mse,
  mseBackward,
} from './loss';
export { lstmCell, lstmCellBackward } from './lstm';
export {
  matmul,
  matmulBlock,
  matmulBlocks,
  matmulPacked,
  matmulScratchBytes,
  packPanels,
  panelBytes,
} from './matmul/matmul';
export { memoryRead, memoryReadBackward, memoryWrite, memoryWriteBackward } from './memory';
export { adam, rmsprop, sgd } from './optim';
export { bernoulli, normal, permutation, philox, uniform } from './random';
export { allFinite, sum, sumBackward, sumSquares } from './reduce';
export { addRows, clear, copy, copyRows, takeRows, takeRowsBackward, transpose } from './shaping';
export { isRelaxed } from './simd/build';
export { logSoftmax, logSoftmaxBackward, softmax, softmaxBackward } from './softmax';
export { exactCodes, nearestCodes } from './vector-quantize';
