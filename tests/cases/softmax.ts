// Cases of the ops in bindings/ops/softmax.ts.
import { logSoftmax, softmax } from '../../bindings/ops/softmax.js';
import { logSoftmaxReference, softmaxReference } from '../reference/kernels.js';
import { opCase, sizes } from '../support/op-case.js';

const shapes = sizes([[1, 1]], [[2, 3]], [[3, 4]], [[2, 5]], [[7]], [[2, 3, 8]], [[5, 17]], [[2, 1000]]);

export const softmaxCases = {
  softmax: opCase({
    variants: shapes,
    run: ([x]) => softmax(x!),
    reference: ([x], [shape]) => [softmaxReference(x!, shape!.at(-1)!)],
  }),
  logSoftmax: opCase({
    variants: shapes,
    run: ([x]) => logSoftmax(x!),
    reference: ([x], [shape]) => [logSoftmaxReference(x!, shape!.at(-1)!)],
  }),
};
