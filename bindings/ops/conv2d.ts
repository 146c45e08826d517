// Convolutions of images, and their transposes.

import { expectInteger, fail } from '../tensor/check.js';
import { expectShape } from '../tensor/check-tensor.js';
import type { Runtime } from '../tensor/runtime.js';
import type { Tensor } from '../tensor/tensor.js';

/** A number for both directions, or one for the height and one for the width. */
export type Pair = number | readonly [height: number, width: number];

/** How a kernel walks over an image. */
export interface Conv2dOptions {
  /** Pixels from one place of the kernel to the next, at least 1. Default 1. */
  stride?: Pair;
  /** Rows and columns of zeros on every side, at least 0. Default 0. */
  padding?: Pair;
}

type Sizes = readonly [channels: number, height: number, width: number];

/** What the kernels are told of a convolution. */
interface Geometry {
  readonly images: number;
  /** What is convolved. */
  readonly image: Sizes;
  /** What it becomes. */
  readonly result: Sizes;
  readonly kernel: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly padding: readonly [height: number, width: number];
}

/**
 * 2-D convolution (cross-correlation), PyTorch's `F.conv2d`.
 *
 * `x: [N, C, H, W], weight: [O, C, KH, KW], bias: [O] → [N, O, OH, OW]` with OH = ⌊(H + 2·padding − KH) / stride⌋ + 1, OW likewise.
 * Throws a RangeError where the sizes do not fit or the kernel is larger than the padded image.
 */
export function conv2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  expectShape('conv2d', 'x', x, -1, -1, -1, -1);
  const [images, channels, height, width] = x.shape as [number, number, number, number];
  expectShape('conv2d', 'weight', weight, -1, channels, -1, -1);
  const [outputs, , kernelHeight, kernelWidth] = weight.shape as [number, number, number, number];
  if (bias !== undefined) expectShape('conv2d', 'bias', bias, outputs);
  expectSome('conv2d', x, weight);
  const { stride, padding } = expectOptions('conv2d', options);
  const places = (size: number, kernel: number, i: 0 | 1) =>
    Math.floor((size + 2 * padding[i] - kernel) / stride[i]) + 1;
  const [rows, columns] = [places(height, kernelHeight, 0), places(width, kernelWidth, 1)];
  if (rows < 1 || columns < 1) {
    fail(
      'conv2d',
      'weight',
      `be no larger than the padded image [${height + 2 * padding[0]}, ${width + 2 * padding[1]}]`,
      [kernelHeight, kernelWidth],
    );
  }
  const { runtime } = x;
  const result = [outputs, rows, columns] as const;
  const y = runtime.output([images, ...result]);
  const kernel = [kernelHeight, kernelWidth] as const;
  const image = [channels, height, width] as const;
  const convolution = new Convolution(runtime, { images, image, result, kernel, stride, padding });
  if (bias !== undefined) fillWithBias(y, bias);
  convolution.forward(y.pointer, x.pointer, weight.pointer, bias !== undefined);
  runtime.record('conv2d', bias === undefined ? [x, weight] : [x, weight, bias], [y], () => {
    const [dx, dw] = [runtime.gradient(x), runtime.gradient(weight)];
    if (dx !== 0) convolution.backwardData(dx, y.gradPointer, weight.pointer);
    if (dw !== 0) convolution.backwardWeight(dw, y.gradPointer, x.pointer);
    if (bias !== undefined) addBiasGradient(bias, y);
  });
  return y;
}

/**
 * Transposed 2-D convolution, PyTorch's `F.conv_transpose2d`: what `conv2d` with the same weight does to gradients of its input.
 *
 * `x: [N, C, H, W], weight: [C, O, KH, KW], bias: [O] → [N, O, OH, OW]` with OH = (H − 1)·stride − 2·padding + KH, OW likewise.
 * Throws a RangeError where the sizes do not fit or nothing is left of the image.
 */
export function convTranspose2d(x: Tensor, weight: Tensor, bias?: Tensor, options: Conv2dOptions = {}): Tensor {
  expectShape('convTranspose2d', 'x', x, -1, -1, -1, -1);
  const [images, channels, height, width] = x.shape as [number, number, number, number];
  expectShape('convTranspose2d', 'weight', weight, channels, -1, -1, -1);
  const [, outputs, kernelHeight, kernelWidth] = weight.shape as [number, number, number, number];
  if (bias !== undefined) expectShape('convTranspose2d', 'bias', bias, outputs);
  expectSome('convTranspose2d', x, weight);
  const { stride, padding } = expectOptions('convTranspose2d', options);
  const rows = (height - 1) * stride[0] - 2 * padding[0] + kernelHeight;
  const columns = (width - 1) * stride[1] - 2 * padding[1] + kernelWidth;
  if (rows < 1 || columns < 1) {
    fail('convTranspose2d', 'padding', 'leave something of the image', `a result of [${rows}, ${columns}]`);
  }
  const { runtime } = x;
  const result = [outputs, rows, columns] as const;
  const y = runtime.output([images, ...result]);
  const kernel = [kernelHeight, kernelWidth] as const;
  const from = [channels, height, width] as const;
  const convolution = new Convolution(runtime, { images, image: result, result: from, kernel, stride, padding });
  if (bias !== undefined) fillWithBias(y, bias);
  else runtime.arena.zero(y.pointer, y.size);
  convolution.backwardData(y.pointer, x.pointer, weight.pointer);
  runtime.record('convTranspose2d', bias === undefined ? [x, weight] : [x, weight, bias], [y], () => {
    const [dx, dw] = [runtime.gradient(x), runtime.gradient(weight)];
    if (dx !== 0) convolution.forward(dx, y.gradPointer, weight.pointer, true);
    if (dw !== 0) convolution.backwardWeight(dw, x.pointer, y.gradPointer);
    if (bias !== undefined) addBiasGradient(bias, y);
  });
  return y;
}

/** The kernels with their sizes and their memory to work in, which is given back after every call. */
class Convolution {
  readonly #geometry: number;
  readonly #images: number;
  readonly #taps: number;

  constructor(
    readonly runtime: Runtime,
    { images, image, result, kernel, stride, padding }: Geometry,
  ) {
    // In the order of class Geometry in assembly/conv2d-patches.ts.
    const numbers = [images, ...image, ...result, ...kernel, ...stride, ...padding];
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

  /** With memory for all threads, and some for each. */
  #work(use: (shared: number, own: number) => void): void {
    const { kernels, arena, info } = this.runtime;
    const mark = arena.mark();
    const own = (info.threads * kernels.conv2dOwnBytes(this.#geometry)) / 4;
    use(this.runtime.allocate(kernels.conv2dSharedBytes(this.#geometry) / 4), this.runtime.allocate(own));
    arena.reset(mark);
  }
}

/** Every pixel of a channel becomes that channel's bias. */
function fillWithBias(y: Tensor, bias: Tensor): void {
  const [images, channels, height, width] = y.shape as [number, number, number, number];
  y.runtime.kernels.fillChannels(y.pointer, bias.pointer, images, channels, height * width);
}

/** Adds the sums of y's gradient over images and pixels to that of the bias. */
function addBiasGradient(bias: Tensor, y: Tensor): void {
  const { runtime } = y;
  const db = runtime.gradient(bias);
  const [images, channels, height, width] = y.shape as [number, number, number, number];
  if (db !== 0) runtime.kernels.fillChannelsBackward(db, y.gradPointer, images, channels, height * width);
}

function expectOptions(op: string, { stride = 1, padding = 0 }: Conv2dOptions) {
  return { stride: expectPair(op, 'stride', stride, 1), padding: expectPair(op, 'padding', padding, 0) };
}

function expectPair(op: string, argument: string, value: Pair, least: number): [height: number, width: number] {
  const pair = typeof value === 'number' ? [value, value] : value;
  if (!Array.isArray(pair) || pair.length !== 2) fail(op, argument, 'be a number or two', value);
  for (const size of pair) expectInteger(op, argument, size, least);
  return pair as [number, number];
}

/** Nothing to convolve is a mistake. */
function expectSome(op: string, x: Tensor, weight: Tensor): void {
  if (x.size === 0) fail(op, 'x', 'hold at least one pixel', x.shape);
  if (weight.size === 0) fail(op, 'weight', 'hold at least one number', weight.shape);
}
