// 2-D convolutions and transposed convolutions.

import { convolutionKernels, kernelsOf } from '../engine/families.js';
import {
  expectInteger,
  expectIntegers,
  expectOptions,
  fail,
  failType,
  isArray,
  type OptionKeys,
} from '../tensor/check.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Runtime } from '../tensor/runtime.js';
import { factorsRead } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';

/** One number for both directions, or one for the height and one for the width. */
export type Pair = number | readonly [height: number, width: number];

/** Options of conv2d and convTranspose2d. */
export interface Conv2dOptions {
  /** Stride, in [1, 2^30]. Default 1. */
  stride?: Pair;
  /** Zero padding on both sides of a dimension, in [0, 2^30]. Default 0. */
  padding?: Pair;
}

const OPTIONS: OptionKeys<Conv2dOptions> = { stride: true, padding: true };

/** Largest stride and padding: kernels compute with 32 bits. */
const MAX_STEP = 2 ** 30;

type Sizes = readonly [channels: number, height: number, width: number];

/** Sizes of a convolution from `image` to `result`; a transposed one runs from `result` to `image`. */
interface Geometry {
  readonly images: number;
  readonly image: Sizes;
  readonly result: Sizes;
  readonly kernel: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly padding: readonly [height: number, width: number];
}

/**
 * Computes a 2-D convolution (cross-correlation), as PyTorch's `F.conv2d`.
 *
 * @param x Images: [N, C, H, W].
 * @param weight Kernels: [O, C, KH, KW].
 * @param bias Bias of every output channel: [O]. Default: none.
 * @param options Stride and padding.
 * @returns The feature maps: [N, O, OH, OW] with OH = ⌊(H + 2·padding − KH) / stride⌋ + 1, OW likewise.
 * @throws {RangeError} The shapes do not fit, a tensor is empty, or the kernel is larger than the padded image.
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @example
 * ```ts
 * import { conv2d, load } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const x = runtime.tensor([1, 2, 3, 4], [1, 1, 2, 2]);
 *   const weight = runtime.tensor([1, 1, 1, 1], [1, 1, 2, 2]);
 *   console.log(conv2d(x, weight).item()); // → 10
 *   console.log(conv2d(x, weight, undefined, { padding: 1, stride: 2 }).shape); // → [ 1, 1, 2, 2 ]
 * });
 * ```
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  const { stride, padding } = expectSteps('conv2d', options);
  expectShape('conv2d', 'x', x, -1, -1, -1, -1);
  const [images, channels, height, width] = x.dims as [number, number, number, number];
  expectShape('conv2d', 'weight', weight, -1, channels, -1, -1);
  const [outputs, , kernelHeight, kernelWidth] = weight.dims as [number, number, number, number];
  if (bias !== undefined) expectShape('conv2d', 'bias', bias, outputs);
  expectNotEmpty('conv2d', x, weight);
  const kernel = [kernelHeight, kernelWidth] as const;
  const [paddedHeight, paddedWidth] = [height + 2 * padding[0], width + 2 * padding[1]];
  const rows = Math.floor((paddedHeight - kernelHeight) / stride[0]) + 1;
  const columns = Math.floor((paddedWidth - kernelWidth) / stride[1]) + 1;
  if (rows < 1 || columns < 1) {
    fail('conv2d', 'weight', `be no larger than the padded image [${paddedHeight}, ${paddedWidth}]`, kernel);
  }
  const { runtime } = x;
  kernelsOf('conv2d', convolutionKernels, runtime);
  const result = [outputs, rows, columns] as const;
  const y = runtime.output([images, ...result]);
  const image = [channels, height, width] as const;
  const convolution = new Convolution(runtime, { images, image, result, kernel, stride, padding });
  if (bias !== undefined) fillWithBias(y, bias);
  convolution.forward(y.pointer, x.pointer, weight.pointer, bias !== undefined);
  runtime.record(
    'conv2d',
    bias === undefined ? [x, weight] : [x, weight, bias],
    [y],
    () => {
      const [dx, dw] = [runtime.gradient(x), runtime.gradient(weight)];
      if (dx !== 0) convolution.backwardData(dx, y.gradPointer, weight.pointer);
      if (dw !== 0) convolution.backwardWeight(dw, y.gradPointer, x.pointer);
      if (bias !== undefined) addBiasGradient(bias, y);
    },
    () => factorsRead(x, weight),
  );
  return y;
}

/**
 * Computes a transposed 2-D convolution, as PyTorch's `F.conv_transpose2d`: the gradient of `conv2d` with respect to
 * its input, for the same weight.
 *
 * @param x Feature maps: [N, C, H, W].
 * @param weight Kernels: [C, O, KH, KW].
 * @param bias Bias of every output channel: [O]. Default: none.
 * @param options Stride and padding of that convolution.
 * @returns The images: [N, O, OH, OW] with OH = (H − 1)·stride − 2·padding + KH, OW likewise.
 * @throws {RangeError} The shapes do not fit, a tensor is empty, or the padding leaves no output pixel.
 * @throws {TypeError} An option is unknown or of the wrong type.
 * @example
 * ```ts
 * import { convTranspose2d, load } from 'tapehead';
 * const runtime = await load();
 * runtime.noGrad(() => {
 *   const x = runtime.tensor([1, 2], [1, 1, 1, 2]);
 *   const weight = runtime.tensor([1, 1], [1, 1, 1, 2]);
 *   const y = convTranspose2d(x, weight, undefined, { stride: 2 });
 *   console.log(y.toArray()); // → Float32Array(4) [ 1, 1, 2, 2 ]
 * });
 * ```
 */
export function convTranspose2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  const { stride, padding } = expectSteps('convTranspose2d', options);
  expectShape('convTranspose2d', 'x', x, -1, -1, -1, -1);
  const [images, channels, height, width] = x.dims as [number, number, number, number];
  expectShape('convTranspose2d', 'weight', weight, channels, -1, -1, -1);
  const [, outputs, kernelHeight, kernelWidth] = weight.dims as [number, number, number, number];
  if (bias !== undefined) expectShape('convTranspose2d', 'bias', bias, outputs);
  expectNotEmpty('convTranspose2d', x, weight);
  const rows = (height - 1) * stride[0] - 2 * padding[0] + kernelHeight;
  const columns = (width - 1) * stride[1] - 2 * padding[1] + kernelWidth;
  if (rows < 1 || columns < 1) {
    fail('convTranspose2d', 'padding', 'leave at least one output pixel', [rows, columns]);
  }
  const { runtime } = x;
  kernelsOf('convTranspose2d', convolutionKernels, runtime);
  const result = [outputs, rows, columns] as const;
  const y = runtime.output([images, ...result]);
  const kernel = [kernelHeight, kernelWidth] as const;
  const from = [channels, height, width] as const;
  const convolution = new Convolution(runtime, { images, image: result, result: from, kernel, stride, padding });
  if (bias !== undefined) fillWithBias(y, bias);
  else runtime.arena.zero(y.pointer, y.size);
  convolution.backwardData(y.pointer, x.pointer, weight.pointer);
  runtime.record(
    'convTranspose2d',
    bias === undefined ? [x, weight] : [x, weight, bias],
    [y],
    () => {
      const [dx, dw] = [runtime.gradient(x), runtime.gradient(weight)];
      if (dx !== 0) convolution.forward(dx, y.gradPointer, weight.pointer, true);
      if (dw !== 0) convolution.backwardWeight(dw, x.pointer, y.gradPointer);
      if (bias !== undefined) addBiasGradient(bias, y);
    },
    () => factorsRead(x, weight),
  );
  return y;
}

/** The kernels of one convolution with its sizes; their workspace is freed after every call. */
class Convolution {
  readonly #geometry: number;
  readonly #images: number;
  readonly #taps: number;

  constructor(
    readonly runtime: Runtime,
    { images, image, result, kernel, stride, padding }: Geometry,
  ) {
    // With a single position the stride has no effect, and may exceed the image.
    const steps = stride.map((size, i) => (result[i + 1] === 1 ? 1 : size));
    // In the order of class Geometry in assembly/conv2d-patches.ts.
    const numbers = [images, ...image, ...result, ...kernel, ...steps, ...padding];
    this.#geometry = runtime.allocate(numbers.length);
    this.#images = images;
    this.#taps = image[0] * kernel[0] * kernel[1];
    runtime.arena.writeIntegers(this.#geometry, numbers);
  }

  /** y = conv(x), or y += conv(x). */
  forward(y: number, x: number, weight: number, add: boolean): void {
    const { kernels, arena } = this.runtime;
    const g = this.#geometry;
    this.#work((shared, own) => {
      kernels.conv2dPrepare(shared, weight, g, false);
      kernels.conv2d(y, x, g, shared, own, arena.scratch, add, 0, this.#images);
    });
  }

  backwardData(dx: number, dy: number, weight: number): void {
    const { kernels, arena } = this.runtime;
    const g = this.#geometry;
    this.#work((shared, own) => {
      kernels.conv2dPrepare(shared, weight, g, true);
      kernels.conv2dBackwardData(dx, dy, g, shared, own, arena.scratch, 0, this.#images);
    });
  }

  backwardWeight(dweight: number, dy: number, x: number): void {
    const { kernels, arena } = this.runtime;
    const g = this.#geometry;
    const group = kernels.conv2dGroup(g);
    this.#work((shared) => {
      for (let start = 0; start < this.#images; start += group) {
        const images = Math.min(group, this.#images - start);
        kernels.conv2dGather(dy, x, g, shared, start, images, 0, images);
        kernels.conv2dBackwardWeight(dweight, g, shared, arena.scratch, images, 0, this.#taps);
      }
    });
  }

  /** Calls `use` with the addresses of a workspace that all threads share, and of one with a part for each. */
  #work(use: (shared: number, own: number) => void): void {
    const { kernels, arena, info } = this.runtime;
    const mark = arena.mark();
    const own = (info.threads * kernels.conv2dOwnBytes(this.#geometry)) / 4;
    use(this.runtime.allocate(kernels.conv2dSharedBytes(this.#geometry) / 4), this.runtime.allocate(own));
    arena.reset(mark);
  }
}

/** Sets every pixel of a channel to that channel's bias. */
function fillWithBias(y: Tensor, bias: Tensor): void {
  const [images, channels, height, width] = y.dims as [number, number, number, number];
  y.runtime.kernels.fillChannels(y.pointer, bias.pointer, images, channels, height * width);
}

/** Adds the gradient of y, summed over images and pixels, to that of the bias. */
function addBiasGradient(bias: Tensor, y: Tensor): void {
  const { runtime } = y;
  const db = runtime.gradient(bias);
  const [images, channels, height, width] = y.dims as [number, number, number, number];
  if (db !== 0) runtime.kernels.fillChannelsBackward(db, y.gradPointer, images, channels, height * width);
}

function expectSteps(op: string, options: Conv2dOptions) {
  const { stride = 1, padding = 0 } = expectOptions(op, options, OPTIONS);
  return { stride: expectPair(op, 'stride', stride, 1), padding: expectPair(op, 'padding', padding, 0) };
}

function expectPair(op: string, argument: string, value: Pair, min: number): readonly [height: number, width: number] {
  if (typeof value === 'number') {
    expectInteger(op, argument, value, min, MAX_STEP);
    return [value, value];
  }
  if (!isArray(value) || value.length !== 2) failType(op, argument, 'be a number or a pair of numbers', value);
  expectIntegers(op, argument, value, min, MAX_STEP);
  return value;
}

/** Images and kernels must not be empty. */
function expectNotEmpty(op: string, x: Tensor, weight: Tensor): void {
  if (x.size === 0) fail(op, 'x', 'hold at least one pixel', x.dims);
  if (weight.size === 0) fail(op, 'weight', 'hold at least one number', weight.dims);
}
