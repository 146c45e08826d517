// x² read from a bank of five numbers with ten seeds; swapped and finer banks without retraining; the effect of the
// temperature.
import { join } from 'node:path';
import { countChoices, type GumbelMemory, load } from 'tapehead';
import { median } from '../../tools/median.js';
import { savePlot } from '../../tools/plot.js';
import type { Program } from '../program.js';
import { Progress } from '../progress.js';
import { type Figure, figure, table } from '../result.js';
import { choicesPlot, fitPlot, type Reading, temperaturePlot } from './plots.js';
import { type Outcome, runTrial, trials } from './temperature.js';
import { type Settings, score, settings, setUp, square, train, values } from './train.js';

const doubled = values.map((value) => 2 * value);
/** x² never comes near 2, so training does not use these rows. */
const spare = [...values, 2, 2, 2, 2];
/** The learned values in their rows, the midpoints between them in the spare rows. */
const finer = [...values, 0.125, 0.375, 0.625, 0.875];

/** Called with the loss of every update; training stops when it returns false. */
type Watch = (update: number, loss: number) => Promise<boolean>;

export const run: Program = async ({ seed, out, quick }) => {
  const chosen = quick ? { ...settings, updates: 100 } : settings;
  const seeds = Array.from({ length: quick ? 2 : 10 }, (_, i) => seed + i);
  const grid = trials(chosen).flatMap((trial) => seeds.slice(0, quick ? 1 : 3).map((each) => ({ trial, each })));
  const progress = new Progress((seeds.length + 1 + grid.length) * chosen.updates, 'updates');
  let before = 0;
  const watch: Watch = async (update, loss) => {
    await progress.update(before + update, { loss });
    if (update === chosen.updates) before += update;
    return !progress.interrupted;
  };
  const runs = await untilInterrupted(progress, seeds, (each) => learn(each, chosen, watch));
  const [fine] = await untilInterrupted(progress, [seed], (each) => learnWithSpareRows(each, chosen, watch));
  const outcomes = await untilInterrupted(progress, grid, ({ trial, each }) => runTrial(trial, each, chosen, watch));
  progress.stop();
  await draw(out, runs, fine, outcomes);
  print(runs, fine, outcomes);
  return { settings: { ...chosen, seeds }, figures: figures(runs, quick) };
};

/** Maps the items by `work`, one after another; an interruption drops the current item and the rest. */
async function untilInterrupted<Item, Result>(
  progress: Progress,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    const result = await work(item);
    if (progress.interrupted) break;
    results.push(result);
  }
  return results;
}

/** Learns x² from one seed, then reads 2x² from the doubled bank without retraining. */
async function learn(seed: number, chosen: Settings, watch: Watch): Promise<{ learned: Reading; swapped: Reading }> {
  const { model, data } = setUp(await load(), seed, chosen, values);
  await train(model, data, chosen, () => chosen.tau, watch);
  const learned = { title: 'x², as trained', values, f: square, data, score: score(model, values, square) };
  swap(model, doubled);
  const twice = (x: number): number => 2 * square(x);
  const swapped = { title: '2x², bank doubled', values: doubled, f: twice, score: score(model, doubled, twice) };
  return { learned, swapped };
}

/** Trains a network with nine addresses on a bank with four unused rows, then fills these with the midpoints. */
async function learnWithSpareRows(seed: number, chosen: Settings, watch: Watch): Promise<Reading> {
  const { model, data } = setUp(await load(), seed, chosen, spare);
  await train(model, data, chosen, () => chosen.tau, watch);
  swap(model, finer);
  return { title: 'x², nine values', values: finer, f: square, score: score(model, finer, square) };
}

function swap(model: GumbelMemory, bank: readonly number[]): void {
  model.swap(model.runtime.tensor(bank));
}

function figures(runs: readonly { learned: Reading; swapped: Reading }[], quick: boolean): Figure[] {
  const [share, error] = quick ? [80, 1.5] : [97, 1.02];
  const both = (name: string, pick: (run: { learned: Reading; swapped: Reading }) => Reading): Figure[] => {
    const scores = runs.map((run) => pick(run).score);
    const shares = median(scores.map(({ share }) => 100 * share));
    const errors = median(scores.map(({ rmse, bestRmse }) => rmse / bestRmse));
    return [
      figure(`points that read the nearest value (%), ${name}`, shares, 'at least', share),
      figure(`RMSE relative to the optimum, ${name}`, errors, 'at most', error),
    ];
  };
  return [...both('x²', ({ learned }) => learned), ...both('2x², swapped', ({ swapped }) => swapped)];
}

function print(runs: readonly { learned: Reading }[], fine: Reading | undefined, outcomes: readonly Outcome[]): void {
  const cells = (name: string, { share, rmse, bestRmse }: Reading['score']) => [
    name,
    (100 * share).toFixed(1),
    rmse.toFixed(4),
    (rmse / bestRmse).toFixed(3),
  ];
  const rows = runs.map(({ learned }, i) => cells(`run ${i + 1}`, learned.score));
  const trials = outcomes.map(({ trial, seed, score }) => cells(`τ = ${trial.name}, seed ${seed}`, score));
  console.log(`\n${table([['', '% nearest', 'RMSE', 'RMSE / optimum'], ...rows, ...trials])}`);
  if (fine === undefined) return;
  const { histogram } = countChoices(fine.score.addresses, finer.length);
  const used = histogram.slice(values.length).reduce((a, b) => a + b, 0);
  const { rmse, bestRmse } = fine.score;
  console.log(
    `\nWith midpoints in the unused rows, ${used} of 1,000 points read one of them: RMSE ${rmse.toFixed(4)}, ` +
      `where ${bestRmse.toFixed(4)} is optimal.`,
  );
}

async function draw(
  out: string,
  runs: readonly { learned: Reading; swapped: Reading }[],
  fine: Reading | undefined,
  outcomes: readonly Outcome[],
): Promise<void> {
  const [first] = runs;
  if (first === undefined) return;
  const { score } = first.learned;
  const { histogram, entropy } = countChoices(score.addresses, values.length);
  const best = countChoices(score.best, values.length).histogram;
  const readings = [first.learned, first.swapped, ...(fine === undefined ? [] : [fine])];
  await savePlot(join(out, 'fit.svg'), fitPlot(readings));
  await savePlot(join(out, 'choices.svg'), choicesPlot(histogram, best, entropy));
  const traced = ['0.67', `${settings.tau}`].flatMap((name) => outcomes.find(({ trial }) => trial.name === name) ?? []);
  if (outcomes.length > 0) await savePlot(join(out, 'temperature.svg'), temperaturePlot(outcomes, traced));
}
