// Cases of the ops in bindings/ops/matmul.ts.
import { linear, type MatmulOptions, matmul } from '../../bindings/ops/matmul.js';
import { linearReference, matmulReference } from '../reference/kernels.js';
import { opCase, sizes, type Variant } from '../support/op-case.js';
import { gaussian } from '../support/random-numbers.js';

/** Every combination of transposes for one size; `batched` says which operands have the batch dimension. */
function products(m: number, k: number, n: number, batch = 0, batched = 'ab'): Variant<MatmulOptions>[] {
  const shape = (rows: number, columns: number, transposed: boolean, name: string) => [
    ...(batch > 0 && batched.includes(name) ? [batch] : []),
    ...(transposed ? [columns, rows] : [rows, columns]),
  ];
  return [0, 1, 2, 3].map((flags) => {
    const options = { transposeA: (flags & 1) !== 0, transposeB: (flags & 2) !== 0 };
    return { shapes: [shape(m, k, options.transposeA, 'a'), shape(k, n, options.transposeB, 'b')], options };
  });
}

/** Small numbers: a sum of 600 products is then about 1, as the tolerance assumes. */
const small = (random: () => number): number => gaussian(random) / 5;

export const matmulCases = {
  matmul: opCase<MatmulOptions>({
    variants: [
      ...products(1, 1, 1),
      ...products(3, 5, 7),
      ...products(1, 128, 50),
      ...products(50, 128, 1),
      ...products(32, 100, 20),
      ...products(17, 64, 33),
      ...products(131, 259, 21),
      ...products(5, 600, 530),
      ...products(4, 6, 9, 3),
      ...products(4, 6, 9, 3, 'a'),
      ...products(4, 6, 9, 3, 'b'),
    ],
    sample: small,
    run: ([a, b], options) => matmul(a!, b!, options),
    reference: ([a, b], [shapeA, shapeB], options) => [matmulReference(a!, b!, shapeA!, shapeB!, options)],
    tolerance: { value: 2e-6 },
  }),
  linear: opCase({
    variants: sizes(
      [[1, 1], [1, 1], [1]],
      [[3, 5], [7, 5], [7]],
      [[5], [6, 5], [6]],
      [[2, 3, 8], [4, 8], [4]],
      [[32, 100], [26, 100], [26]],
      [[300, 20], [9, 20], [9]],
    ),
    sample: small,
    run: ([x, weight, bias]) => linear(x!, weight!, bias!),
    reference: ([x, weight, bias], [, shape]) => [linearReference(x!, weight!, bias!, shape!)],
    tolerance: { value: 2e-6 },
  }),
};
