// The three pictures of the copy task: how it was learned, where the heads look, what comes out.
import type { TopLevelSpec } from 'vega-lite';
import { colors, type Frames, heatMap, ownScales } from '../../tools/plot.js';
import { type Copy, type HeadsTrace, type Metric, wrongIn } from '../copy-training/copy.js';

/** Bits wrong per sequence and loss, over sequences seen; there is noise in training from `noiseFrom` on. */
export function lossPlot(metrics: readonly Metric[], noiseFrom: number): TopLevelSpec {
  const panel = (field: 'bitsWrong' | 'loss', title: string, color: string, smallest: number) => ({
    width: 640,
    height: 200,
    mark: { type: 'line' as const, color, strokeWidth: 1.5 },
    encoding: {
      x: { field: 'sequences', type: 'quantitative' as const, title: 'sequences seen' },
      // Linear near zero, where a perfect model arrives, and logarithmic beyond.
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
        `from sequence ${noiseFrom} on there is noise in training, which dies away`,
      ],
    },
    data: { values: metrics.map(({ sequences, loss, bitsWrong }) => ({ sequences, loss, bitsWrong })) },
    vconcat: [
      panel('bitsWrong', 'bits wrong per sequence', colors.blue, 0.1),
      panel('loss', 'loss (nats per bit)', colors.orange, 0.001),
    ],
  };
}

/** Focus of the heads over time below what comes in, goes out, is added and is read (Graves et al. 2014, figure 6). */
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
      text: 'Where the heads look while copying',
      subtitle: `bright is high; ${count} of the ring of ${writeWeights.columns} locations are shown, from ${first} on`,
    },
    hconcat: [
      {
        resolve: ownScales,
        vconcat: [
          vectors(inputs, 'inputs', 'channel', 130, [0, 1]),
          vectors(adds, 'add vectors', 'column', 180),
          focus(writeWeights, 'write focus'),
        ],
      },
      {
        resolve: ownScales,
        vconcat: [
          vectors(outputs, 'outputs', 'bit', 130, [0, 1]),
          vectors(reads, 'read vectors', 'column', 180),
          focus(readWeights, 'read focus'),
        ],
      },
    ],
    resolve: ownScales,
  };
}

/** Target and output of each sequence, one below the other (Graves et al. 2014, figure 4). */
export function copyPlot(copies: readonly Copy[]): TopLevelSpec {
  const maps = copies.flatMap(({ target, output }) => {
    const width = Math.min(960, Math.max(240, 12 * target.rows));
    const options = { yTitle: 'bit', width, height: 96, domain: [0, 1] as const };
    const wrong = wrongIn({ target, output });
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
 * The shortest stretch of the ring of locations that holds every one to which any head ever gives a weight of 0.05,
 * with one more either way.
 */
function locationsInUse(weights: readonly Frames[]): { first: number; count: number } {
  const columns = weights[0]?.columns ?? 0;
  const everything = { first: 0, count: columns };
  const used = range(columns).filter((column) =>
    weights.some(({ data, rows }) => range(rows).some((row) => (data[row * columns + column] as number) >= 0.05)),
  );
  const gaps = used.map((column, i) => (used[i + 1] ?? (used[0] as number) + columns) - column - 1);
  const widest = gaps.indexOf(Math.max(...gaps));
  const gap = gaps[widest] ?? 0;
  if (gap < 3) return everything;
  return { first: ((used[widest] as number) + gap) % columns, count: columns - gap + 2 };
}

/** `count` columns of a ring from `first` on. */
function columnsOf({ data, rows, columns }: Frames, first: number, count: number): Frames {
  const part = range(rows).flatMap((row) =>
    range(count).map((i) => data[row * columns + ((first + i) % columns)] as number),
  );
  return { data: part, rows, columns: count };
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
