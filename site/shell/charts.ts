// The plots of all pages: training curves and heat maps.
import * as Plot from '@observablehq/plot';
import type { Measures } from './messages.js';

/** A row-major matrix. */
export interface Frames {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface HeatMap {
  /** One row per time step or x, drawn from left to right. */
  readonly frames: Frames;
  /** Text for screen readers. */
  readonly label: string;
  readonly xLabel?: string;
  /** x of the first and the last row. Default: 1 and the number of rows. */
  readonly x?: readonly [first: number, last: number];
  /** Start of the x axis. Default: the first row. */
  readonly from?: number;
  readonly yLabel: string;
  readonly height: number;
  /** Values of the ends of the color scale, which diverges from 0 if `low` is negative. */
  readonly domain: readonly [low: number, high: number];
  /** x of a vertical line. */
  readonly marked?: number;
}

type ColorName = 'muted' | 'rule' | 'plot' | 'blue' | 'orange';

/** Colors of the style sheet, by name. Cached, since reading one forces a layout of the page. */
const palette = new Map<ColorName, string>();
export const darkness = matchMedia('(prefers-color-scheme: dark)');
darkness.addEventListener('change', () => palette.clear());

/** Returns a color of the style sheet, in light or dark. */
export function color(name: ColorName): string {
  const cached = palette.get(name);
  if (cached !== undefined) return cached;
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  // WebKit runs modules before the style sheet has arrived.
  if (value !== '') palette.set(name, value);
  return value;
}

/** Fills `place` with a plot of its width, labelled for screen readers. */
export function showPlot(place: Element, label: string, options: Plot.PlotOptions): void {
  const plot = Plot.plot({
    width: place.clientWidth,
    marginLeft: 44,
    marginRight: 12,
    style: { background: 'none', color: color('muted'), fontFamily: 'inherit', fontSize: '11px', overflow: 'visible' },
    ...options,
  });
  // Plot labels groups of marks, which have no role; screen readers should read only the label of the plot.
  for (const part of plot.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label');
  // The security policy blocks inline styles; style.css holds these rules.
  plot.querySelector('style')?.remove();
  plot.setAttribute('role', 'img');
  plot.setAttribute('aria-label', label);
  place.replaceChildren(plot);
}

/** Draws one measure by update. */
export function showCurve(place: Element, history: readonly Measures[], measure: string, label: string): void {
  const last = history.at(-1)?.[measure]?.toPrecision(3) ?? 'not measured yet';
  showPlot(place, `${label} by update, now ${last}`, {
    height: 180,
    x: { label: 'update', ticks: 4 },
    y: measureAxis(history.length === 0),
    marks: [
      Plot.ruleY([0], { stroke: color('rule') }),
      Plot.lineY(history, { x: 'update', y: measure, stroke: color('blue'), strokeWidth: 1.75 }),
    ],
  });
}

/** Axis of a measure whose optimum is 0; without data, Plot cannot infer its domain. */
export function measureAxis(empty: boolean): Plot.ScaleOptions {
  return { label: null, zero: true, nice: true, grid: true, ticks: 4, ...(empty && { domain: [0, 1] }) };
}

/** Draws frames as colors, the first column on top. */
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
