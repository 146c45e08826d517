// The copy task for all sides: sizes, data, and the initial Neural Turing Machine.
import { NTM, Random, type Runtime } from 'tapehead';

/** Sequence length: an input of 20 vectors, a delimiter, and 20 steps of output. */
export const [length, vectorSize, wordSize, memorySize] = [20, 8, 20, 128];
export const steps = 2 * length + 1;
export const [lr, alpha, momentum] = [1e-4, 0.99, 0.9];
/** Under the root on all sides, as in TensorFlow.js, whose `centered` variant subtracts it and produces NaN. */
export const eps = 1e-6;
export const maxNorm = 10;

export function setUp(runtime: Runtime, batch: number) {
  const random = new Random(runtime, 1);
  const model = new NTM(runtime, { inputSize: vectorSize + 1, outputSize: vectorSize, wordSize, memorySize, random });
  const inputs = random.bernoulli([steps, batch, vectorSize + 1], 0.5);
  const targets = random.bernoulli([length, batch, vectorSize], 0.5);
  return { model, inputs, targets };
}
