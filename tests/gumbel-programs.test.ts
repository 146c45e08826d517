// The parts of gumbel-quadratic and gumbel-images, on small made-up data.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { load, Random } from '../index.js';
import type { LabelledImages } from '../reproduce/data/images.js';
import { PrototypeNet } from '../reproduce/gumbel-images/net.js';
import { readsSheet } from '../reproduce/gumbel-images/plots.js';
import { nearestPrototypeAccuracy, pickPrototypes } from '../reproduce/gumbel-images/prototypes.js';
import { answer, settings as imageSettings, train as trainOnImages } from '../reproduce/gumbel-images/train.js';
import { choicesPlot, fitPlot, temperaturePlot } from '../reproduce/gumbel-quadratic/plots.js';
import { attempt, trials } from '../reproduce/gumbel-quadratic/temperature.js';
import { median, score, settings, setUp, square, train, values } from '../reproduce/gumbel-quadratic/train.js';
import { savePlot } from '../tools/plot.js';
import { seeded } from './support/random-numbers.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));
const goOn = async () => true;

/** Ten classes of 4×4 images, each with a bright pixel of its own, in noise. */
function madeUp(count: number): LabelledImages {
  const random = seeded(5);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10);
  const images = Uint8Array.from({ length: 16 * count }, (_, i) =>
    i % 16 === labels[Math.floor(i / 16)] ? 255 : 60 * random(),
  );
  return { count, channels: 1, height: 4, width: 4, images, labels };
}

test('a short training follows x² better than any one value, and the score tells the best choice', async (t) => {
  const { model, data } = setUp(await load(), 1, settings, values);
  const before = score(model, values, square);
  await train(model, data, { ...settings, updates: 60 }, () => settings.tau, goOn);
  const after = score(model, values, square);
  t.true(after.share > 0.8 && after.share > before.share, `${before.share} to ${after.share}`);
  t.true(after.rmse >= after.bestRmse && after.rmse < 2 * after.bestRmse);
  t.deepEqual([after.best[0], after.best[500], after.best[820]], [4, 0, 2]);
  t.deepEqual([median([3, 1, 2]), median([4, 1, 2, 3]), median([])], [2, 2.5, Number.NaN]);
});

test('the pictures of gumbel-quadratic are drawn', async (t) => {
  const few = { ...settings, updates: 4, points: 50 };
  const all = trials(few);
  const outcomes = [];
  for (const trial of [all[1]!, all.at(-1)!]) outcomes.push(await attempt(trial, 1, few, goOn));
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

test('prototypes are images of their class, and a net that reads them learns', async (t) => {
  const data = madeUp(400);
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
  await trainOnImages(net, data, chosen, random, goOn);
  const learned = answer(net, data, chosen);
  t.true(learned.accuracy > 0.95 && learned.own > 0.95, `${learned.accuracy}, ${learned.own}`);
  await savePlot(join(dir, 'reads.svg'), readsSheet(data, prototypes, learned));
  t.is(readFileSync(join(dir, 'reads.svg'), 'utf8').match(/<image/g)?.length, 60);
  net.memory.swap(bank(swapped));
  const moved = answer(net, data, chosen);
  t.true(moved.accuracy < 0.5, `${moved.accuracy}`);
  t.deepEqual(moved.addresses, learned.addresses);
});
