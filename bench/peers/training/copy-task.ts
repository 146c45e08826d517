// The copy task as all sides train a Neural Turing Machine on it: sizes, data, the machine at its start.
import { NTM, Random, type Runtime } from 'tapehead';

/** Vectors in a sequence: 2 · 20 + 1 time steps, of which the last 20 are to repeat the first. */
export const [length, vectorSize, wordSize, memorySize] = [20, 8, 20, 128];
export const steps = 2 * length + 1;
export const [lr, alpha, momentum] = [1e-4, 0.99, 0.9];
/** Under the root on both sides, as TensorFlow.js has it; it subtracts it where `centered`, and comes to NaN. */
export const eps = 1e-6;
export const maxNorm = 10;

export function setUp(runtime: Runtime, batch: number) {
  const random = new Random(runtime, 1);
  const model = new NTM(runtime, { inputSize: vectorSize + 1, outputSize: vectorSize, wordSize, memorySize, random });
  const inputs = random.bernoulli([steps, batch, vectorSize + 1], 0.5);
  const targets = random.bernoulli([length, batch, vectorSize], 0.5);
  return { model, inputs, targets };
}
