// Float64 twins of the convolutions: plain loops over every pixel and every tap.
import type { Shape } from '../../index.js';

export interface Steps {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
}

/** Calls `use` with the places in image, result and kernel of every product of a convolution from [C, H, W] to [O, OH, OW]. */
function eachProduct(
  [images, channels, height, width]: Shape,
  [, outputs, rows, columns]: Shape,
  [kernelHeight, kernelWidth]: readonly [number, number],
  { stride, padding }: Steps,
  use: (image: number, result: number, o: number, c: number, tap: number) => void,
): void {
  for (let n = 0; n < images!; n++)
    for (let o = 0; o < outputs!; o++)
      for (let i = 0; i < rows!; i++)
        for (let j = 0; j < columns!; j++)
          for (let c = 0; c < channels!; c++)
            for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
              const h = i * stride[0] + Math.floor(tap / kernelWidth) - padding[0];
              const w = j * stride[1] + (tap % kernelWidth) - padding[1];
              if (h < 0 || h >= height! || w < 0 || w >= width!) continue;
              const image = ((n * channels! + c) * height! + h) * width! + w;
              use(image, ((n * outputs! + o) * rows! + i) * columns! + j, o, c, tap);
            }
}

export function conv2dReference(
  [x, weight, bias]: Float64Array[],
  [xShape, weightShape]: readonly Shape[],
  steps: Steps,
): Float64Array {
  const [images, channels, height, width] = xShape as [number, number, number, number];
  const [outputs, , kernelHeight, kernelWidth] = weightShape as [number, number, number, number];
  const rows = Math.floor((height + 2 * steps.padding[0] - kernelHeight) / steps.stride[0]) + 1;
  const columns = Math.floor((width + 2 * steps.padding[1] - kernelWidth) / steps.stride[1]) + 1;
  const places = rows * columns;
  const y = Float64Array.from(
    { length: images * outputs * places },
    (_, at) => bias?.[Math.floor(at / places) % outputs] ?? 0,
  );
  const kernel = kernelHeight * kernelWidth;
  eachProduct(xShape!, [images, outputs, rows, columns], [kernelHeight, kernelWidth], steps, (image, at, o, c, tap) => {
    y[at]! += x![image]! * weight![(o * channels + c) * kernel + tap]!;
  });
  return y;
}

export function convTranspose2dReference(
  [x, weight, bias]: Float64Array[],
  [xShape, weightShape]: readonly Shape[],
  steps: Steps,
): Float64Array {
  const [images, , height, width] = xShape as [number, number, number, number];
  const [, outputs, kernelHeight, kernelWidth] = weightShape as [number, number, number, number];
  const rows = (height - 1) * steps.stride[0] - 2 * steps.padding[0] + kernelHeight;
  const columns = (width - 1) * steps.stride[1] - 2 * steps.padding[1] + kernelWidth;
  const places = rows * columns;
  const y = Float64Array.from(
    { length: images * outputs * places },
    (_, at) => bias?.[Math.floor(at / places) % outputs] ?? 0,
  );
  const kernel = kernelHeight * kernelWidth;
  eachProduct([images, outputs, rows, columns], xShape!, [kernelHeight, kernelWidth], steps, (image, at, o, c, tap) => {
    y[image]! += x![at]! * weight![(o * outputs + c) * kernel + tap]!;
  });
  return y;
}

/** The gradient of the weights of a convolution, from x and the gradient of its result. */
export function conv2dWeightReference(
  [x, dy]: readonly [Float64Array, Float64Array],
  [xShape, weightShape]: readonly Shape[],
  steps: Steps,
): Float64Array {
  const [images, channels, height, width] = xShape as [number, number, number, number];
  const [outputs, , kernelHeight, kernelWidth] = weightShape as [number, number, number, number];
  const rows = Math.floor((height + 2 * steps.padding[0] - kernelHeight) / steps.stride[0]) + 1;
  const columns = Math.floor((width + 2 * steps.padding[1] - kernelWidth) / steps.stride[1]) + 1;
  const kernel = kernelHeight * kernelWidth;
  const dweight = new Float64Array(outputs * channels * kernel);
  eachProduct(xShape!, [images, outputs, rows, columns], [kernelHeight, kernelWidth], steps, (image, at, o, c, tap) => {
    dweight[(o * channels + c) * kernel + tap]! += x[image]! * dy[at]!;
  });
  return dweight;
}
