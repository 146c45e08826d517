// The two plots of the kernel memory: error by memory size, and test images as recalled.
import type { TopLevelSpec } from 'vega-lite';
import { colors } from '../../tools/plot.js';
import { pixelsOf } from '../data/images.js';
import { grey, type Picture, sheet } from '../sheet.js';
import type { Entry, Split } from './measure.js';
import { publishedErrors, type Settings } from './settings.js';

const LINEAR = 'linear regression, test images';

/** RMSE by memory size: published (broad), test and training images; a level line for linear regression. */
export function errorPlot(
  entries: readonly Entry[],
  linear: number,
  { pixels, iterations, fitted, tested }: Settings,
): TopLevelSpec {
  const points = (curve: string, errorOf: (entry: Entry) => number | undefined) =>
    entries.map((entry) => ({ curve, memorySize: entry.memorySize, rmse: errorOf(entry) }));
  const encoding = {
    x: {
      field: 'memorySize',
      type: 'quantitative' as const,
      title: 'number of keys M',
      scale: { type: 'log' as const, base: 2, nice: false },
      axis: { values: entries.map(({ memorySize }) => memorySize), grid: false, labelFlush: false },
    },
    y: {
      field: 'rmse',
      type: 'quantitative' as const,
      title: 'RMSE of a pixel (0 black, 1 white)',
      scale: { zero: false },
    },
    color: {
      field: 'curve',
      type: 'nominal' as const,
      title: null,
      scale: {
        domain: ['published', 'test images', 'training images', LINEAR],
        range: ['#c8c8c8', colors.blue, colors.orange, colors.green],
      },
      legend: { orient: 'top-right' as const, offset: 12, symbolType: 'stroke', symbolStrokeWidth: 4, labelLimit: 300 },
    },
  };
  return {
    title: {
      text: 'Recall error of a kernel memory with M keys',
      subtitle: [
        `images recalled from ${pixels} of their pixels;`,
        `${fitted} training images, ${iterations} iterations, ${tested} test images`,
      ],
    },
    width: 560,
    height: 320,
    encoding,
    layer: [
      {
        data: { values: points('published', ({ memorySize }) => publishedErrors[memorySize]) },
        mark: { type: 'line', strokeWidth: 8 },
      },
      {
        data: { values: points(LINEAR, () => linear) },
        mark: { type: 'line', strokeWidth: 1.5, strokeDash: [5, 4] },
      },
      {
        data: {
          values: [
            ...points('test images', ({ test }) => test),
            ...points('training images', ({ training }) => training),
          ],
        },
        mark: { type: 'line', point: { size: 40 }, strokeWidth: 2 },
      },
    ],
  };
}

/** Test images: the query, recalls by memories of several sizes, and the original. */
export function recallSheet(entries: readonly Entry[], split: Split, shown: number): TopLevelSpec {
  const { images, pixels } = split;
  const { height, width } = images;
  const truth = pixelsOf(images, split.tested.subarray(0, shown)).data;
  const pictures = (data: Float32Array, draw: (image: Float32Array) => Picture) =>
    Array.from({ length: shown }, (_, i) => draw(data.subarray(i * height * width, (i + 1) * height * width)));
  const whole = (image: Float32Array) => grey(image, height, width);
  const everyThird = entries.filter((_, i) => (entries.length - 1 - i) % 3 === 0);
  const rows = {
    query: pictures(truth, (image) => masked(whole(image), pixels)),
    ...Object.fromEntries(
      everyThird.map(({ memorySize, recalled }) => [`recalled, M = ${memorySize}`, pictures(recalled, whole)]),
    ),
    original: pictures(truth, whole),
  };
  return sheet(rows, {
    title: 'Images recalled from a few of their pixels',
    subtitle: `test images; the query holds ${pixels.length} of ${height * width} pixels, the others are blue`,
  });
}

/** The picture with every pixel outside the query in dark blue. */
function masked({ height, width, rgb }: Picture, pixels: Uint32Array): Picture {
  const visible = new Uint8Array(rgb.length);
  for (let i = 0; i < rgb.length; i += 3) visible.set([28, 52, 92], i);
  for (const pixel of pixels) visible.set(rgb.subarray(3 * pixel, 3 * pixel + 3), 3 * pixel);
  return { height, width, rgb: visible };
}
