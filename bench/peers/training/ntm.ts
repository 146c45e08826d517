// A training step of a Neural Turing Machine on the copy task: ours, and the cases of the comparison.
import { binaryCrossEntropyWithLogits, clipGradNorm, RMSprop, type Runtime, split } from 'tapehead';
import type { PeerCase, Side } from '../row.js';
import { onnxTraining } from '../sides/onnx.js';
import { training } from '../sides/tapehead.js';
import { alpha, eps, length, lr, maxNorm, momentum, setUp, steps } from './copy-task.js';
import { jax } from './ntm-jax.js';
import { tensorflow } from './ntm-tensorflow.js';

function ours(runtime: Runtime, batch: number): Side {
  const { model, inputs, targets } = setUp(runtime, batch);
  const optimizer = new RMSprop(model.parameters, { lr, alpha, eps, momentum, epsInsideRoot: true });
  return training(() =>
    runtime.step(() => {
      const [, outputs] = split(model.forward(inputs), [steps - length, length], 0);
      const loss = binaryCrossEntropyWithLogits(outputs, targets);
      optimizer.zeroGrad();
      loss.backward();
      clipGradNorm(model.parameters, maxNorm);
      optimizer.step();
      return loss.item();
    }),
  );
}

function step(batch: number): PeerCase {
  return {
    name: `NTM step, copy of ${length}, batch ${batch}`,
    tolerance: 1e-4,
    ours: (runtime) => ours(runtime, batch),
    peers: {
      'TensorFlow.js': (runtime) => tensorflow(runtime, batch),
      'onnxruntime-web': onnxTraining,
      'jax-js': (runtime) => jax(runtime, batch),
    },
  };
}

export const ntmCases: readonly PeerCase[] = [step(1), step(32)];
