// The two plots of the surrogate: error by memory size, and predictions for a few test simulations.
import type { TopLevelSpec } from 'vega-lite';
import { colors } from '../../tools/plot.js';
import type { Entry } from './measure.js';
import type { Samples } from './rivals.js';
import type { Settings } from './settings.js';
import { DURATION, TIMES } from './simulation.js';

const names = { memory: 'kernel memory', network: 'network of equal size', neighbours: 'nearest neighbours' };
const color = {
  field: 'who',
  type: 'nominal' as const,
  title: null,
  scale: { domain: Object.values(names), range: [colors.blue, colors.orange, colors.green] },
  legend: { orient: 'bottom-left' as const, offset: 12, symbolStrokeWidth: 2, labelLimit: 300 },
};

/** Test RMSE of all three by memory size. */
export function errorPlot(entries: readonly Entry[], neighbours: number, settings: Settings): TopLevelSpec {
  const values = entries.flatMap(({ memorySize, memory, network }) => [
    { memorySize, rmse: memory, who: names.memory },
    { memorySize, rmse: network, who: names.network },
    { memorySize, rmse: neighbours, who: names.neighbours },
  ]);
  return {
    title: {
      text: 'A kernel memory as a surrogate model',
      subtitle: [
        `number of prey over time, trained on ${settings.fitted} simulations, tested on ${settings.tested};`,
        'nearest neighbours keep all training data',
      ],
    },
    width: 560,
    height: 320,
    data: { values },
    mark: { type: 'line', point: { size: 50 }, strokeWidth: 2 },
    encoding: {
      x: {
        field: 'memorySize',
        type: 'quantitative',
        title: 'number of keys M',
        scale: { type: 'log', base: 2, nice: false },
        axis: { values: entries.map(({ memorySize }) => memorySize), grid: false, labelFlush: false },
      },
      y: {
        field: 'rmse',
        type: 'quantitative',
        title: 'RMSE of the number of prey',
        scale: { type: 'log', nice: false },
        axis: { values: [0.05, 0.1, 0.2, 0.3, 0.5, 1, 2] },
      },
      color,
    },
  };
}

/** The first test simulations (grey), with the predictions of the largest memory and network and of the neighbours. */
export function examplesPlot(entry: Entry, neighbours: Float32Array, { outputs }: Samples): TopLevelSpec {
  const all = { ...entry.read, neighbours };
  const panel = (row: number) => {
    const curve = (data: Float32Array, who?: string) =>
      Array.from({ length: TIMES }, (_, i) => ({
        who,
        time: (DURATION * (i + 1)) / TIMES,
        prey: data[row * TIMES + i],
      }));
    const read = Object.entries(all).flatMap(([who, data]) => curve(data, names[who as keyof typeof names]));
    const encoding = {
      x: { field: 'time', type: 'quantitative' as const, title: 'time' },
      y: { field: 'prey', type: 'quantitative' as const, title: row === 0 ? 'prey' : null },
    };
    return {
      width: 240,
      height: 220,
      layer: [
        {
          data: { values: curve(outputs.data) },
          mark: { type: 'line' as const, color: '#cccccc', strokeWidth: 7 },
          encoding,
        },
        {
          data: { values: read },
          mark: { type: 'line' as const, strokeWidth: 1.5 },
          encoding: {
            ...encoding,
            color: { ...color, legend: { orient: 'bottom' as const, symbolStrokeWidth: 2, labelLimit: 300 } },
          },
        },
      ],
    };
  };
  return {
    title: {
      text: 'Three test simulations',
      subtitle: `broad grey line: simulation; M = ${entry.memorySize}`,
    },
    hconcat: [panel(0), panel(1), panel(2)],
  };
}
