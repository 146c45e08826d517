// Cases of the op in bindings/ops/vector-quantize.ts: the pull on the rows. What passes straight through: vector-quantize.test.ts.
import { vectorQuantize } from '../../bindings/ops/vector-quantize.js';
import { nearestReference } from '../reference/kernels.js';
import { opCase, sizes } from '../support/op-case.js';

export const vectorQuantizeCases = {
  vectorQuantize: opCase({
    variants: sizes(
      ...[
        [1, 1, 1],
        [2, 3, 4],
        [5, 7, 6],
        [9, 17, 5],
        [70, 4, 2500],
      ].map(([rows, width, size]) => [
        [rows!, width!],
        [size!, width!],
      ]),
    ),
    constant: [1],
    run: ([z, codebook]) => vectorQuantize(z!, codebook!, { commitment: 1, codebookLoss: false }).loss,
    reference: ([z, codebook], [, shape]) => {
      const codes = nearestReference(z!, codebook!, shape![1]!);
      const squares = z!.map((value, i) => {
        const [row, column] = [Math.floor(i / shape![1]!), i % shape![1]!];
        return (value - codebook![codes[row]! * shape![1]! + column]!) ** 2;
      });
      return [Float64Array.of(squares.reduce((a, b) => a + b, 0) / z!.length)];
    },
  }),
};
