// The three plots of the copy task: training curves, attention of the heads, outputs.
import type { TopLevelSpec } from 'vega-lite';
import { colors, type Frames, heatMap, ownScales } from '../../tools/plot.js';
import { type Copy, type HeadsTrace, type Metric, wrongBits } from '../copy-training/copy.js';

/** Wrong bits per sequence and loss, by training sequences; training is noisy from `noiseFrom` on. */
export function lossPlot(metrics: readonly Metric[], noiseFrom: number): TopLevelSpec {
  const panel = (field: 'bitsWrong' | 'loss', title: string, color: string, smallest: number) => ({
    width: 640,
    height: 200,
    mark: { type: 'line' as const, color, strokeWidth: 1.5 },
    encoding: {
      x: { field: 'sequences', type: 'quantitative' as const, title: 'training sequences' },
      // Linear near zero, which a perfect model reaches, and logarithmic above.
      y: {
        field,
        type: 'quantitative' as const,
        title,
        scale: { type: 'symlog' as const, constant: smallest },
        axis: { values: [0, ...[1, 3, 10, 30, 100, 300, 1000].map((factor) => factor * smallest)], format: '~g' },
      },
    },
  });
  return {
    title: {
      text: 'Learning to copy',
      subtitle: [
        'sequences of 1 to 20 vectors of 8 random bits',
        `training adds noise from sequence ${noiseFrom} on, which decays to zero`,
      ],
    },
    data: { values: metrics.map(({ sequences, loss, bitsWrong }) => ({ sequences, loss, bitsWrong })) },
    vconcat: [
      panel('bitsWrong', 'wrong bits per sequence', colors.blue, 0.1),
      panel('loss', 'loss (nats per bit)', colors.orange, 0.001),
    ],
  };
}

/**
 * Inputs, outputs, add and read vectors, and the attention weights of both heads over time (Graves et al. 2014, figure
 * 6).
 */
export function headsPlot(trace: HeadsTrace): TopLevelSpec {
  const { inputs, outputs, adds, reads, writeWeights, readWeights } = trace;
  const { first, count } = locationsInUse([writeWeights, readWeights]);
  const width = 420;
  const vectors = (frames: Frames, title: string, yTitle: string, height: number, domain?: [number, number]) =>
    heatMap(frames, { title, yTitle, xTitle: '', width, height, ...(domain && { domain }) });
  const focus = (frames: Frames, title: string) =>
    heatMap(columnsOf(frames, first, count), {
      title,
      yTitle: 'location',
      xTitle: 'time step',
      width,
      height: Math.min(480, Math.max(180, 12 * count)),
      domain: [0, 1],
      first,
      ring: frames.columns,
    });
  return {
    title: {
      text: 'Attention of the heads while copying',
      subtitle: `bright is high; ${count} of ${writeWeights.columns} memory locations shown, starting at ${first}`,
    },
    hconcat: [
      {
        resolve: ownScales,
        vconcat: [
          vectors(inputs, 'inputs', 'channel', 130, [0, 1]),
          vectors(adds, 'add vectors', 'column', 180),
          focus(writeWeights, 'write weights'),
        ],
      },
      {
        resolve: ownScales,
        vconcat: [
          vectors(outputs, 'outputs', 'bit', 130, [0, 1]),
          vectors(reads, 'read vectors', 'column', 180),
          focus(readWeights, 'read weights'),
        ],
      },
    ],
    resolve: ownScales,
  };
}

/** Target and output of each sequence, one above the other (Graves et al. 2014, figure 4). */
export function copyPlot(copies: readonly Copy[]): TopLevelSpec {
  const maps = copies.flatMap(({ target, output }) => {
    const width = Math.min(960, Math.max(240, 12 * target.rows));
    const options = { yTitle: 'bit', width, height: 96, domain: [0, 1] as const };
    const wrong = wrongBits({ target, output });
    const bits = target.rows * target.columns;
    return [
      heatMap(target, { ...options, title: `target, length ${target.rows}`, xTitle: '' }),
      heatMap(output, { ...options, title: `output: ${wrong} of ${bits} bits wrong`, xTitle: 'time step' }),
    ];
  });
  return {
    title: { text: 'Copies', subtitle: 'dark 0, bright 1; outputs are probabilities' },
    vconcat: maps,
    resolve: ownScales,
  };
}

/**
 * The shortest arc of the circular memory that contains every location with a weight ≥ 0.05, plus one on each
 * side.
 */
function locationsInUse(weights: readonly Frames[]): { first: number; count: number } {
  const columns = weights[0]?.columns ?? 0;
  const all = { first: 0, count: columns };
  const used = range(columns).filter((column) =>
    weights.some(({ data, rows }) => range(rows).some((row) => (data[row * columns + column] as number) >= 0.05)),
  );
  const gaps = used.map((column, i) => (used[i + 1] ?? (used[0] as number) + columns) - column - 1);
  const widest = gaps.indexOf(Math.max(...gaps));
  const gap = gaps[widest] ?? 0;
  if (gap < 3) return all;
  return { first: ((used[widest] as number) + gap) % columns, count: columns - gap + 2 };
}

/** `count` columns from `first` on, wrapping around. */
function columnsOf({ data, rows, columns }: Frames, first: number, count: number): Frames {
  const part = range(rows).flatMap((row) =>
    range(count).map((i) => data[row * columns + ((first + i) % columns)] as number),
  );
  return { data: part, rows, columns: count };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
