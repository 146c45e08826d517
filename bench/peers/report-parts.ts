// Presentation of a comparison: a Markdown table and a chart of ratios.
import type { TopLevelSpec } from 'vega-lite';
import { colors } from '../../tools/plot.js';
import { type MeasuredRow, peerNames, type Row } from './row.js';

/** Formats a table with one line per bench and one column per peer, followed by failures and the chart. */
export function table(rows: readonly MeasuredRow[]): string {
  const names = [...new Set(rows.map(({ name }) => name))];
  const lines = names.map((name) => {
    const own = rows.filter((row) => row.name === name);
    const ms = own.reduce((sum, row) => sum + row.ms, 0) / own.length;
    const cells = peerNames.map((peer) => cell(own.find((row) => row.peer === peer)));
    return `| ${[name, duration(ms), ...cells].join(' | ')} |`;
  });
  const failed = new Map<string, string[]>();
  for (const { name, peer, error } of rows.filter(({ error }) => error !== undefined)) {
    const reason = `- ${peer}: \`${error}\``;
    failed.set(reason, [...(failed.get(reason) ?? []), name]);
  }
  const reasons = [...failed].map(([reason, names]) => `${reason} (${names.join('; ')})`);
  return [
    '',
    ...new Set(rows.map(({ where }) => `${where}.`)),
    '',
    `| bench | tapehead | ${peerNames.join(' | ')} |`,
    `|---|---|${peerNames.map(() => '---|').join('')}`,
    ...lines,
    ...(reasons.length > 0 ? ['', 'Failures:', '', ...reasons] : []),
    '',
    '![Times of other libraries relative to tapehead, one point per bench](images/peers.svg)',
    '',
  ].join('\n');
}

function cell(row: Row | undefined): string {
  if (row === undefined) return '–';
  if (row.peerMs === null || row.ratio === null) return 'failed';
  const once = row.peerCalls === 1 ? ', one call' : '';
  const ratio = row.ratio >= 100 ? row.ratio.toFixed(0) : row.ratio.toPrecision(3);
  return `${duration(row.peerMs)}${once} (${ratio} ×)`;
}

function duration(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`;
  return ms >= 1 ? `${ms.toPrecision(3)} ms` : `${(1000 * ms).toPrecision(3)} µs`;
}

const WIDTH = 420;
const peerColors = { domain: [...peerNames], range: [colors.orange, colors.blue, colors.green] };

/** Draws ratios on a logarithmic scale, one point per row; failures are listed to the right. */
export function chart(rows: readonly Row[]): TopLevelSpec {
  const values = rows.filter(({ ratio }) => ratio !== null).map(({ name, peer, ratio }) => ({ name, peer, ratio }));
  const names = [...new Set(rows.map(({ name }) => name))];
  const failed = names.flatMap((name) => {
    const peers = rows.filter((row) => row.name === name && row.ratio === null).map(({ peer }) => peer);
    return peers.length > 0 ? [{ name, text: `✕ ${peers.join(', ')}` }] : [];
  });
  const y = {
    field: 'name',
    type: 'nominal',
    title: null,
    sort: names,
    axis: { labelLimit: 0, grid: true },
  } as const;
  return {
    title: {
      text: 'Time of other WebAssembly libraries relative to tapehead',
      subtitle: 'same process, same inputs; to the right of the line tapehead is faster; ✕ failed',
    },
    width: WIDTH,
    height: { step: 24 },
    layer: [
      {
        data: { values: [{ ratio: 1 }] },
        mark: { type: 'rule', color: '#222', strokeDash: [4, 3] },
        encoding: { x: { field: 'ratio', type: 'quantitative' } },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 90, opacity: 0.9 },
        encoding: {
          x: {
            field: 'ratio',
            type: 'quantitative',
            title: 'time of the library / time of tapehead (log scale)',
            scale: { type: 'log' },
            axis: { format: '~g', values: [0.01, 0.1, 1, 10, 100, 1000, 10_000] },
          },
          y,
          color: { field: 'peer', type: 'nominal', title: null, scale: peerColors, legend: { orient: 'top' } },
          shape: { field: 'peer', type: 'nominal', title: null, scale: { domain: [...peerNames] } },
        },
      },
      {
        data: { values: failed },
        mark: { type: 'text', align: 'left', color: '#555' },
        encoding: { x: { value: WIDTH + 8 }, y, text: { field: 'text' } },
      },
    ],
  };
}
