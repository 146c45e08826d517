// Cases of the ops in bindings/ops/reduce.ts.
import { mean, sum } from '../../bindings/ops/reduce.js';
import type { Shape } from '../../index.js';
import { sumReference } from '../reference/kernels.js';
import { opCase, type Variant } from '../support/op-case.js';

type Dim = number | undefined;

const variants: Variant<Dim>[] = [
  ...[[], [1], [3], [17], [2, 3, 5], [1003]].map((shape) => ({ shapes: [shape], options: undefined })),
  { shapes: [[7]], options: 0 },
  { shapes: [[3, 5]], options: -1 },
  { shapes: [[3, 70]], options: 1 },
  { shapes: [[6, 1]], options: 0 },
  { shapes: [[5, 3]], options: 0 },
  { shapes: [[9, 31]], options: -2 },
  { shapes: [[2, 4, 6]], options: 1 },
  { shapes: [[2, 1, 8]], options: 1 },
];

/** The number of elements summed, and how far apart they lie. */
function extent(shape: Shape, dim: Dim): { size: number; inner: number } {
  const axis = dim === undefined ? 0 : dim < 0 ? dim + shape.length : dim;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return dim === undefined ? { size: shape.reduce((a, b) => a * b, 1), inner: 1 } : { size: shape[axis]!, inner };
}

export const reduceCases = {
  sum: opCase<Dim>({
    variants,
    run: ([x], dim) => sum(x!, dim),
    reference: ([x], [shape], dim) => {
      const { size, inner } = extent(shape!, dim);
      return [sumReference(x!, size, inner)];
    },
  }),
  mean: opCase<Dim>({
    variants,
    run: ([x], dim) => mean(x!, dim),
    reference: ([x], [shape], dim) => {
      const { size, inner } = extent(shape!, dim);
      return [sumReference(x!, size, inner).map((total) => total / size)];
    },
  }),
};
