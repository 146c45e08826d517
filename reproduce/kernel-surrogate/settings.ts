// How the surrogates are fitted; docs/results/kernel-memory.md tells how these were found.
export const settings = {
  /** Simulations to fit to, and others to test with. */
  fitted: 2000,
  tested: 2000,
  memorySizes: [8, 16, 32, 64, 128, 256],
  /** Of the memory: Adam's rate at the start, which falls to zero along half a cosine, and what β starts from. */
  iterations: 400,
  learningRate: 0.03,
  strength: 2,
  ridge: 1e-6,
  /** Of the network. */
  updates: 12_000,
  networkLearningRate: 0.01,
  neighbours: 4,
};

export type Settings = typeof settings;

export const quick = { fitted: 300, tested: 200, memorySizes: [8, 32], iterations: 100, updates: 500 };
