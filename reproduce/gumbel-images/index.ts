// Fashion-MNIST with hard attention over images: a network reads one prototype from a bank, compares it with the input,
// and classifies.
import { join } from 'node:path';
import { countChoices, load, Random } from 'tapehead';
import { savePlot } from '../../tools/plot.js';
import { classNames, fashionMnist } from '../data/fashion-mnist.js';
import type { LabelledImages } from '../data/images.js';
import type { Program } from '../program.js';
import { Progress } from '../progress.js';
import { figure, table } from '../result.js';
import { PrototypeNet } from './net.js';
import { readsSheet } from './plots.js';
import { nearestPrototypeAccuracy, pickPrototypes } from './prototypes.js';
import { type Predictions, predict, type Settings, settings, train, updatesOf } from './train.js';

/** A variant of the network. */
interface Variant {
  readonly name: string;
  readonly hard: boolean;
  readonly compare: boolean;
  /** Replace every row of the bank by the mean image. */
  readonly blank: boolean;
}

/** Predictions on the test set, with the bank as trained and with its rows rotated by one class. */
interface Outcome {
  readonly variant: Variant;
  readonly predictions: Predictions;
  readonly rotated: Predictions;
}

const variants: readonly Variant[] = [
  { name: 'hard read', hard: true, compare: true, blank: false },
  { name: 'soft read', hard: false, compare: true, blank: false },
  { name: 'hard read, no comparison', hard: true, compare: false, blank: false },
  { name: 'comparison only: every row is the mean image', hard: true, compare: true, blank: true },
];

export const run: Program = async ({ seed, out, data, quick }) => {
  const { train: training, test } = await fashionMnist(data);
  const chosen = quick ? { ...settings, epochs: 1, images: 12_800 } : settings;
  const random = new Random(await load(), seed);
  const prototypes = pickPrototypes(training, chosen.each, chosen.sample, random);
  const nearest = nearestPrototypeAccuracy(test, prototypes);
  console.log(
    `The bank holds ${prototypes.length} prototypes; the nearest prototype classifies ${percent(nearest)} of the test images correctly.`,
  );

  const updates = updatesOf(chosen);
  const progress = new Progress(variants.length * updates, 'updates');
  const outcomes: Outcome[] = [];
  for (const [i, variant] of variants.entries()) {
    const watch = async (update: number, loss: number): Promise<boolean> => {
      await progress.update(i * updates + update, { loss });
      return !progress.interrupted;
    };
    outcomes.push(await trainAndTest(variant, prototypes, training, test, chosen, seed, watch));
    if (progress.interrupted) break;
  }
  progress.stop();
  const [hard] = outcomes as [Outcome];
  console.log(`\n${outcomeTable(nearest, outcomes)}`);
  await savePlot(join(out, 'reads.svg'), readsSheet(test, prototypes, hard.predictions));
  const target = 100 * nearest + (quick ? 0 : 10);
  const figures = [figure('test accuracy (%), hard read', 100 * hard.predictions.accuracy, 'at least', target)];
  return { settings: { ...chosen, seed }, figures };
};

/** Trains and tests one variant. */
async function trainAndTest(
  variant: Variant,
  prototypes: readonly Float32Array[],
  training: LabelledImages,
  test: LabelledImages,
  chosen: Settings,
  seed: number,
  watch: (update: number, loss: number) => Promise<boolean>,
): Promise<Outcome> {
  const runtime = await load();
  const images = (rows: readonly Float32Array[]) =>
    runtime.tensor(
      rows.flatMap((row) => [...row]),
      [rows.length, test.height, test.width],
    );
  const bank = variant.blank ? prototypes.map(() => mean(prototypes)) : prototypes;
  const { hiddenSizes, each } = chosen;
  const net = new PrototypeNet(runtime, images(bank), { ...variant, hiddenSizes, random: new Random(runtime, seed) });
  await train(net, training, chosen, new Random(runtime, seed + 2 ** 20), watch);
  const predictions = predict(net, test, chosen);
  net.memory.swap(images([...bank.slice(each), ...bank.slice(0, each)]));
  return { variant, predictions, rotated: predict(net, test, chosen) };
}

function outcomeTable(nearest: number, outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ variant, predictions, rotated }) => {
    const { histogram, entropy } = countChoices(predictions.addresses, classNames.length * settings.each);
    const used = histogram.filter((count) => count > 0).length;
    const { accuracy, ownClass } = predictions;
    return [
      variant.name,
      percent(accuracy),
      percent(ownClass),
      percent(rotated.accuracy),
      `${used}`,
      entropy.toFixed(2),
    ];
  });
  const header = ['', 'accuracy', 'reads own class', 'accuracy, bank rotated', 'prototypes read', 'entropy (bits)'];
  return table([header, ['nearest prototype', percent(nearest), percent(nearest), '', '', ''], ...rows]);
}

function mean(rows: readonly Float32Array[]): Float32Array {
  return (rows[0] as Float32Array).map((_, i) => rows.reduce((sum, row) => sum + (row[i] as number), 0) / rows.length);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
