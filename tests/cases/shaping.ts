// Cases of the ops in bindings/ops/shaping.ts and bias.ts.
import { addBias } from '../../bindings/ops/bias.js';
import { concat, expand, reshape, split, stack, transpose, unbind } from '../../bindings/ops/shaping.js';
import { opCase, sizes } from '../support/op-case.js';

/** Rows of the given widths laid side by side. */
function join(parts: Float64Array[], widths: number[]): Float64Array {
  const rows = parts[0]!.length / widths[0]!;
  const y: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (const [i, part] of parts.entries()) y.push(...part.subarray(r * widths[i]!, (r + 1) * widths[i]!));
  }
  return Float64Array.from(y);
}

function cut(x: Float64Array, widths: number[]): Float64Array[] {
  const total = widths.reduce((a, b) => a + b, 0);
  return widths.map((width, i) => {
    const from = widths.slice(0, i).reduce((a, b) => a + b, 0);
    return Float64Array.from(
      { length: (x.length / total) * width },
      (_, j) => x[Math.floor(j / width) * total + from + (j % width)]!,
    );
  });
}

export const shapingCases = {
  addBias: opCase({
    variants: sizes([[1, 1], [1]], [[3, 7], [7]], [[2, 3, 16], [16]], [[5, 83], [83]]),
    run: ([x, bias]) => addBias(x!, bias!),
    reference: ([x, bias]) => [x!.map((value, i) => value + bias![i % bias!.length]!)],
  }),
  concat: opCase<number>({
    variants: [
      { shapes: [[2, 3]], options: -1 },
      {
        shapes: [
          [2, 3],
          [2, 5],
          [2, 1],
        ],
        options: -1,
      },
      { shapes: [[9], [20]], options: 0 },
      {
        shapes: [
          [2, 2, 3],
          [2, 1, 3],
        ],
        options: 1,
      },
      {
        shapes: [
          [2, 4],
          [3, 4],
        ],
        options: 0,
      },
    ],
    run: (tensors, dim) => concat(tensors, dim),
    reference: (parts, shapes, dim) => {
      const axis = dim < 0 ? dim + shapes[0]!.length : dim;
      return [
        join(
          parts,
          shapes.map((shape) => shape.slice(axis).reduce((a, b) => a * b, 1)),
        ),
      ];
    },
  }),
  split: opCase<{ sizes: number[]; dim: number }>({
    variants: [
      { shapes: [[2, 9]], options: { sizes: [4, 5], dim: -1 } },
      { shapes: [[3, 26]], options: { sizes: [20, 1, 1, 3, 1], dim: 1 } },
      { shapes: [[5, 2, 2]], options: { sizes: [2, 3], dim: 0 } },
    ],
    run: ([x], { sizes, dim }) => split(x!, sizes, dim),
    reference: ([x], [shape], { sizes, dim }) => {
      const inner = dim < 0 ? 1 : shape!.slice(dim + 1).reduce((a, b) => a * b, 1);
      return cut(
        x!,
        sizes.map((size) => size * inner),
      );
    },
  }),
  stack: opCase({
    variants: sizes(
      [[3]],
      [
        [2, 5],
        [2, 5],
        [2, 5],
      ],
    ),
    run: (tensors) => stack(tensors),
    reference: (parts) => [Float64Array.from(parts.flatMap((part) => [...part]))],
  }),
  unbind: opCase({
    variants: sizes([[3]], [[2, 5]], [[4, 2, 3]]),
    // Each slice goes through another op, as in a model: a view by itself records nothing.
    run: ([x]) => unbind(x!).map((slice) => stack([slice])),
    reference: ([x], [shape]) => cut(x!, new Array(shape![0]).fill(x!.length / shape![0]!)),
  }),
  reshape: opCase<number[]>({
    variants: [
      { shapes: [[2, 6]], options: [3, 4] },
      { shapes: [[1]], options: [] },
    ],
    run: ([x], shape) => stack([reshape(x!, shape)]),
    reference: ([x]) => [x!],
  }),
  expand: opCase<number>({
    variants: [
      { shapes: [[1, 5]], options: 3 },
      { shapes: [[1, 4, 2]], options: 2 },
      { shapes: [[1]], options: 1 },
    ],
    run: ([x], rows) => expand(x!, rows),
    reference: ([x], _, rows) => [Float64Array.from({ length: rows * x!.length }, (_, i) => x![i % x!.length]!)],
  }),
  transpose: opCase({
    variants: sizes([[1, 1]], [[3, 5]], [[2, 4, 7]], [[2, 3, 8, 1]]),
    run: ([x]) => transpose(x!),
    reference: ([x], [shape]) => {
      const [rows, columns] = shape!.slice(-2) as [number, number];
      return [
        x!.map((_, i) => {
          const [matrix, at] = [Math.floor(i / (rows * columns)), i % (rows * columns)];
          return x![matrix * rows * columns + (at % rows) * columns + Math.floor(at / rows)]!;
        }),
      ];
    },
  }),
};
