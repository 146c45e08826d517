// Hard and soft reads from a bank, and a training step of a Gumbel memory.
import { Adam, GumbelMemory, gumbelRead, mseLoss, Random, type Shape } from 'tapehead';
import { type BenchCase, bothWays } from '../bench-case.js';

/** Hard and soft reads of a batch from a bank [rows, width]. */
function reads(batch: number, rows: number, width: number): BenchCase[] {
  const shapes: Shape[] = [
    [batch, rows],
    [rows, width],
    [batch, rows],
  ];
  const ranges = [
    [-1, 1],
    [-1, 1],
    [0.001, 0.999],
  ] as const;
  return [true, false].flatMap((hard) =>
    bothWays(
      `gumbelRead ${hard ? 'hard' : 'soft'}, ${batch} from ${rows}x${width}`,
      shapes,
      (logits, memory, uniform) =>
        gumbelRead(logits as never, memory as never, { uniform: uniform as never, hard }).read,
      { ranges },
    ),
  );
}

/** The network of gumbel-quadratic: two hidden layers of 64 units with batch norm, and a bank of five values. */
function trainingStep(batch: number): BenchCase {
  const weights = 64 + 64 * 64 + 64 * 5;
  return {
    name: `Gumbel memory training step, batch ${batch}`,
    flop: 6 * weights * batch,
    prepare: (runtime) => {
      const random = new Random(runtime, 1);
      const bank = runtime.tensor([0, 0.25, 0.5, 0.75, 1]);
      const model = new GumbelMemory(runtime, { bank, inputSize: 1, random });
      const optimizer = new Adam(model.parameters, { lr: 1e-4 });
      const x = random.uniform([batch, 1]);
      const targets = random.uniform([batch]);
      let loss = NaN;
      const run = () =>
        runtime.step(() => {
          const cost = mseLoss(model.forward(x, { training: true }).read, targets);
          optimizer.zeroGrad();
          cost.backward();
          optimizer.step();
          loss = cost.item();
        });
      return { run, result: () => Float32Array.of(loss) };
    },
  };
}

export const gumbelSuite: readonly BenchCase[] = [...reads(256, 5, 1), ...reads(128, 40, 784), trainingStep(256)];
