// The kernel memory as a surrogate model of an expensive simulation, compared with nearest neighbours and a neural
// network.
import { join } from 'node:path';
import { savePlot } from '../../tools/plot.js';
import { eachSize } from '../memory-sizes.js';
import type { Program } from '../program.js';
import { type Figure, figure, show, table } from '../result.js';
import { draw, type Entry, measure } from './measure.js';
import { errorPlot, examplesPlot } from './plots.js';
import { nearestNeighbours, rmse } from './rivals.js';
import * as all from './settings.js';

export const run: Program = async ({ seed, out, quick }) => {
  const chosen = { ...all.settings, ...(quick && all.quick) };
  console.log(`Running ${chosen.fitted} simulations for training and ${chosen.tested} for testing.`);
  const samples = await draw(chosen, seed);
  const entries = await eachSize(chosen.memorySizes, chosen.iterations, (memorySize, watch) =>
    measure(samples, chosen, memorySize, { seed, ...watch }),
  );
  const near = nearestNeighbours(samples.fitted, samples.tested.inputs, chosen.neighbours);
  const neighbours = rmse(near, samples.tested.outputs);
  console.log(`\n${entryTable(entries)}\n\ntest RMSE of ${chosen.neighbours} nearest neighbours: ${show(neighbours)}`);
  await savePlot(join(out, 'rmse.svg'), errorPlot(entries, neighbours, chosen));
  await savePlot(join(out, 'examples.svg'), examplesPlot(entries.at(-1) as Entry, near, samples.tested));
  const measured = { neighbours, entries: entries.map(({ read, ...numbers }) => numbers) };
  return { settings: chosen, measured, figures: figures(entries, neighbours, quick) };
};

function entryTable(entries: readonly Entry[]): string {
  const rows = entries.map((entry) => [
    String(entry.memorySize),
    String(entry.numbers),
    ...[entry.training, entry.memory, entry.network, entry.seconds, entry.networkSeconds].map(show),
  ]);
  const header = ['M', 'parameters', 'training RMSE', 'test RMSE', 'network, test RMSE', 'seconds', 'network, seconds'];
  return table([header, ...rows]);
}

function figures(entries: readonly Entry[], neighbours: number, quick: boolean): Figure[] {
  const last = entries.at(-1) as Entry;
  const rises = entries.filter(({ memory }, i) => memory >= (entries[i - 1]?.memory ?? Infinity)).length;
  return [
    figure('sizes whose error is not below that of the previous size', rises, 'at most', 0),
    figure('error relative to nearest neighbours', last.memory / neighbours, 'at most', quick ? 1 : 0.25),
    figure('error relative to the network', last.memory / last.network, 'at most', quick ? 1 : 1.25),
  ];
}
