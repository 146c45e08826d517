// Functions of one element after another. Two arguments must have the same shape: nothing is broadcast.

import { expectNumber } from '../tensor/check.js';
import { expectSameShape, expectTensor } from '../tensor/check-tensor.js';
import type { Tensor } from '../tensor/tensor.js';

/** The functions of one argument: their backward kernel, and whether it wants what went in (x) or what came out (y). */
const UNARY = {
  exp: ['expBackward', 'y'],
  log: ['logBackward', 'x'],
  tanh: ['tanhBackward', 'y'],
  sigmoid: ['sigmoidBackward', 'y'],
  relu: ['reluBackward', 'y'],
  softplus: ['softplusBackward', 'x'],
} as const;

/** `a + b`, of one shape. Throws a RangeError where the shapes differ. */
export function add(a: Tensor, b: Tensor): Tensor {
  return addOrSubtract('add', a, b, 1);
}

/** `a - b`, of one shape. Throws a RangeError where the shapes differ. */
export function sub(a: Tensor, b: Tensor): Tensor {
  return addOrSubtract('sub', a, b, -1);
}

/** `a · b`, element by element, of one shape. Throws a RangeError where the shapes differ. */
export function mul(a: Tensor, b: Tensor): Tensor {
  expectSameShape('mul', 'a', a, 'b', b);
  const { runtime, size } = a;
  const { kernels } = runtime;
  const y = runtime.output(a.shape);
  kernels.mul(y.pointer, a.pointer, b.pointer, size);
  runtime.record('mul', [a, b], [y], () => {
    kernels.mulBackward(runtime.gradient(a), runtime.gradient(b), y.gradPointer, a.pointer, b.pointer, size);
  });
  return y;
}

/** `a / b`, element by element, of one shape. Throws a RangeError where the shapes differ. */
export function div(a: Tensor, b: Tensor): Tensor {
  expectSameShape('div', 'a', a, 'b', b);
  const { runtime, size } = a;
  const { kernels } = runtime;
  const y = runtime.output(a.shape);
  kernels.div(y.pointer, a.pointer, b.pointer, size);
  runtime.record('div', [a, b], [y], () => {
    kernels.divBackward(runtime.gradient(a), runtime.gradient(b), y.gradPointer, y.pointer, b.pointer, size);
  });
  return y;
}

/** `-x`. */
export function neg(x: Tensor): Tensor {
  return multiply('neg', x, -1);
}

/** `factor · x`, for a number `factor`, which gets no gradient. Throws a RangeError where it is not finite. */
export function scale(x: Tensor, factor: number): Tensor {
  expectNumber('scale', 'factor', factor);
  return multiply('scale', x, factor);
}

/** `e^x`. */
export function exp(x: Tensor): Tensor {
  return unary('exp', x);
}

/** The natural logarithm: -Infinity at 0, NaN below. */
export function log(x: Tensor): Tensor {
  return unary('log', x);
}

/** The hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return unary('tanh', x);
}

/** The logistic function `1 / (1 + e^-x)`. */
export function sigmoid(x: Tensor): Tensor {
  return unary('sigmoid', x);
}

/** `max(x, 0)`, with gradient 0 at 0. */
export function relu(x: Tensor): Tensor {
  return unary('relu', x);
}

/** `ln(1 + e^x)`, for every x without overflow. */
export function softplus(x: Tensor): Tensor {
  return unary('softplus', x);
}

function unary(op: keyof typeof UNARY, x: Tensor): Tensor {
  expectTensor(op, 'x', x);
  const { runtime, size } = x;
  const { kernels } = runtime;
  const [backward, wanted] = UNARY[op];
  const y = runtime.output(x.shape);
  kernels[op](y.pointer, x.pointer, size);
  runtime.record(op, [x], [y], () => {
    kernels[backward](runtime.gradient(x), y.gradPointer, (wanted === 'x' ? x : y).pointer, size);
  });
  return y;
}

function addOrSubtract(op: 'add' | 'sub', a: Tensor, b: Tensor, sign: number): Tensor {
  expectSameShape(op, 'a', a, 'b', b);
  const { runtime, size } = a;
  const { kernels } = runtime;
  const y = runtime.output(a.shape);
  kernels[op](y.pointer, a.pointer, b.pointer, size);
  runtime.record(op, [a, b], [y], () => {
    if (a.requiresGrad) kernels.addScaled(runtime.gradient(a), y.gradPointer, size, 1);
    if (b.requiresGrad) kernels.addScaled(runtime.gradient(b), y.gradPointer, size, sign);
  });
  return y;
}

function multiply(op: string, x: Tensor, factor: number): Tensor {
  expectTensor(op, 'x', x);
  const { runtime, size } = x;
  const { kernels } = runtime;
  const y = runtime.output(x.shape);
  kernels.scale(y.pointer, x.pointer, size, factor);
  runtime.record(op, [x], [y], () => kernels.addScaled(runtime.gradient(x), y.gradPointer, size, factor));
  return y;
}
