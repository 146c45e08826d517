// Parts of gumbel-quadratic and gumbel-images on small synthetic data.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { load, Random } from '../index.js';
import type { LabelledImages } from '../reproduce/data/images.js';
import { PrototypeNet } from '../reproduce/gumbel-images/net.js';
import { readsSheet } from '../reproduce/gumbel-images/plots.js';
import { nearestPrototypeAccuracy, pickPrototypes } from '../reproduce/gumbel-images/prototypes.js';
import { settings as imageSettings, predict, train as trainOnImages } from '../reproduce/gumbel-images/train.js';
import { choicesPlot, fitPlot, temperaturePlot } from '../reproduce/gumbel-quadratic/plots.js';
import { runTrial, trials } from '../reproduce/gumbel-quadratic/temperature.js';
import { score, settings, setUp, square, train, values } from '../reproduce/gumbel-quadratic/train.js';
import { median } from '../tools/median.js';
import { savePlot } from '../tools/plot.js';
import { seeded } from './support/random-numbers.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));
const proceed = async () => true;

/** Ten classes of 4×4 noise images, each class with its own bright pixel. */
function synthetic(count: number): LabelledImages {
  const random = seeded(5);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const images = Uint8Array.from({ length: 16 * count }, (_, i) =>
    i % 16 === labels[Math.floor(i / 16)] ? 255 : 60 * random(),
  );
  return { count, channels: 1, height: 4, width: 4, images, labels };
}

test('a short training run approximates x², and the score knows the optimal choice', async (t) => {
  const { model, data } = setUp(await load(), 1, settings, values);
  const before = score(model, values, square);
  await train(model, data, { ...settings, updates: 60 }, () => settings.tau, proceed);
  const after = score(model, values, square);
  t.true(after.share > 0.8 && after.share > before.share, `${before.share} to ${after.share}`);
  t.true(after.rmse >= after.bestRmse && after.rmse < 2 * after.bestRmse);
  t.deepEqual([after.best[0], after.best[500], after.best[820]], [4, 0, 2]);
  t.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3]), median([])], [2, 2.5, Number.NaN]);
});

test('gumbel-quadratic draws its plots', async (t) => {
  const few = { ...settings, updates: 4, points: 50 };
  const all = trials(few);
  const outcomes = [];
  for (const trial of [all[1]!, all.at(-1)!]) outcomes.push(await runTrial(trial, 1, few, proceed));
  t.deepEqual(
    outcomes.map(({ outermost }) => outermost.length),
    [4, 4],
  );
  const reading = { title: 'x²', values, f: square, score: outcomes[0]!.score };
  const plots = {
    fit: fitPlot([reading, { ...reading, data: { x: Float32Array.of(0), y: Float32Array.of(0.1) } }]),
    choices: choicesPlot([1, 2, 3, 4, 5], [5, 4, 3, 2, 1], 2),
    temperature: temperaturePlot(outcomes, outcomes),
  };
  for (const [name, spec] of Object.entries(plots)) {
    await savePlot(join(dir, `${name}.svg`), spec);
    t.notRegex(readFileSync(join(dir, `${name}.svg`), 'utf8'), /NaN|undefined/);
  }
});

test('prototypes are images of their class, and a network learns to read them', async (t) => {
  const data = synthetic(400);
  const runtime = await load();
  const prototypes = pickPrototypes(data, 2, 30, new Random(runtime, 1));
  t.is(prototypes.length, 20);
  for (const [i, prototype] of prototypes.entries()) t.is(prototype[Math.floor(i / 2)], 1);
  t.is(nearestPrototypeAccuracy(data, prototypes), 1);
  const swapped = [...prototypes.slice(2), ...prototypes.slice(0, 2)];
  t.is(nearestPrototypeAccuracy(data, swapped), 0);

  const bank = (rows: Float32Array[]) =>
    runtime.tensor(
      rows.flatMap((row) => [...row]),
      [20, 4, 4],
    );
  const random = new Random(runtime, 2);
  const net = new PrototypeNet(runtime, bank(prototypes), { random, hiddenSizes: [32], hard: true, compare: true });
  const chosen = { ...imageSettings, epochs: 30, batch: 50, images: 400, each: 2, learningRate: 0.01 };
  await trainOnImages(net, data, chosen, random, proceed);
  const trained = predict(net, data, chosen);
  t.true(trained.accuracy > 0.95 && trained.ownClass > 0.95, `${trained.accuracy}, ${trained.ownClass}`);
  await savePlot(join(dir, 'reads.svg'), readsSheet(data, prototypes, trained));
  t.is(readFileSync(join(dir, 'reads.svg'), 'utf8').match(/<image/g)?.length, 60);
  net.memory.swap(bank(swapped));
  const rotated = predict(net, data, chosen);
  t.true(rotated.accuracy < 0.5, `${rotated.accuracy}`);
  t.deepEqual(rotated.addresses, trained.addresses);
});
