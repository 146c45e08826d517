// Plots and PNG files of labelled rows of small pictures.
import { PNG } from 'pngjs';
import type { TopLevelSpec } from 'vega-lite';

/** An RGB picture, three bytes per pixel, row-major. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly rgb: Uint8Array;
}

/** Gap between two pictures in pixels. */
const GAP = 4;

export interface SheetOptions {
  readonly title: string;
  readonly subtitle?: string | string[];
  /** Size of a pixel in the plot. Default 3. */
  readonly scale?: number;
}

/** Converts values to a grey picture, 0 black and 1 white; values outside [0, 1] are clamped. */
export function grey(values: ArrayLike<number>, height: number, width: number): Picture {
  const rgb = new Uint8Array(3 * height * width);
  for (let i = 0; i < rgb.length; i++)
    rgb[i] = Math.round(255 * Math.min(1, Math.max(0, values[Math.floor(i / 3)] as number)));
  return { height, width, rgb };
}

/** Plots rows of pictures of equal size, with a label to the left of each row. */
export function sheet(rows: Readonly<Record<string, readonly Picture[]>>, options: SheetOptions): TopLevelSpec {
  const { title, subtitle, scale = 3 } = options;
  const labels = Object.keys(rows);
  const [first] = rows[labels[0] as string] as readonly Picture[];
  const [width, height] = [scale * (first?.width ?? 0), scale * (first?.height ?? 0)];
  const values = labels.flatMap((label) =>
    (rows[label] as readonly Picture[]).map((picture, column) => ({ label, column, url: dataUrl(picture, scale) })),
  );
  return {
    title: { text: title, ...(subtitle !== undefined && { subtitle }) },
    data: { values },
    width: { step: width + GAP },
    height: { step: height + GAP },
    view: { stroke: null },
    mark: { type: 'image', width, height },
    encoding: {
      x: { field: 'column', type: 'ordinal', axis: null },
      y: {
        field: 'label',
        type: 'ordinal',
        sort: labels,
        title: null,
        axis: { domain: false, ticks: false, labelLimit: 300 },
      },
      url: { field: 'url', type: 'nominal' },
    },
  };
}

function dataUrl(picture: Picture, scale: number): string {
  return `data:image/png;base64,${pngOf([[picture]], scale).toString('base64')}`;
}

/**
 * Encodes rows of pictures of equal size as a PNG with white gaps. Each pixel becomes a square of side `scale`, which
 * viewers do not blur.
 */
export function pngOf(rows: readonly (readonly Picture[])[], scale: number): Buffer {
  const [first] = rows[0] as [Picture];
  const [stepX, stepY] = [scale * first.width + GAP, scale * first.height + GAP];
  const png = new PNG({ width: stepX * (rows[0]?.length ?? 0) - GAP, height: stepY * rows.length - GAP });
  png.data.fill(255);
  for (const [row, pictures] of rows.entries()) {
    for (const [column, { width, rgb }] of pictures.entries()) {
      for (let pixel = 0; pixel < rgb.length / 3; pixel++) {
        const [x, y] = [column * stepX + scale * (pixel % width), row * stepY + scale * Math.floor(pixel / width)];
        fillSquare(png, x, y, scale, rgb.subarray(3 * pixel, 3 * pixel + 3));
      }
    }
  }
  return PNG.sync.write(png, { colorType: 2 });
}

function fillSquare(png: PNG, left: number, top: number, size: number, rgb: Uint8Array): void {
  for (let y = top; y < top + size; y++) {
    for (let x = left; x < left + size; x++) png.data.set(rgb, 4 * (y * png.width + x));
  }
}
