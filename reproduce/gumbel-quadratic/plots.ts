// The plots of gumbel-quadratic: values read, how often each address is read, the effect of the temperature.
import type { TopLevelSpec } from 'vega-lite';
import { median } from '../../tools/median.js';
import { colors } from '../../tools/plot.js';
import type { Outcome } from './temperature.js';
import type { Points, Score } from './train.js';

/** A model that reads f(x) from a bank of values. */
export interface Reading {
  readonly title: string;
  readonly values: readonly number[];
  readonly f: (x: number) => number;
  readonly score: Score;
  /** Training points, if it was trained for f. */
  readonly data?: Points;
}

const quantitative = 'quantitative' as const;
const legend = { orient: 'bottom' as const, title: null, columns: 4, symbolStrokeWidth: 3 };
const kinds = {
  domain: ['training data', 'function', 'optimal choice', 'read'],
  range: ['#bbb', colors.green, '#f0b78f', colors.blue],
};

/** Data, function, values read and the optimal choice, one panel per bank. */
export function fitPlot(readings: readonly Reading[]): TopLevelSpec {
  return {
    title: {
      text: 'A function read from a bank of values',
      subtitle: [
        'left: trained on noisy points; middle: the same network with the bank doubled, without retraining',
        'right: trained with nine addresses of which five were useful; the midpoints added afterwards are not read',
      ],
    },
    hconcat: readings.map(panel),
  };
}

/** How often each address is read, and how often it should be. */
export function choicesPlot(histogram: readonly number[], best: readonly number[], entropy: number): TopLevelSpec {
  const counts = (kind: string, numbers: readonly number[]) =>
    numbers.map((count, address) => ({ kind, address, count }));
  return {
    title: {
      text: 'Use of each address',
      subtitle: `1,000 evenly spaced points; the addresses have an entropy of ${entropy.toFixed(2)} bits (at most log₂ 5 = 2.32)`,
    },
    width: 420,
    height: 240,
    data: { values: [...counts('read', histogram), ...counts('optimal choice', best)] },
    mark: { type: 'bar' },
    encoding: {
      x: { field: 'address', type: 'ordinal', title: 'address', axis: { labelAngle: 0 } },
      xOffset: { field: 'kind', sort: ['read', 'optimal choice'] },
      y: { field: 'count', type: quantitative, title: 'points' },
      color: {
        field: 'kind',
        type: 'nominal',
        scale: { domain: ['read', 'optimal choice'], range: [colors.blue, '#f0b78f'] },
        legend,
      },
    },
  };
}

/**
 * Share of points that read the nearest value by temperature, and the weight of the outermost value during training.
 */
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
    title: 'points that read the nearest value (%)',
    scale: { zero: false },
  });
  return {
    title: {
      text: 'A low temperature loses the outermost value',
      subtitle: [
        'left: one dot per seed, a bar for their median, the target dashed',
        'right: mean weight of the outermost value where it is the nearest, during training with the first seed',
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

/** Mean weight of the outermost value where it is the nearest, by update. */
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
  const points = data === undefined ? [] : Array.from(data.x, (x, i) => ({ x, y: data.y[i], kind: 'training data' }));
  const lines = Array.from(score.x, (x, i) => [
    { x, y: values[score.best[i] as number], kind: 'optimal choice' },
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
      line('optimal choice', 6),
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
