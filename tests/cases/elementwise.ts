// Cases of the ops in bindings/ops/elementwise.ts.
import {
  add,
  div,
  exp,
  log,
  mul,
  neg,
  relu,
  scale,
  sigmoid,
  softplus,
  sub,
  tanh,
} from '../../bindings/ops/elementwise.js';
import type { Shape, Tensor } from '../../index.js';
import { sigmoidReference, softplusReference } from '../reference/kernels.js';
import { type OpCase, opCase, sizes } from '../support/op-case.js';
import { gaussian } from '../support/random-numbers.js';

/** Sizes around one vector and around the loop's block of four vectors. */
const shapes: Shape[] = [
  [],
  [1],
  [2],
  [3],
  [4],
  [5],
  [7],
  [15],
  [16],
  [17],
  [31],
  [32],
  [33],
  [3, 7],
  [2, 3, 4],
  [1003],
];

/** Numbers of either sign, but not near 0. */
const apart = (random: () => number): number => (random() < 0.5 ? -1 : 1) * (0.5 + random());

function unary(
  run: (x: Tensor) => Tensor,
  reference: (x: number) => number,
  sample: (random: () => number) => number = gaussian,
): OpCase {
  return opCase({
    variants: sizes(...shapes.map((shape) => [shape])),
    sample,
    run: ([x]) => run(x!),
    reference: ([x]) => [x!.map(reference)],
  });
}

function binary(
  run: (a: Tensor, b: Tensor) => Tensor,
  reference: (a: number, b: number) => number,
  sample: (random: () => number, index: number) => number = gaussian,
): OpCase {
  return opCase({
    variants: sizes(...shapes.map((shape) => [shape, shape])),
    sample,
    run: ([a, b]) => run(a!, b!),
    reference: ([a, b]) => [a!.map((value, i) => reference(value, b![i]!))],
  });
}

export const elementwiseCases = {
  add: binary(add, (a, b) => a + b),
  sub: binary(sub, (a, b) => a - b),
  mul: binary(mul, (a, b) => a * b),
  div: binary(div, (a, b) => a / b, apart),
  neg: unary(neg, (x) => -x),
  scale: unary(
    (x) => scale(x, -2.5),
    (x) => -2.5 * x,
  ),
  exp: unary(exp, Math.exp),
  log: unary(log, Math.log, (random) => 0.1 + 4 * random()),
  tanh: unary(tanh, Math.tanh),
  sigmoid: unary(sigmoid, sigmoidReference, (random) => 6 * gaussian(random)),
  relu: unary(relu, (x) => Math.max(x, 0), apart),
  softplus: unary(softplus, softplusReference, (random) => 6 * gaussian(random)),
};
