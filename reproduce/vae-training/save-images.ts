// Rows of images as files.
import { join } from 'node:path';
import { savePlot } from '../../tools/plot.js';
import { replaceFile } from '../../tools/replace-file.js';
import type { LabelledImages } from '../data/images.js';
import { type Picture, pngOf, sheet } from '../sheet.js';

/** Size of a pixel in the SVG; twice that in the PNG, for high-resolution screens. */
const SCALE = 2;

/** Saves labelled rows of images [n, channels, height, width] as `name`.svg with labels and `name`.png without. */
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
  replaceFile(join(out, `${name}.png`), pngOf(Object.values(rows), 2 * SCALE));
  console.log(`Rows of ${name}.png, from top to bottom: ${Object.keys(rows).join(', ')}; ${name}.svg labels them.`);
}

/** Converts [n, channels, height, width] in [0, 1] to pictures; a single channel becomes grey. */
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
