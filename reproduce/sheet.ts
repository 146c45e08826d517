// Rows of small pictures under one another, with a label each, as a plot.
import { PNG } from 'pngjs';
import type { TopLevelSpec } from 'vega-lite';

/** A picture: red, green and blue of every pixel, row by row, 0 to 255. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly rgb: Uint8Array;
}

export interface SheetOptions {
  readonly title: string;
  readonly subtitle?: string | string[];
  /** Points to a pixel. Default 3. */
  readonly scale?: number;
}

/** A grey picture of numbers, 0 black to 1 white; beyond these it is black or white. */
export function grey(values: ArrayLike<number>, height: number, width: number): Picture {
  const rgb = new Uint8Array(3 * height * width);
  for (let i = 0; i < rgb.length; i++)
    rgb[i] = Math.round(255 * Math.min(1, Math.max(0, values[Math.floor(i / 3)] as number)));
  return { height, width, rgb };
}

/** A plot of the pictures of each row side by side, its label at the left; all pictures are of one size. */
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
    width: { step: width + 4 },
    height: { step: height + 4 },
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

/** The picture as a PNG, every pixel a square of `scale` ones, so that no viewer blurs it. */
function dataUrl({ height, width, rgb }: Picture, scale: number): string {
  const png = new PNG({ width: scale * width, height: scale * height, colorType: 2 });
  for (let y = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++) {
      const from = 3 * (Math.floor(y / scale) * width + Math.floor(x / scale));
      png.data.set([...rgb.subarray(from, from + 3), 255], 4 * (y * png.width + x));
    }
  }
  return `data:image/png;base64,${PNG.sync.write(png, { colorType: 2 }).toString('base64')}`;
}
