// A case for every op: leaving one out does not compile.
import type * as ops from '../../bindings/ops/index.js';
import type { OpCase } from '../support/op-case.js';
import { attentionCases } from './attention.js';
import { batchNormCases } from './batch-norm.js';
import { conv2dCases } from './conv2d.js';
import { elementwiseCases } from './elementwise.js';
import { gumbelCases } from './gumbel.js';
import { lossCases } from './loss.js';
import { matmulCases } from './matmul.js';
import { memoryCases } from './memory.js';
import { reduceCases } from './reduce.js';
import { shapingCases } from './shaping.js';
import { softmaxCases } from './softmax.js';
import { vectorQuantizeCases } from './vector-quantize.js';

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
