// Settings of the surrogates; docs/results/kernel-memory.md describes how these were found.
export const settings = {
  /** Number of training simulations. */
  fitted: 2000,
  /** Number of test simulations. */
  tested: 2000,
  memorySizes: [8, 16, 32, 64, 128, 256],
  /** Iterations of the memory's fit. */
  iterations: 400,
  /** Initial learning rate of the memory, with cosine decay to zero. */
  learningRate: 0.03,
  /** Initial inverse temperature β. */
  strength: 2,
  ridge: 1e-6,
  /** Updates of the network. */
  updates: 12_000,
  /** Initial learning rate of the network, with cosine decay to zero. */
  networkLearningRate: 0.01,
  neighbours: 4,
};

export type Settings = typeof settings;

export const quick = { fitted: 300, tested: 200, memorySizes: [8, 32], iterations: 100, updates: 500 };
