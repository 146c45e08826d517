// Elementwise ops. Binary ones take two tensors of the same shape: nothing is broadcast.

import { coreKernels, exponentialKernels, type Family, kernelsOf, mathKernels } from '../engine/families.js';
import { expectNumber } from '../tensor/check.js';
import { expectSameShape, expectTensor } from '../tensor/check-tensor.js';
import { factorsRead, NOTHING_READ } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Every unary op: its backward kernel, and whether that needs the input x or the output y. */
const UNARY = {
  exp: ['expBackward', 'y'],
  log: ['logBackward', 'x'],
  tanh: ['tanhBackward', 'y'],
  sigmoid: ['sigmoidBackward', 'y'],
  relu: ['reluBackward', 'y'],
  softplus: ['softplusBackward', 'x'],
} as const;

/**
 * Computes the sum `a + b`, element by element.
 *
 * @param a A tensor of any shape.
 * @param b A tensor of the same shape: nothing is broadcast.
 * @returns The sums, of that shape.
 * @throws {RangeError} The shapes differ.
 * @throws {TypeError} An argument is not a Tensor.
 * @example
 * ```ts
 * import { add, load } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => add(runtime.tensor([6, 8]), runtime.tensor([2, 4])).toArray());
 * console.log(y); // → Float32Array(2) [ 8, 12 ]
 * ```
 */
export function add(a: Tensor, b: Tensor): Tensor {
  return addOrSubtract('add', a, b, 1);
}

/**
 * Computes the difference `a - b`, element by element.
 *
 * @param a A tensor of any shape.
 * @param b A tensor of the same shape: nothing is broadcast.
 * @returns The differences, of that shape.
 * @throws {RangeError} The shapes differ.
 * @throws {TypeError} An argument is not a Tensor.
 * @example
 * ```ts
 * import { load, sub } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => sub(runtime.tensor([6, 8]), runtime.tensor([2, 4])).toArray());
 * console.log(y); // → Float32Array(2) [ 4, 4 ]
 * ```
 */
export function sub(a: Tensor, b: Tensor): Tensor {
  return addOrSubtract('sub', a, b, -1);
}

/**
 * Computes the product `a · b`, element by element.
 *
 * @param a A tensor of any shape.
 * @param b A tensor of the same shape: nothing is broadcast.
 * @returns The products, of that shape.
 * @throws {RangeError} The shapes differ.
 * @throws {TypeError} An argument is not a Tensor.
 * @example
 * ```ts
 * import { load, mul } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => mul(runtime.tensor([6, 8]), runtime.tensor([2, 4])).toArray());
 * console.log(y); // → Float32Array(2) [ 12, 32 ]
 * ```
 */
export function mul(a: Tensor, b: Tensor): Tensor {
  expectSameShape('mul', 'a', a, 'b', b);
  const { runtime, size } = a;
  const { kernels } = runtime;
  const y = runtime.output(a.dims);
  kernels.mul(y.pointer, a.pointer, b.pointer, size);
  runtime.record(
    'mul',
    [a, b],
    [y],
    () => {
      kernels.mulBackward(runtime.gradient(a), runtime.gradient(b), y.gradPointer, a.pointer, b.pointer, size);
    },
    () => factorsRead(a, b),
  );
  return y;
}

/**
 * Computes the quotient `a / b`, element by element.
 *
 * @param a A tensor of any shape.
 * @param b A tensor of the same shape: nothing is broadcast.
 * @returns The quotients, of that shape.
 * @throws {RangeError} The shapes differ.
 * @throws {TypeError} An argument is not a Tensor.
 * @example
 * ```ts
 * import { div, load } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => div(runtime.tensor([6, 8]), runtime.tensor([2, 4])).toArray());
 * console.log(y); // → Float32Array(2) [ 3, 2 ]
 * ```
 */
export function div(a: Tensor, b: Tensor): Tensor {
  expectSameShape('div', 'a', a, 'b', b);
  const { runtime, size } = a;
  const { kernels } = runtime;
  const y = runtime.output(a.dims);
  kernels.div(y.pointer, a.pointer, b.pointer, size);
  runtime.record(
    'div',
    [a, b],
    [y],
    () => {
      kernels.divBackward(runtime.gradient(a), runtime.gradient(b), y.gradPointer, y.pointer, b.pointer, size);
    },
    () => (a.requiresGrad && !b.requiresGrad ? [b] : [b, y]),
  );
  return y;
}

/**
 * Computes the negative `-x`, element by element.
 *
 * @param x A tensor of any shape.
 * @returns The negatives, of the same shape.
 * @throws {TypeError} `x` is not a Tensor.
 * @example
 * ```ts
 * import { load, neg } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => neg(runtime.tensor([1, -2])).toArray());
 * console.log(y); // → Float32Array(2) [ -1, 2 ]
 * ```
 */
export function neg(x: Tensor): Tensor {
  return multiply('neg', x, -1);
}

/**
 * Multiplies a tensor by a number: `factor · x`.
 *
 * @param x A tensor of any shape.
 * @param factor A finite number within the range of float32. It is a constant: no gradient.
 * @returns The products, of the same shape as `x`.
 * @throws {RangeError} `factor` is not finite.
 * @throws {TypeError} `x` is not a Tensor.
 * @example
 * ```ts
 * import { load, scale } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => scale(runtime.tensor([1, -2]), 3).toArray());
 * console.log(y); // → Float32Array(2) [ 3, -6 ]
 * ```
 */
export function scale(x: Tensor, factor: number): Tensor {
  expectNumber('scale', 'factor', factor);
  return multiply('scale', x, factor);
}

/**
 * Computes `e^x`, element by element.
 *
 * @param x A tensor of any shape.
 * @returns The exponentials, of the same shape.
 * @throws {TypeError} `x` is not a Tensor.
 * @example
 * ```ts
 * import { exp, load } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => exp(runtime.tensor([0, 1])).toArray());
 * console.log(y); // → Float32Array(2) [ 1, 2.7182817459106445 ]
 * ```
 */
export function exp(x: Tensor): Tensor {
  return unary('exp', exponentialKernels, x);
}

/**
 * Computes the natural logarithm, element by element.
 *
 * @param x A tensor of any shape.
 * @returns The logarithms, of the same shape: -Infinity for 0, NaN for negative numbers.
 * @throws {TypeError} `x` is not a Tensor.
 * @example
 * ```ts
 * import { load, log } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => log(runtime.tensor([1, 0])).toArray());
 * console.log(y); // → Float32Array(2) [ 0, -Infinity ]
 * ```
 */
export function log(x: Tensor): Tensor {
  return unary('log', exponentialKernels, x);
}

/**
 * Computes the hyperbolic tangent, element by element.
 *
 * @param x A tensor of any shape.
 * @returns The values, in [-1, 1], of the same shape.
 * @throws {TypeError} `x` is not a Tensor.
 * @example
 * ```ts
 * import { load, tanh } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => tanh(runtime.tensor([0, 100])).toArray());
 * console.log(y); // → Float32Array(2) [ 0, 1 ]
 * ```
 */
export function tanh(x: Tensor): Tensor {
  return unary('tanh', mathKernels, x);
}

/**
 * Computes the logistic function `1 / (1 + e^-x)`, element by element.
 *
 * @param x A tensor of any shape.
 * @returns The values, in [0, 1], of the same shape.
 * @throws {TypeError} `x` is not a Tensor.
 * @example
 * ```ts
 * import { load, sigmoid } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => sigmoid(runtime.tensor([0, 100])).toArray());
 * console.log(y); // → Float32Array(2) [ 0.5, 1 ]
 * ```
 */
export function sigmoid(x: Tensor): Tensor {
  return unary('sigmoid', mathKernels, x);
}

/**
 * Computes the rectifier `max(x, 0)`, element by element, with gradient 0 at 0.
 *
 * @param x A tensor of any shape.
 * @returns The values, of the same shape.
 * @throws {TypeError} `x` is not a Tensor.
 * @example
 * ```ts
 * import { load, relu } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => relu(runtime.tensor([-2, 3])).toArray());
 * console.log(y); // → Float32Array(2) [ 0, 3 ]
 * ```
 */
export function relu(x: Tensor): Tensor {
  return unary('relu', coreKernels, x);
}

/**
 * Computes `ln(1 + e^x)`, element by element, without overflow for any x.
 *
 * @param x A tensor of any shape.
 * @returns The values, of the same shape.
 * @throws {TypeError} `x` is not a Tensor.
 * @example
 * ```ts
 * import { load, softplus } from 'tapehead';
 * const runtime = await load();
 * const y = runtime.noGrad(() => softplus(runtime.tensor([0, 1000])).toArray());
 * console.log(y); // → Float32Array(2) [ 0.6931471824645996, 1000 ]
 * ```
 */
export function softplus(x: Tensor): Tensor {
  return unary('softplus', mathKernels, x);
}

function unary(op: keyof typeof UNARY, family: Family, x: Tensor): Tensor {
  expectTensor(op, 'x', x);
  const { runtime, size } = x;
  const kernels = kernelsOf(op, family, runtime);
  const [backward, saved] = UNARY[op];
  const y = runtime.output(x.dims);
  kernels[op](y.pointer, x.pointer, size);
  runtime.record(
    op,
    [x],
    [y],
    () => {
      kernels[backward](runtime.gradient(x), y.gradPointer, (saved === 'x' ? x : y).pointer, size);
    },
    [saved === 'x' ? x : y],
  );
  return y;
}

function addOrSubtract(op: 'add' | 'sub', a: Tensor, b: Tensor, sign: number): Tensor {
  expectSameShape(op, 'a', a, 'b', b);
  const { runtime, size } = a;
  const { kernels } = runtime;
  const y = runtime.output(a.dims);
  kernels[op](y.pointer, a.pointer, b.pointer, size);
  runtime.record(
    op,
    [a, b],
    [y],
    () => {
      if (a.requiresGrad) kernels.addScaled(runtime.gradient(a), y.gradPointer, size, 1);
      if (b.requiresGrad) kernels.addScaled(runtime.gradient(b), y.gradPointer, size, sign);
    },
    NOTHING_READ,
  );
  return y;
}

function multiply(op: string, x: Tensor, factor: number): Tensor {
  expectTensor(op, 'x', x);
  const { runtime, size } = x;
  const { kernels } = runtime;
  const y = runtime.output(x.dims);
  kernels.scale(y.pointer, x.pointer, size, factor);
  runtime.record(op, [x], [y], () => kernels.addScaled(runtime.gradient(x), y.gradPointer, size, factor), NOTHING_READ);
  return y;
}
