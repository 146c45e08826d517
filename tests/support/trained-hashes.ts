// Hashes of all weights after 50 training steps with the simd build, on every engine.
import type { ModelName } from './model-trainings.js';

export const STEPS = 50;

/** Change a hash only along with an intended change of the numerics. */
export const trainedHashes: Readonly<Record<ModelName, string>> = {
  NTM: '67229cce2145a57a3d72fb1f4e495c226af473890e521e5aa68ef0c2877bcb7e',
  LSTMBaseline: 'e1b475abbc00cf2ecb4429ec512809317db39ef6377be2d0fd9c384d45414054',
  GumbelMemory: '8e28230119268ff6214fa579d1189dc248b7103bd762984809451eb71bb6f6e0',
  KernelMemory: '5863db98da9ae0a7ce611d7da0f59f36d09f3afdd6769968eb0019d13212db69',
  MemoryVAE: '3b9c4d5b1414fe22114772e23382c6b7a3e88ecd16b8904c6c4eb11e80443aa3',
  VQVAE: '802d023e64b7401f782667d606c2c6850d162abf5eabd260ac0a298f1cf99a5c',
  GaussianVAE: 'f5fa0da6269537ad6f098a690954f54c5368c7314757da78698b31aaa9b5ab22',
};
