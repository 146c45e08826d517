// Cases of the ops in bindings/ops/conv2d.ts.
import { conv2d, convTranspose2d } from '../../bindings/ops/conv2d.js';
import { conv2dReference, convTranspose2dReference, type Steps } from '../conv-reference.js';
import { opCase, type Variant } from '../op-case.js';
import { gaussian } from '../random-numbers.js';

/** Images N, channels C to O, an image of H×W, a kernel of KH×KW, stride, padding. */
type Size = [n: number, c: number, o: number, h: number, w: number, kh: number, kw: number, ...Pairs];
type Pairs = [strideH: number, strideW: number, paddingH: number, paddingW: number];

const sizes: Size[] = [
  [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
  [2, 3, 5, 7, 6, 3, 3, 1, 1, 1, 1],
  [3, 1, 4, 5, 5, 3, 3, 1, 1, 0, 0],
  [2, 5, 3, 8, 8, 4, 4, 2, 2, 1, 1],
  [2, 2, 9, 9, 7, 2, 2, 3, 3, 0, 0],
  [1, 3, 2, 4, 5, 3, 2, 2, 1, 3, 2],
  [2, 4, 6, 6, 11, 1, 1, 1, 1, 0, 0],
  [1, 2, 3, 5, 9, 5, 3, 1, 3, 2, 0],
  [20, 2, 3, 4, 4, 4, 4, 1, 1, 0, 0],
  [2, 3, 7, 16, 16, 3, 3, 1, 1, 1, 1],
];
/** Beyond the blocks: more than 512 taps, more than 512 places, more than 256 taps of a few places. */
const large: Size[] = [
  [1, 58, 5, 5, 6, 3, 3, 1, 1, 1, 1],
  [1, 1, 2, 24, 27, 3, 3, 1, 1, 1, 1],
  [9, 33, 2, 4, 6, 3, 3, 1, 1, 1, 1],
];

function variants(transposed: boolean, all: Size[]): Variant<Steps & { bias: boolean }>[] {
  return all.map(([n, c, o, h, w, kh, kw, strideH, strideW, paddingH, paddingW], i) => {
    const bias = i % 3 !== 2;
    return {
      shapes: [[n, c, h, w], transposed ? [c, o, kh, kw] : [o, c, kh, kw], ...(bias ? [[o]] : [])],
      options: { bias, stride: [strideH, strideW], padding: [paddingH, paddingW] },
    };
  });
}

/** Numbers so small that a sum of 600 products is about 1, as the tolerance assumes. */
const sample = (random: () => number): number => gaussian(random) / 5;

export const conv2dCases = {
  conv2d: opCase<Steps>({
    variants: variants(false, [...sizes, ...large]),
    sample,
    run: ([x, weight, bias], steps) => conv2d(x!, weight!, bias, steps),
    reference: (inputs, shapes, steps) => [conv2dReference(inputs, shapes, steps)],
    tolerance: { value: 2e-6 },
  }),
  convTranspose2d: opCase<Steps>({
    // What is padded away must leave something of the image.
    variants: variants(true, [...sizes.filter(([, , , h, , kh, , s, , p]) => (h - 1) * s + kh > 2 * p), ...large]),
    sample,
    run: ([x, weight, bias], steps) => convTranspose2d(x!, weight!, bias, steps),
    reference: (inputs, shapes, steps) => [convTranspose2dReference(inputs, shapes, steps)],
    tolerance: { value: 2e-6 },
  }),
};
