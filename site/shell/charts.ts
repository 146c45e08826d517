// The plots of all pages: curves over training, and heat maps of what a model sees, does and holds.
import * as Plot from '@observablehq/plot';
import type { Measures } from './messages.js';

/** Rows of numbers, row-major. */
export interface Frames {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface HeatMap {
  /** A row of numbers for every time step, or x, which run to the right. */
  readonly frames: Frames;
  /** What a screen reader says. */
  readonly label: string;
  readonly xLabel?: string;
  /** Where the first and the last row of the frames lie. Default 1 and their number. */
  readonly x?: readonly [first: number, last: number];
  /** Where the axis begins, if that is before the first row. */
  readonly from?: number;
  readonly yLabel: string;
  readonly height: number;
  /** The numbers at the ends of the colors: from 0 on one color, from below 0 two. */
  readonly domain: readonly [low: number, high: number];
  /** A place to mark. */
  readonly marked?: number;
}

const names = ['muted', 'rule', 'plot', 'blue', 'orange'] as const;

/** The style sheet's colors as they are in light or dark. Asked for once, since an answer takes a layout of the page. */
let palette = readPalette();
export const darkness = matchMedia('(prefers-color-scheme: dark)');
darkness.addEventListener('change', () => {
  palette = readPalette();
});

function readPalette(): Record<(typeof names)[number], string> {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`)])) as typeof palette;
}

export function color(name: (typeof names)[number]): string {
  return palette[name];
}

/** Puts a plot as wide as `place` into it, with `label` as its text. */
export function showPlot(place: Element, label: string, options: Plot.PlotOptions): void {
  const plot = Plot.plot({
    width: place.clientWidth,
    marginLeft: 44,
    marginRight: 12,
    style: { background: 'none', color: color('muted'), fontFamily: 'inherit', fontSize: '11px', overflow: 'visible' },
    ...options,
  });
  // Plot labels groups of marks, which have no role: only the plot's own text is to be heard.
  for (const part of plot.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', label);
  place.replaceChildren(plot);
}

/** One measure over the updates. */
export function showCurve(place: Element, history: readonly Measures[], measure: string, label: string): void {
  const last = history.at(-1)?.[measure]?.toPrecision(3) ?? 'not known yet';
  showPlot(place, `${label} over the updates, now ${last}`, {
    height: 180,
    x: { label: 'update', ticks: 4 },
    y: measureAxis(history.length === 0),
    marks: [
      Plot.ruleY([0], { stroke: color('rule') }),
      Plot.lineY(history, { x: 'update', y: measure, stroke: color('blue'), strokeWidth: 1.75 }),
    ],
  });
}

/** The axis of a measure that is 0 at best; without numbers, Plot would not know where to end. */
export function measureAxis(empty: boolean): Plot.ScaleOptions {
  return { label: null, zero: true, nice: true, grid: true, ticks: 4, ...(empty && { domain: [0, 1] }) };
}

/** Numbers as colors, the first column of the frames on top. */
export function showHeatMap(place: Element, { frames, label, yLabel, height, ...options }: HeatMap): void {
  const { rows, columns } = frames;
  const { domain, marked, xLabel = null, x = [1, rows], from = x[0] } = options;
  const half = rows === 1 ? 0.5 : (x[1] - x[0]) / (rows - 1) / 2;
  const [x1, x2] = [x[0] - half, x[1] + half];
  showPlot(place, label, {
    height: height + (xLabel === null ? 26 : 44),
    marginTop: 6,
    marginBottom: xLabel === null ? 20 : 38,
    x: { label: xLabel, domain: [from - half, x2], ticks: 6, tickSize: 3 },
    y: {
      label: yLabel,
      labelAnchor: 'center',
      labelArrow: 'none' as const,
      domain: [columns - 0.5, -0.5],
      ticks: Math.min(columns, 4),
      tickSize: 3,
    },
    color: colors(domain),
    marks: [
      Plot.raster(transposed(frames), {
        width: rows,
        height: columns,
        x1,
        y1: -0.5,
        x2,
        y2: columns - 0.5,
        imageRendering: 'pixelated',
      }),
      ...(marked === undefined ? [] : [Plot.ruleX([marked], { stroke: color('orange'), strokeWidth: 1.5 })]),
    ],
  });
}

function colors([low, high]: HeatMap['domain']) {
  const linear = { type: 'linear', clamp: true } as const;
  if (low >= 0) return { ...linear, domain: [low, high], range: [color('plot'), color('blue')] };
  return { ...linear, domain: [low, 0, high], range: [color('orange'), color('plot'), color('blue')] };
}

function transposed({ data, rows, columns }: Frames): Float32Array {
  return Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] as number);
}
