// Cases of the ops in bindings/ops/conv2d.ts.
import { conv2d, convTranspose2d } from '../../bindings/ops/conv2d.js';
import { conv2dReference, convTranspose2dReference, type Steps } from '../reference/conv2d.js';
import { opCase, type Variant } from '../support/op-case.js';
import { gaussian } from '../support/random-numbers.js';

/** Images N, channels C to O, an image of H×W, a kernel of KH×KW, stride, padding. */
type Size = [n: number, c: number, o: number, h: number, w: number, kh: number, kw: number, ...Pairs];
type Pairs = [strideH: number, strideW: number, paddingH: number, paddingW: number];

const sizes: Size[] = [
  // A single pixel: as the image, under a larger kernel, as the output.
  [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
  [2, 5, 3, 1, 1, 3, 3, 1, 1, 1, 1],
  [3, 2, 6, 3, 5, 3, 5, 1, 1, 0, 0],
  // A single input channel, a single output channel.
  [3, 1, 4, 5, 5, 3, 3, 1, 1, 0, 0],
  [2, 5, 1, 6, 7, 3, 3, 1, 1, 1, 1],
  // Odd sizes, different in the two directions.
  [2, 3, 5, 7, 6, 3, 3, 1, 1, 1, 1],
  [1, 2, 3, 5, 9, 5, 3, 1, 3, 2, 0],
  // The kernels of the VAEs: 4×4 with stride 2, 3×3, 1×1.
  [2, 5, 3, 8, 8, 4, 4, 2, 2, 1, 1],
  [2, 3, 7, 16, 16, 3, 3, 1, 1, 1, 1],
  [2, 4, 6, 6, 11, 1, 1, 1, 1, 0, 0],
  // A stride larger than the kernel, which skips pixels: with a remainder at the edge, and with padding.
  [2, 2, 9, 9, 7, 2, 2, 3, 3, 0, 0],
  [2, 3, 2, 8, 5, 1, 2, 2, 4, 0, 0],
  [1, 4, 2, 5, 6, 2, 2, 3, 3, 1, 1],
  // Padding larger than the kernel: some patches are all zeros.
  [1, 3, 2, 4, 5, 3, 2, 2, 1, 3, 2],
  [2, 2, 3, 2, 3, 2, 3, 1, 1, 4, 5],
  [1, 2, 2, 9, 10, 3, 3, 1, 1, 4, 5],
  // One output pixel per image, so that a block of pixels spans many images.
  [20, 2, 3, 4, 4, 4, 4, 1, 1, 0, 0],
];
/** More than one block: over 512 taps, over 512 output pixels, over 256 taps of few pixels. */
const large: Size[] = [
  [1, 58, 5, 5, 6, 3, 3, 1, 1, 1, 1],
  [1, 1, 2, 24, 27, 3, 3, 1, 1, 1, 1],
  [9, 33, 2, 4, 6, 3, 3, 1, 1, 1, 1],
];

/**
 * Strides whose square does not fit 32 bits, from the only position there is: of a convolution, and of a transposed
 * one.
 */
const farStrides: Size[] = [
  [2, 3, 2, 5, 4, 3, 2, 46_341, 46_341, 0, 0],
  [1, 2, 3, 4, 6, 2, 3, 65_536, 2 ** 30, 1, 1],
  [1, 2, 3, 4, 6, 4, 2, 65_536, 2, 0, 1],
];
const farTransposed: Size[] = [
  [2, 3, 2, 1, 1, 3, 2, 46_341, 46_341, 0, 0],
  [1, 2, 3, 1, 1, 4, 5, 65_536, 2 ** 30, 1, 1],
  [1, 2, 3, 1, 4, 2, 3, 65_536, 2, 0, 1],
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

/** Whether the padding of a transposed convolution leaves an output pixel. */
function leavesOutput([, , , h, w, kh, kw, strideH, strideW, paddingH, paddingW]: Size): boolean {
  return (h - 1) * strideH + kh > 2 * paddingH && (w - 1) * strideW + kw > 2 * paddingW;
}

/** Small numbers: a sum of 600 products is then about 1, as the tolerance assumes. */
const sample = (random: () => number): number => gaussian(random) / 5;

export const conv2dCases = {
  conv2d: opCase<Steps>({
    variants: variants(false, [...sizes, ...large, ...farStrides]),
    sample,
    run: ([x, weight, bias], { stride, padding }) => conv2d(x!, weight!, bias, { stride, padding }),
    reference: (inputs, shapes, steps) => [conv2dReference(inputs, shapes, steps)],
    tolerance: { value: 2e-6 },
  }),
  convTranspose2d: opCase<Steps>({
    variants: variants(true, [...sizes.filter(leavesOutput), ...large, ...farTransposed]),
    sample,
    run: ([x, weight, bias], { stride, padding }) => convTranspose2d(x!, weight!, bias, { stride, padding }),
    reference: (inputs, shapes, steps) => [convTranspose2dReference(inputs, shapes, steps)],
    tolerance: { value: 2e-6 },
  }),
};
