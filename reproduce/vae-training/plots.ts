// The pictures of the memory VAE: how both models converge, and test images before and after.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TopLevelSpec } from 'vega-lite';
import { colors, savePlot } from '../../tools/plot.js';
import type { LabelledImages } from '../data/images.js';
import { type Picture, pngOf, sheet } from '../sheet.js';
import { titles } from './settings.js';
import type { Metric } from './train.js';

/** Points to a pixel; twice as many in the PNG, for fine screens. */
const SCALE = 2;

/** Training error over updates, both models; where there are published points, these as crosses. */
export function convergencePlot(
  metrics: readonly Metric<'memory' | 'vq'>[],
  subtitle: string,
  published?: Readonly<Record<'memory' | 'vq', Readonly<Record<number, number>>>>,
): TopLevelSpec {
  const models = ['memory', 'vq'] as const;
  const last = metrics.at(-1)?.update ?? 0;
  const curves = models.flatMap((model) =>
    metrics.map((metric) => ({ model: titles[model], update: metric.update, error: metric[model] })),
  );
  const points = models.flatMap((model) =>
    Object.entries(published?.[model] ?? {})
      .map(([update, error]) => ({ model: titles[model], update: Number(update), error }))
      .filter(({ update }) => update <= Math.max(last, 1000)),
  );
  const color = {
    field: 'model',
    type: 'nominal' as const,
    title: null,
    scale: { domain: models.map((model) => titles[model]), range: [colors.blue, colors.orange] },
    legend: { orient: 'top-right' as const, offset: 12 },
  };
  const x = { field: 'update', type: 'quantitative' as const, title: 'updates', axis: { grid: false } };
  const y = {
    field: 'error',
    type: 'quantitative' as const,
    title: 'training error / variance of the data',
    scale: { type: 'log' as const, nice: false, padding: 10 },
  };
  return {
    title: {
      text: 'A soft read and a nearest code, on the same batches',
      subtitle: published === undefined ? subtitle : `${subtitle}; crosses: published`,
    },
    width: 620,
    height: 340,
    layer: [
      { data: { values: curves }, mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, color } },
      {
        data: { values: points },
        mark: { type: 'point', shape: 'cross', size: 90, filled: true },
        encoding: { x, y, color },
      },
    ],
  };
}

/** Writes rows of images by label, each of numbers [n, channels, height, width], as `name`.svg with the labels and `name`.png without. */
export async function saveImages(
  out: string,
  name: string,
  images: Readonly<Record<string, Float32Array>>,
  { channels, height, width }: LabelledImages,
  title: string,
  subtitle: string,
): Promise<void> {
  const shape: [number, number, number] = [channels, height, width];
  const rows = Object.fromEntries(
    Object.entries(images).map(([label, data]) => [label, colourPictures(data, shape)] as const),
  );
  await savePlot(join(out, `${name}.svg`), sheet(rows, { title, subtitle, scale: SCALE }));
  writeFileSync(join(out, `${name}.png`), pngOf(Object.values(rows), 2 * SCALE));
  console.log(`${name}.png shows, from above: ${Object.keys(rows).join(', ')}; ${name}.svg has them with their names.`);
}

/** Planes of [n, channels, height, width], from 0 to 1, as pictures; one channel is grey. */
function colourPictures(data: Float32Array, [channels, height, width]: [number, number, number]): Picture[] {
  const size = height * width;
  return Array.from({ length: data.length / (channels * size) }, (_, image) => {
    const rgb = new Uint8Array(3 * size);
    for (let i = 0; i < rgb.length; i++) {
      const plane = image * channels + Math.min(i % 3, channels - 1);
      rgb[i] = Math.round(255 * Math.min(1, Math.max(0, data[plane * size + Math.floor(i / 3)] as number)));
    }
    return { height, width, rgb };
  });
}
