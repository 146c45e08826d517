// A case for every op: leaving one out does not compile.
import type * as ops from '../bindings/ops/index.js';
import { attentionCases } from './cases/attention.js';
import { batchNormCases } from './cases/batch-norm.js';
import { conv2dCases } from './cases/conv2d.js';

import { elementwiseCases } from './cases/elementwise.js';
import { gumbelCases } from './cases/gumbel.js';
import { lossCases } from './cases/loss.js';
import { matmulCases } from './cases/matmul.js';
import { memoryCases } from './cases/memory.js';
import { reduceCases } from './cases/reduce.js';
import { shapingCases } from './cases/shaping.js';
import { softmaxCases } from './cases/softmax.js';
import { vectorQuantizeCases } from './cases/vector-quantize.js';
import type { OpCase } from './op-case.js';

export const cases: Record<keyof typeof ops, OpCase> = {
  ...attentionCases,
  ...conv2dCases,
  ...batchNormCases,
  ...elementwiseCases,
  ...gumbelCases,
  ...lossCases,
  ...matmulCases,
  ...memoryCases,
  ...reduceCases,
  ...shapingCases,
  ...softmaxCases,
  ...vectorQuantizeCases,
};
