// A case for every op: leaving one out does not compile.
import type * as ops from '../bindings/ops/index.js';
import { softmaxCases } from './cases/softmax.js';
import type { OpCase } from './op-case.js';

export const cases: Record<keyof typeof ops, OpCase> = {
  ...softmaxCases,
};
