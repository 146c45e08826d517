// The public API, one name per line.

export {
  type Dtype,
  readSafetensors,
  type Safetensors,
  type SafetensorsEntry,
  type SafetensorsInput,
  writeSafetensors,
} from './bindings/io/safetensors.js';
export { type LoadOptions, load } from './bindings/load.js';
export {
  contentWeights,
  type HeadOptions,
  type HeadParameters,
  headParameters,
  locationWeights,
} from './bindings/ops/addressing.js';
export { type AttentionOptions, attention, attentionWeights, type Similarity } from './bindings/ops/attention.js';
export { type BatchNormOptions, batchNorm } from './bindings/ops/batch-norm.js';
export { addBias } from './bindings/ops/bias.js';
export { type Conv2dOptions, conv2d, convTranspose2d, type Pair } from './bindings/ops/conv2d.js';
export { add, div, exp, log, mul, neg, relu, scale, sigmoid, softplus, sub, tanh } from './bindings/ops/elementwise.js';
export { type GumbelRead, type GumbelReadOptions, gumbelRead } from './bindings/ops/gumbel.js';
export { binaryCrossEntropyWithLogits, crossEntropy, mseLoss } from './bindings/ops/loss.js';
export { lstmCell } from './bindings/ops/lstm.js';
export { linear, type MatmulOptions, matmul } from './bindings/ops/matmul.js';
export { memoryRead, memoryWrite } from './bindings/ops/memory.js';
export { NormalEquations, type NormalEquationsOptions, type RidgeSolution } from './bindings/ops/normal-equations.js';
export { mean, sum } from './bindings/ops/reduce.js';
export { concat, expand, reshape, split, stack, transpose, unbind } from './bindings/ops/shaping.js';
export { logSoftmax, softmax } from './bindings/ops/softmax.js';
export { type Quantized, type VectorQuantizeOptions, vectorQuantize } from './bindings/ops/vector-quantize.js';
export { Adam, type AdamOptions, AdamW } from './bindings/optim/adam.js';
export { type ClipGradNormOptions, clipGradNorm, clipGradValue } from './bindings/optim/clip.js';
export type { Optimizer } from './bindings/optim/optimizer.js';
export { RMSprop, type RMSpropOptions } from './bindings/optim/rmsprop.js';
export { SGD, type SGDOptions } from './bindings/optim/sgd.js';
export { type NormalOptions, Random, type RandomState, type UniformOptions } from './bindings/random.js';
export type { TensorData } from './bindings/tensor/data.js';
export { type ParameterScope, Parameters } from './bindings/tensor/parameters.js';
export type { Rows } from './bindings/tensor/rows.js';
export { Runtime } from './bindings/tensor/runtime.js';
export type { MemoryUsage, RuntimeInfo, StepOptions, TensorOptions } from './bindings/tensor/runtime-options.js';
export type { Shape } from './bindings/tensor/shape.js';
export type {
  LoadReport,
  LoadStateOptions,
  StateDict,
  StateEntry,
  StateSource,
} from './bindings/tensor/state.js';
export { type BackwardOptions, Tensor } from './bindings/tensor/tensor.js';
export { type Idx, readIdx } from './data/idx.js';
export { ImageBatches, type ImageBatchesOptions, type ImageBatchesState } from './data/image-batches.js';
export { AddressNetwork } from './models/gumbel-memory/address-network.js';
export { type Choices, countChoices } from './models/gumbel-memory/choices.js';
export {
  type Addressing,
  type GumbelForwardOptions,
  GumbelMemory,
  type GumbelMemoryOptions,
} from './models/gumbel-memory/gumbel-memory.js';
export { type Annealing, exponentialAnnealing, linearAnnealing } from './models/gumbel-memory/temperature.js';
export { KernelMemory, KernelMemoryFit } from './models/kernel-memory/kernel-memory.js';
export type {
  FitOptions,
  FitProgress,
  FitReport,
  FitStep,
  KernelMemoryOptions,
  StepwiseFitOptions,
} from './models/kernel-memory/options.js';
export { BatchNorm1d, type Mode } from './models/layers/batch-norm.js';
export { Conv2d, type Conv2dLayerOptions, ConvTranspose2d } from './models/layers/conv2d.js';
export { Linear } from './models/layers/linear.js';
export { LSTMCell } from './models/layers/lstm-cell.js';
export type { ControllerState } from './models/ntm/controller.js';
export type { FocusInit, HeadTrace } from './models/ntm/head.js';
export { LSTMBaseline, type LSTMBaselineOptions } from './models/ntm/lstm-baseline.js';
export { NTM, type NTMOptions, type NTMState, type NTMTrace } from './models/ntm/ntm.js';
export type { SequenceModel } from './models/ntm/sequence-model.js';
export { GaussianVAE, type GaussianVAEOptions } from './models/vae/gaussian-vae.js';
export { kMeans } from './models/vae/k-means.js';
export { LatentMixture, type LatentMixtureOptions, type LatentModel } from './models/vae/latent-mixture.js';
export { MemoryVAE, type MemoryVAEOptions } from './models/vae/memory-vae.js';
export type { NetworkOptions, Reconstruction } from './models/vae/networks.js';
export { type QuantizedReconstruction, VQVAE, type VQVAEOptions } from './models/vae/vq-vae.js';
export { bitsWrong, type CopyBatch, CopyTask, type CopyTaskOptions } from './tasks/copy.js';
