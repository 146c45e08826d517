// Single ops: matrix products, convolutions, softmax.
import { lax, nn, numpy } from '@jax-js/jax';
import * as tf from '@tensorflow/tfjs-core';
import { conv2d, matmul, softmax } from 'tapehead';
import type { PeerCase } from './row.js';
import { jaxOp } from './sides/jax.js';
import { onnxOp } from './sides/onnx.js';
import { operands, tapeheadOp } from './sides/tapehead.js';
import { tensorflowOp } from './sides/tensorflow.js';

/** Relative to the largest number: libraries sum up to 10,000 float32 products in different orders. */
const tolerance = 1e-5;

/** Product of `a` [m, k], or [k, m] transposed, and `b` [k, n]. */
function product(m: number, k: number, n: number, transposeA = false): PeerCase {
  const shapes = [transposeA ? [k, m] : [m, k], [k, n]];
  return {
    name: `matmul ${m}x${k}x${n}${transposeA ? ' aT' : ''}`,
    tolerance,
    ours: (runtime) => tapeheadOp(runtime, operands(runtime, shapes), (a, b) => matmul(a, b, { transposeA })),
    peers: {
      'TensorFlow.js': (runtime) => tensorflowOp(operands(runtime, shapes), (a, b) => tf.matMul(a, b, transposeA)),
      'onnxruntime-web': (runtime) => {
        const inputs = operands(runtime, shapes);
        return transposeA ? onnxOp(runtime, inputs, 'Gemm', { transA: 1 }) : onnxOp(runtime, inputs, 'MatMul');
      },
      'jax-js': (runtime) =>
        jaxOp(operands(runtime, shapes), (a, b) => numpy.matmul(transposeA ? numpy.transpose(a) : a, b)),
    },
  };
}

/** Convolution from c to o channels, with square images and kernels, batch 32. */
function convolution(c: number, o: number, size: number, kernel: number, stride: number): PeerCase {
  const shapes = [
    [32, c, size, size],
    [o, c, kernel, kernel],
  ];
  const padding = 1;
  const strides = [stride, stride];
  return {
    name: `conv2d ${c} to ${o}, ${kernel}x${kernel}/${stride} on ${size}x${size}, batch 32`,
    tolerance,
    ours: (runtime) =>
      tapeheadOp(runtime, operands(runtime, shapes), (x, w) => conv2d(x, w, undefined, { stride, padding })),
    peers: {
      'TensorFlow.js': (runtime) =>
        tensorflowOp(
          operands(runtime, shapes),
          (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, padding),
          {
            from: [
              [0, 2, 3, 1],
              [2, 3, 1, 0],
            ],
            to: [0, 3, 1, 2],
          },
        ),
      'onnxruntime-web': (runtime) =>
        onnxOp(runtime, operands(runtime, shapes), 'Conv', { strides, pads: [1, 1, 1, 1] }, [1]),
      'jax-js': (runtime) =>
        jaxOp(operands(runtime, shapes), (x, w) =>
          lax.convGeneralDilated(x, w, strides, [
            [padding, padding],
            [padding, padding],
          ]),
        ),
    },
  };
}

const rows = [[10_000, 256]];

const softmaxCase: PeerCase = {
  name: 'softmax 10000x256',
  tolerance,
  ours: (runtime) => tapeheadOp(runtime, operands(runtime, rows), (x) => softmax(x)),
  peers: {
    'TensorFlow.js': (runtime) => tensorflowOp(operands(runtime, rows), (x) => tf.softmax(x)),
    'onnxruntime-web': (runtime) => onnxOp(runtime, operands(runtime, rows), 'Softmax'),
    'jax-js': (runtime) => jaxOp(operands(runtime, rows), (x) => nn.softmax(x)),
  },
};

export const opCases: readonly PeerCase[] = [
  product(64, 64, 64),
  product(128, 128, 128),
  product(256, 256, 256),
  product(512, 512, 512),
  product(1024, 1024, 1024),
  product(1, 128, 512),
  product(32, 128, 400),
  product(400, 1312, 100, true),
  product(10_000, 78, 256),
  product(256, 10_000, 784, true),
  convolution(64, 128, 16, 4, 2),
  convolution(128, 128, 8, 3, 1),
  softmaxCase,
];
