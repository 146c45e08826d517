// The pictures of gumbel-quadratic: what is read, how often each address is, what the temperature does.
import type { TopLevelSpec } from 'vega-lite';
import { colors } from '../../tools/plot.js';
import type { Outcome } from './temperature.js';
import { median, type Points, type Score } from './train.js';

/** One bank in use: what is read from it, beside the function and the best that the bank can do. */
export interface Reading {
  readonly title: string;
  readonly values: readonly number[];
  readonly f: (x: number) => number;
  readonly score: Score;
  /** What was learned from, where anything was. */
  readonly data?: Points;
}

const quantitative = 'quantitative' as const;
const legend = { orient: 'bottom' as const, title: null, columns: 4, symbolStrokeWidth: 3 };
const kinds = {
  domain: ['learned from', 'function', 'best choice', 'read'],
  range: ['#bbb', colors.green, '#f0b78f', colors.blue],
};

/** Data, fit and the best piecewise-constant fit, a panel a bank. */
export function fitPlot(readings: readonly Reading[]): TopLevelSpec {
  return {
    title: {
      text: 'Reading a function from a bank of numbers',
      subtitle: [
        'left: learned from noisy points; middle: the same network with the values doubled, not trained again',
        'right: a network of nine addresses that had use for five of them; the values between are in its bank now, and not read',
      ],
    },
    hconcat: readings.map(panel),
  };
}

/** How often each address is read, beside how often it should be. */
export function choicesPlot(histogram: readonly number[], best: readonly number[], entropy: number): TopLevelSpec {
  const counts = (kind: string, numbers: readonly number[]) =>
    numbers.map((count, address) => ({ kind, address, count }));
  return {
    title: {
      text: 'Which address is read',
      subtitle: `1,000 even points; the choices have an entropy of ${entropy.toFixed(2)} of log₂ 5 = 2.32 bits`,
    },
    width: 420,
    height: 240,
    data: { values: [...counts('read', histogram), ...counts('best choice', best)] },
    mark: { type: 'bar' },
    encoding: {
      x: { field: 'address', type: 'ordinal', title: 'address', axis: { labelAngle: 0 } },
      xOffset: { field: 'kind', sort: ['read', 'best choice'] },
      y: { field: 'count', type: quantitative, title: 'points' },
      color: {
        field: 'kind',
        type: 'nominal',
        scale: { domain: ['read', 'best choice'], range: [colors.blue, '#f0b78f'] },
        legend,
      },
    },
  };
}

/** Points that read the nearest value, over the temperature; and the weight of the outermost value while training goes on. */
export function temperaturePlot(outcomes: readonly Outcome[], traced: readonly Outcome[]): TopLevelSpec {
  const names = [...new Set(outcomes.map(({ trial }) => trial.name))];
  const shares = names.map((name) => {
    const own = outcomes.filter(({ trial }) => trial.name === name).map(({ score }) => 100 * score.share);
    return { name, median: median(own) };
  });
  const values = outcomes.map(({ trial, score }) => ({ name: trial.name, share: 100 * score.share }));
  const x = {
    field: 'name',
    type: 'ordinal' as const,
    sort: names,
    title: 'temperature τ',
    axis: { labelAngle: 0, labelExpr: 'split(datum.label, /,? /)' },
  };
  const y = (field: string) => ({
    field,
    type: quantitative,
    title: 'points read right (%)',
    scale: { zero: false },
  });
  return {
    title: {
      text: 'A low temperature loses the outermost value',
      subtitle: [
        'left: points that read the nearest value; a dot a seed, a bar their median, the target dashed',
        'right: the weight of the outermost value where it is the nearest, while the first seed learns',
      ],
    },
    resolve: { scale: { color: 'independent' } },
    hconcat: [
      {
        width: 440,
        height: 280,
        layer: [
          {
            data: { values: [{ share: 97 }] },
            mark: { type: 'rule', strokeDash: [6, 4], color: '#888' },
            encoding: { y: y('share') },
          },
          {
            data: { values: shares },
            mark: { type: 'tick', thickness: 3, size: 30, color: colors.blue },
            encoding: { x, y: y('median') },
          },
          {
            data: { values },
            mark: { type: 'circle', size: 45, color: colors.orange, opacity: 0.8 },
            encoding: { x, y: y('share') },
          },
        ],
      },
      tracePanel(traced),
    ],
  };
}

/** The mean weight of the outermost value, where it is the nearest, over the updates. */
function tracePanel(traced: readonly Outcome[]) {
  const names = traced.map(({ trial }) => `τ = ${trial.name}`);
  return {
    width: 380,
    height: 280,
    data: {
      values: traced.flatMap(({ outermost }, i) =>
        outermost.map((weight, update) => ({ name: names[i], update: update + 1, weight })),
      ),
    },
    mark: { type: 'line' as const, strokeWidth: 1.5 },
    encoding: {
      x: {
        field: 'update',
        type: quantitative,
        title: 'update',
        scale: { type: 'log' as const },
        axis: { values: [1, 10, 100, 1000], format: '~s' },
      },
      y: { field: 'weight', type: quantitative, title: 'weight of the value 1' },
      color: {
        field: 'name',
        type: 'nominal' as const,
        scale: { domain: names, range: [colors.orange, colors.blue] },
        legend: { ...legend, orient: 'top-left' as const, columns: 1 },
      },
    },
  };
}

function panel({ title, values, f, score, data }: Reading) {
  const points = data === undefined ? [] : Array.from(data.x, (x, i) => ({ x, y: data.y[i], kind: 'learned from' }));
  const lines = Array.from(score.x, (x, i) => [
    { x, y: values[score.best[i] as number], kind: 'best choice' },
    { x, y: values[score.addresses[i] as number], kind: 'read' },
    { x, y: f(x), kind: 'function' },
  ]).flat();
  const color = { field: 'kind', type: 'nominal' as const, scale: kinds, legend };
  const line = (kind: string, strokeWidth: number) => ({
    data: { values: lines.filter((point) => point.kind === kind) },
    mark: {
      type: 'line' as const,
      strokeWidth,
      interpolate: kind === 'function' ? ('linear' as const) : ('step' as const),
    },
    encoding: encoding(color),
  });
  return {
    title: { text: title, fontSize: 14, frame: 'group' as const, offset: 6 },
    width: 300,
    height: 300,
    layer: [
      {
        data: { values: points },
        mark: { type: 'circle' as const, size: 10, opacity: 0.7 },
        encoding: encoding(color),
      },
      line('best choice', 6),
      line('function', 1.2),
      line('read', 2),
    ],
  };
}

function encoding(color: object) {
  return {
    x: { field: 'x', type: quantitative, title: 'x', axis: { values: [-1, -0.5, 0, 0.5, 1] } },
    y: { field: 'y', type: quantitative, title: 'y' },
    color: color as never,
  };
}
