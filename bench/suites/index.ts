// All benches by suite.
import type { BenchCase } from '../bench-case.js';
import { conv2dSuite } from './conv2d.js';
import { gumbelSuite } from './gumbel.js';
import { kernelMemorySuite } from './kernel-memory.js';
import { matmulSuite } from './matmul.js';
import { memorySuite } from './memory.js';
import { memoryVAESuite } from './memory-vae.js';
import { ntmSuite } from './ntm.js';
import { optimizersSuite } from './optimizers.js';
import { rowsSuite } from './rows.js';

export const suites: Readonly<Record<string, readonly BenchCase[]>> = {
  matmul: matmulSuite,
  rows: rowsSuite,
  memory: memorySuite,
  optimizers: optimizersSuite,
  conv2d: conv2dSuite,
  gumbel: gumbelSuite,
  ntm: ntmSuite,
  'kernel memory': kernelMemorySuite,
  'memory VAE': memoryVAESuite,
};
