// x² read from five numbers: ten seeds; then another bank with no training, a finer bank, and what the temperature does.
import { join } from 'node:path';
import { countChoices, type GumbelMemory, load } from 'tapehead';
import { savePlot } from '../../tools/plot.js';
import type { Program } from '../program.js';
import { Progress } from '../progress.js';
import { type Figure, figure, table } from '../result.js';
import { choicesPlot, fitPlot, type Reading, temperaturePlot } from './plots.js';
import { attempt, type Outcome, trials } from './temperature.js';
import { median, type Settings, score, settings, setUp, square, train, values } from './train.js';

const doubled = values.map((value) => 2 * value);
/** Nothing is near 2: these rows are not read while the network learns. */
const spare = [...values, 2, 2, 2, 2];
/** What the network knows where it was, and the values between in the spare rows. */
const finer = [...values, 0.125, 0.375, 0.625, 0.875];

/** Sees the loss of every update; false ends the training. */
type Watch = (update: number, loss: number) => Promise<boolean>;

export const run: Program = async ({ seed, out, quick }) => {
  const chosen = quick ? { ...settings, updates: 100 } : settings;
  const seeds = Array.from({ length: quick ? 2 : 10 }, (_, i) => seed + i);
  const compared = trials(chosen).flatMap((trial) => seeds.slice(0, quick ? 1 : 3).map((each) => ({ trial, each })));
  const progress = new Progress((seeds.length + 1 + compared.length) * chosen.updates, 'updates');
  let before = 0;
  const watch: Watch = async (update, loss) => {
    await progress.update(before + update, { loss });
    if (update === chosen.updates) before += update;
    return !progress.interrupted;
  };
  const runs = await untilInterrupted(progress, seeds, (each) => learn(each, chosen, watch));
  const [fine] = await untilInterrupted(progress, [seed], (each) => learnWithSpareRows(each, chosen, watch));
  const outcomes = await untilInterrupted(progress, compared, ({ trial, each }) => attempt(trial, each, chosen, watch));
  progress.stop();
  await draw(out, runs, fine, outcomes);
  print(runs, fine, outcomes);
  return { settings: { ...chosen, seeds }, figures: figures(runs, quick) };
};

/** What `work` makes of the items, one after another, but for the one that an interruption falls on and those after it. */
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

/** One seed: x² learned, and 2x² read with the values doubled and nothing else changed. */
async function learn(seed: number, chosen: Settings, watch: Watch): Promise<{ learned: Reading; swapped: Reading }> {
  const { model, data } = setUp(await load(), seed, chosen, values);
  await train(model, data, chosen, () => chosen.tau, watch);
  const learned = { title: 'x², as learned', values, f: square, data, score: score(model, values, square) };
  swap(model, doubled);
  const twice = (x: number): number => 2 * square(x);
  const swapped = { title: '2x², values doubled', values: doubled, f: twice, score: score(model, doubled, twice) };
  return { learned, swapped };
}

/** A network of nine addresses that has learned from a bank with four useless rows, which then hold the values between. */
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
      figure(`% of points that read the nearest value, ${name}`, shares, 'at least', share),
      figure(`RMSE over the best possible, ${name}`, errors, 'at most', error),
    ];
  };
  return [...both('x²', ({ learned }) => learned), ...both('2x², swapped', ({ swapped }) => swapped)];
}

function print(runs: readonly { learned: Reading }[], fine: Reading | undefined, outcomes: readonly Outcome[]): void {
  const row = (name: string, { share, rmse, bestRmse }: Reading['score']) => [
    name,
    (100 * share).toFixed(1),
    rmse.toFixed(4),
    (rmse / bestRmse).toFixed(3),
  ];
  const rows = runs.map(({ learned }, i) => row(`run ${i + 1}`, learned.score));
  const trials = outcomes.map(({ trial, seed, score }) => row(`τ ${trial.name}, seed ${seed}`, score));
  console.log(`\n${table([['', '% nearest', 'RMSE', 'over the best'], ...rows, ...trials])}`);
  if (fine === undefined) return;
  const { histogram } = countChoices(fine.score.addresses, finer.length);
  const used = histogram.slice(values.length).reduce((a, b) => a + b, 0);
  const { rmse, bestRmse } = fine.score;
  console.log(
    `\nWith the values between in rows that were useless before: ${used} of 1,000 points read one of them, RMSE ` +
      `${rmse.toFixed(4)} where ${bestRmse.toFixed(4)} would be possible.`,
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
