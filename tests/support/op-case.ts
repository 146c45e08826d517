// Test case of an op: how to call it, its float64 reference, shapes, input distribution and tolerance.
import type { Shape, Tensor } from '../../index.js';
import { gaussian } from './random-numbers.js';

/** One variant: shapes of the tensor arguments, and the op's options. */
export interface Variant<Options> {
  readonly shapes: readonly Shape[];
  readonly options: Options;
}

export interface OpCase<Options = unknown> {
  readonly variants: readonly Variant<Options>[];
  /** Draws one element of argument `index`. Default: standard normal. */
  readonly sample?: (random: () => number, index: number) => number;
  /** Indices of arguments that are data and get no gradient. */
  readonly constant?: readonly number[];
  readonly run: (inputs: Tensor[], options: Options) => Tensor | Tensor[];
  /** Float64 reference: values of every output, row-major. */
  readonly reference: (inputs: Float64Array[], shapes: readonly Shape[], options: Options) => Float64Array[];
  /**
   * Limits on |x − ref| / (1 + |ref|) of values, and on the error of a directional derivative; 1e-6 and 2e-5 by
   * default.
   */
  readonly tolerance?: { readonly value?: number; readonly gradient?: number };
}

/** Declares a case, with the type of its options. */
export function opCase<Options>(given: OpCase<Options>): OpCase {
  return given as OpCase;
}

/** Variants without options. */
export function sizes(...all: (readonly Shape[])[]): Variant<undefined>[] {
  return all.map((shapes) => ({ shapes, options: undefined }));
}

/** Draws the inputs of a variant, rounded to float32 so that op and reference see the same numbers. */
export function draw(given: OpCase, { shapes }: Variant<unknown>, random: () => number): Float64Array[] {
  const sample = given.sample ?? gaussian;
  return shapes.map((shape, index) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return Float64Array.from({ length: size }, () => Math.fround(sample(random, index)));
  });
}
