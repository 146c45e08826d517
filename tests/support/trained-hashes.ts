// Hashes of all weights after 50 training steps with the simd build, on every engine.
import type { ModelName } from './model-trainings.js';

export const STEPS = 50;

/** Change a hash only along with an intended change of the numerics. */
export const trainedHashes: Readonly<Record<ModelName, string>> = {
  NTM: 'c608d7111c68a953ec7a23e49febddb872b55871ba97e5d0fb4bc969b81d6b20',
  LSTMBaseline: '790e08b9f62a79f34235d348eeb3d57b71d4b209992c738df96a53151f7ca994',
  GumbelMemory: 'a14a39f6eddfe20ece34a46314c2fe07139107d93756a5bc253598dbc5b5b11c',
  KernelMemory: 'e00b7a4a4bf58c95e198215921eaf1324689d2ffa7aa88f65489e60010145de1',
  MemoryVAE: 'e8dd2bfb95939bbcb6e0049cf958d87670392fcfa4589035ee682708f2d973d2',
  VQVAE: '8cbb0cffea331f99ad7cbcbc4ecd4e46593664134d69528691450f6f95e52ea4',
  GaussianVAE: 'cb3730babde4cb99180c6d5635ce6f08fa5c5328cd2dba93e8d3de7e1ce51426',
};
