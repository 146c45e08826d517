// Attention, and an iteration of a kernel memory's fit with the sizes of the published experiment.
import { Adam, attention, attentionWeights, NormalEquations, Parameters, Random, type Runtime } from 'tapehead';
import { type BenchCase, bothWays, opCase } from '../bench-case.js';

/** Number of rows N, size of a key, size of a value. */
const [rows, keySize, valueSize] = [10_000, 78, 784];

/**
 * Necessary operations of an iteration: scores, half of WᵀW, WᵀX, Cholesky factor and solves, half of VVᵀ, W(VVᵀ), XVᵀ,
 * and the gradient of the keys. Avoidable products do not count: see docs/benchmarks.md.
 */
function flop(memorySize: number): number {
  const M = memorySize;
  const products = 2 * keySize * M + M * M + 2 * valueSize * M + 2 * M * M + 2 * valueSize * M + 2 * keySize * M;
  return rows * products + M ** 3 / 3 + 2 * M * M * valueSize + M * M * valueSize;
}

function iteration(memorySize: number): BenchCase {
  return {
    name: `kernel memory iteration, 10,000 x 78 to 784, M = ${memorySize}`,
    flop: flop(memorySize),
    prepare: (runtime) => {
      const { Q, X, parameters, K } = setUp(runtime, memorySize);
      const adam = new Adam(parameters, { lr: 5e-4 });
      let loss = NaN;
      const run = () =>
        runtime.step(() => {
          const equations = new NormalEquations(runtime, memorySize, valueSize, { center: true });
          const weights = attentionWeights(Q, K);
          equations.add(weights, X);
          loss = equations.solve(1e-6).loss;
          equations.loss(weights, X).backward();
          adam.step();
          adam.zeroGrad();
        });
      return { run, result: () => Float32Array.of(loss) };
    },
  };
}

function setUp(runtime: Runtime, memorySize: number) {
  const random = new Random(runtime, 1);
  const parameters = new Parameters(runtime);
  const K = random.fillNormal(parameters.create('keys', [memorySize, keySize]), 0, 0.1);
  return { Q: random.uniform([rows, keySize]), X: random.uniform([rows, valueSize]), parameters, K };
}

export const kernelMemorySuite: readonly BenchCase[] = [
  opCase(
    'attentionWeights 10,000 x 78, M = 256',
    [
      [rows, keySize],
      [256, keySize],
    ],
    (q, k) => attentionWeights(q, k),
    {
      flop: 2 * rows * keySize * 256,
      outputs: rows * 256,
    },
  ),
  ...bothWays(
    'attention by squared distance, 2048 x 64, M = 512',
    [
      [2048, 64],
      [512, 64],
    ],
    (q, k) => attention(q, k, k, { similarity: 'l2' }),
    { flop: 4 * 2048 * 64 * 512 },
  ),
  iteration(2),
  iteration(32),
  iteration(256),
];
