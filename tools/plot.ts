// Plots as SVG files in a common style, drawn by Vega-Lite without a canvas.
import { parse, View } from 'vega';
import { type Config, compile, type TopLevelSpec } from 'vega-lite';
import { replaceFile } from './replace-file.js';

/** A row-major matrix over time, one row per step. */
export interface Frames {
  readonly data: ArrayLike<number>;
  /** Number of steps. */
  readonly rows: number;
  /** Length of a step. */
  readonly columns: number;
}

/** Okabe and Ito's colours, which are safe for colour-blind readers. */
export const colors = { blue: '#0072b2', orange: '#d55e00', green: '#009e73', purple: '#cc79a7' };

/** The dark end of viridis. */
const DARKEST = '#440154';
const font = 'Helvetica, Arial, sans-serif';
const ink = '#222';
const config: Config = {
  background: 'white',
  padding: 16,
  font,
  aria: false,
  title: {
    color: ink,
    fontSize: 18,
    fontWeight: 600,
    subtitleFontSize: 13,
    subtitleColor: '#555',
    anchor: 'start',
    offset: 14,
  },
  axis: {
    labelFontSize: 12,
    titleFontSize: 13,
    titleFontWeight: 'normal',
    labelColor: ink,
    titleColor: ink,
    gridColor: '#e5e5e5',
    domainColor: '#888',
    tickColor: '#888',
  },
  axisY: { minExtent: 34 },
  legend: { labelFontSize: 12, titleFontSize: 13, titleFontWeight: 'normal', labelColor: ink, titleColor: ink },
  view: { stroke: '#888' },
};

/** Saves a plot as an SVG file. */
export async function savePlot(path: string, spec: TopLevelSpec): Promise<void> {
  const view = new View(parse(compile(spec, { config }).spec), { renderer: 'none' });
  replaceFile(path, await view.toSVG());
  view.finalize();
}

export interface HeatMapOptions {
  readonly title: string;
  readonly yTitle: string;
  readonly xTitle?: string;
  readonly width: number;
  readonly height: number;
  /** Values of the darkest and the brightest colour. Default: minimum and maximum. */
  readonly domain?: readonly [number, number];
  /** Index of the first column, if only some columns are shown. Default 0. */
  readonly first?: number;
  /** Number of columns of a circular memory: indices wrap around after the last. */
  readonly ring?: number;
}

/** For concatenated views: each heat map has its own colour scale. */
export const ownScales = { scale: { fill: 'independent' as const, stroke: 'independent' as const } };

/** Draws frames as a heat map: time to the right, columns downwards. */
export function heatMap({ data, rows, columns }: Frames, options: HeatMapOptions) {
  const { title, xTitle = 'time', yTitle, width, height, first = 0, ring } = options;
  const values = Array.from({ length: rows * columns }, (_, i) => {
    // Half a step in each direction, which centres ticks on their cells.
    const [x, y] = [Math.floor(i / columns) - 0.5, first + (i % columns) - 0.5];
    return { x, x2: x + 1, y, y2: y + 1, value: data[i] as number };
  });
  const domain = options.domain ?? extent(values.map(({ value }) => value));
  const [low, high] = domain;
  const color = {
    field: 'value',
    type: 'quantitative' as const,
    scale: { scheme: 'viridis' as const, domain: [...domain] },
  };
  return {
    title: { text: title, fontSize: 14, frame: 'group' as const, offset: 6 },
    width,
    height,
    // Cells as dark as the background are left out: most of the attention weights.
    data: { values: values.filter(({ value }) => value > low + 0.002 * (high - low)) },
    view: { fill: DARKEST },
    // A stroke in the fill colour closes the hairlines between cells.
    mark: { type: 'rect' as const, strokeWidth: 0.6, clip: true },
    encoding: {
      x: {
        field: 'x',
        type: 'quantitative' as const,
        title: xTitle,
        scale: { domain: [-0.5, rows - 0.5], nice: false },
        axis: { grid: false, tickMinStep: 1 },
      },
      x2: { field: 'x2' },
      y: {
        field: 'y',
        type: 'quantitative' as const,
        title: yTitle,
        scale: { domain: [first - 0.5, first + columns - 0.5], nice: false, reverse: true },
        axis: {
          grid: false,
          tickMinStep: 1,
          tickCount: Math.max(2, Math.floor(height / 30)),
          ...(ring !== undefined && { labelExpr: `datum.value % ${ring}` }),
        },
      },
      y2: { field: 'y2' },
      fill: { ...color, legend: null },
      stroke: { ...color, legend: null },
    },
  };
}

function extent(values: readonly number[]): [number, number] {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}
