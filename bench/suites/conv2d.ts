// Convolutions and transposed convolutions with the sizes of the memory VAE, batch 32, forward and backward.
import { conv2d, convTranspose2d } from 'tapehead';
import { type BenchCase, opCase } from '../bench-case.js';

type OpOnImages = typeof conv2d;

const batch = 32;

/** Channels C and O, image side, kernel, stride, padding. */
const sizes: readonly [c: number, o: number, size: number, kernel: number, stride: number, padding: number][] = [
  [3, 64, 32, 4, 2, 1],
  [64, 128, 16, 4, 2, 1],
  [128, 128, 8, 3, 1, 1],
  [128, 32, 8, 3, 1, 1],
  [32, 128, 8, 1, 1, 0],
];

export const conv2dSuite: readonly BenchCase[] = sizes.flatMap(([c, o, size, kernel, stride, padding]) => {
  const outputSize = Math.floor((size + 2 * padding - kernel) / stride) + 1;
  const image = [batch, c, size, size];
  const result = [batch, o, outputSize, outputSize];
  const weight = [o, c, kernel, kernel];
  const label = `${kernel}x${kernel}/${stride} on ${size}x${size}`;
  const flop = 2 * batch * o * c * (kernel * outputSize) ** 2;
  const options = { stride, padding };
  const ops: [string, number[], OpOnImages][] = [
    [`conv2d ${c} to ${o}, ${label}`, image, conv2d],
    [`convTranspose2d ${o} to ${c}, ${kernel}x${kernel}/${stride} to ${size}x${size}`, result, convTranspose2d],
  ];
  return ops.flatMap(([name, x, op]) => [
    opCase(name, [x, weight], (x, w) => op(x, w, undefined, options), { flop }),
    opCase(name, [x, weight], (x, w) => op(x, w, undefined, options), { flop: 3 * flop, backward: true }),
  ]);
});
