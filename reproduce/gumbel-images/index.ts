// Fashion-MNIST by one image read: a net addresses a bank of prototypes, compares, and says the class by what it read.
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
import { type Answers, answer, type Settings, settings, train, updatesOf } from './train.js';

/** One net: what it reads from, and how. */
interface Kind {
  readonly name: string;
  readonly hard: boolean;
  readonly compare: boolean;
  /** Every row of the bank is the mean of all. */
  readonly blank: boolean;
}

/** What is made of the test set: by the net, and by the hard net once its bank's rows stand elsewhere. */
interface Outcome {
  readonly kind: Kind;
  readonly answers: Answers;
  readonly moved: Answers;
}

const kinds: readonly Kind[] = [
  { name: 'hard read', hard: true, compare: true, blank: false },
  { name: 'soft read', hard: false, compare: true, blank: false },
  { name: 'hard read, nothing compared', hard: true, compare: false, blank: false },
  { name: 'nothing but the comparison: every row the mean image', hard: true, compare: true, blank: true },
];

export const run: Program = async ({ seed, out, data, quick }) => {
  const { train: training, test } = await fashionMnist(data);
  const chosen = quick ? { ...settings, epochs: 1, images: 12_800 } : settings;
  const random = new Random(await load(), seed);
  const prototypes = pickPrototypes(training, chosen.each, chosen.sample, random);
  const nearest = nearestPrototypeAccuracy(test, prototypes);
  console.log(`Reading one of ${prototypes.length} images; the class of the nearest is right for ${percent(nearest)}.`);

  const progress = new Progress(kinds.length * updatesOf(chosen), 'updates');
  const outcomes: Outcome[] = [];
  for (const kind of kinds) {
    const watch = async (update: number, loss: number): Promise<boolean> => {
      await progress.update(kinds.indexOf(kind) * updatesOf(chosen) + update, { loss });
      return !progress.interrupted;
    };
    outcomes.push(await attempt(kind, prototypes, training, test, chosen, seed, watch));
    if (progress.interrupted) break;
  }
  progress.stop();
  const [hard] = outcomes as [Outcome];
  console.log(`\n${outcomeTable(nearest, outcomes)}`);
  await savePlot(join(out, 'reads.svg'), readsSheet(test, prototypes, hard.answers));
  const figures = [
    figure(
      '% of test images right, hard read',
      100 * hard.answers.accuracy,
      'at least',
      100 * nearest + (quick ? 0 : 10),
    ),
  ];
  return { settings: { ...chosen, seed }, figures };
};

/** Trains one net, and tests it. */
async function attempt(
  kind: Kind,
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
  const bank = kind.blank ? prototypes.map(() => mean(prototypes)) : prototypes;
  const { hiddenSizes, each } = chosen;
  const net = new PrototypeNet(runtime, images(bank), { ...kind, hiddenSizes, random: new Random(runtime, seed) });
  await train(net, training, chosen, new Random(runtime, seed + 2 ** 20), watch);
  const answers = answer(net, test, chosen);
  net.memory.swap(images([...bank.slice(each), ...bank.slice(0, each)]));
  return { kind, answers, moved: answer(net, test, chosen) };
}

function outcomeTable(nearest: number, outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ kind, answers, moved }) => {
    const { histogram, entropy } = countChoices(answers.addresses, classNames.length * settings.each);
    const used = histogram.filter((count) => count > 0).length;
    const { accuracy, own } = answers;
    return [kind.name, percent(accuracy), percent(own), percent(moved.accuracy), `${used}`, entropy.toFixed(2)];
  });
  const header = ['', 'right', 'own class read', 'right, images moved on', 'images read', 'entropy, bits'];
  return table([header, ['nearest prototype', percent(nearest), percent(nearest), '', '', ''], ...rows]);
}

function mean(rows: readonly Float32Array[]): Float32Array {
  return (rows[0] as Float32Array).map((_, i) => rows.reduce((sum, row) => sum + (row[i] as number), 0) / rows.length);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
