// A training step of a Neural Turing Machine on the copy task: forward, backward, clipping, update.
import { binaryCrossEntropyWithLogits, clipGradNorm, NTM, Random, RMSprop, split } from 'tapehead';
import type { BenchCase } from '../bench-case.js';

/** Sequence length: an input of 20 vectors, a delimiter, and 20 steps of output. */
const length = 20;
const vectorSize = 8;
const steps = 2 * length + 1;
/** Number of weights without biases: input layer, LSTM cell, two heads, output layer. */
const weights = (9 + 20) * 100 + 400 * (100 + 100) + 100 * (26 + 66) + (100 + 20) * vectorSize;

function trainingStep(batch: number): BenchCase {
  return {
    name: `NTM training step, batch ${batch}`,
    flop: 6 * weights * steps * batch,
    prepare: (runtime) => {
      const random = new Random(runtime, 1);
      const model = new NTM(runtime, { inputSize: vectorSize + 1, outputSize: vectorSize, random });
      const optimizer = new RMSprop(model.parameters, { lr: 1e-4, centered: true, momentum: 0.9 });
      const inputs = random.bernoulli([steps, batch, vectorSize + 1], 0.5);
      const targets = random.bernoulli([length, batch, vectorSize], 0.5);
      let loss = NaN;
      const run = () =>
        runtime.step(() => {
          const [, outputs] = split(model.forward(inputs), [steps - length, length], 0);
          const cost = binaryCrossEntropyWithLogits(outputs, targets);
          optimizer.zeroGrad();
          cost.backward();
          clipGradNorm(model.parameters, 10);
          optimizer.step();
          loss = cost.item();
        });
      return { run, result: () => Float32Array.of(loss) };
    },
  };
}

export const ntmSuite: readonly BenchCase[] = [trainingStep(1), trainingStep(32)];
