// Pictures, their reconstructions, and a map of how many rows each query reads.
import { color } from '../shell/charts.js';
import type { Shown, VaeView } from './worker.js';

/** Fills `place` with all pictures of the view. */
export function showReconstructions(place: HTMLElement, { shown, bits }: VaeView): void {
  place.replaceChildren(...shown.map((picture, i) => figureOf(picture, i + 1, bits)));
}

function figureOf(picture: Shown, number: number, range: VaeView['bits']): HTMLElement {
  const { width, height, original, reconstructions, bits } = picture;
  const parts: [string, HTMLCanvasElement][] = [
    ['Original', canvasOf(width, height, colors(original))],
    ['Memory VAE', canvasOf(width, height, colors(reconstructions.memory))],
    ['VQ-VAE', canvasOf(width, height, colors(reconstructions.vq))],
    ['Rows read', canvasOf(width / 4, height / 4, shades(bits, range))],
  ];
  parts[3]?.[1].classList.add('map');
  const figure = document.createElement('figure');
  figure.className = 'reconstruction';
  figure.role = 'img';
  figure.ariaLabel = `Picture ${number}, from left to right: ${parts.map(([name]) => name).join(', ')}`;
  figure.append(
    ...parts.map(([name, canvas]) => {
      const cell = document.createElement('div');
      cell.append(canvas, name);
      return cell;
    }),
  );
  return figure;
}

function canvasOf(width: number, height: number, rgba: Uint8ClampedArray<ArrayBuffer>): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}

/** Converts [3, height, width] in [0, 1] to RGBA. */
function colors(planes: Float32Array): Uint8ClampedArray<ArrayBuffer> {
  const count = planes.length / 3;
  const rgba = new Uint8ClampedArray(4 * count);
  for (let i = 0; i < 4 * count; i++) {
    rgba[i] = i % 4 === 3 ? 255 : 255 * (planes[(i % 4) * count + (i >> 2)] as number);
  }
  return rgba;
}

/** Maps entropies to colors, from the background (few rows) to blue (many). */
function shades(bits: Float32Array, { min, max }: VaeView['bits']): Uint8ClampedArray<ArrayBuffer> {
  const [few, many] = [channels(color('plot')), channels(color('blue'))];
  const rgba = new Uint8ClampedArray(4 * bits.length);
  for (const [i, value] of bits.entries()) {
    const share = (value - min) / Math.max(max - min, 1e-6);
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = (1 - share) * (few[c] as number) + share * (many[c] as number);
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

/** Parses #rrggbb. */
function channels(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
}
