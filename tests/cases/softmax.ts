// Cases of the ops in bindings/ops/softmax.ts.
import { softmax } from '../../bindings/ops/softmax.js';
import { opCase, sizes } from '../op-case.js';
import { softmaxReference } from '../reference.js';

const shapes = sizes([[1, 1]], [[2, 3]], [[3, 4]], [[2, 5]], [[7]], [[2, 3, 8]], [[5, 17]], [[2, 1000]]);

export const softmaxCases = {
  softmax: opCase({
    variants: shapes,
    run: ([x]) => softmax(x!),
    reference: ([x], [shape]) => [softmaxReference(x!, shape!.at(-1)!)],
  }),
};
