// The copy task from ten seeds: how surely it is learned, and how surely the copies stay right at six times the length.
import { load } from 'tapehead';
import { bitsWrongOnFresh, errorShare } from '../copy-training/evaluate.js';
import { settings, setUp, train } from '../copy-training/train.js';
import type { Program } from '../program.js';
import { Progress } from '../progress.js';
import { figure, table } from '../result.js';

const LONGEST = 120;

export const run: Program = async ({ seed, quick }) => {
  const seeds = Array.from({ length: quick ? 2 : 10 }, (_, i) => seed + i);
  const chosen = quick ? { ...settings, sequences: 800 } : settings;
  const progress = new Progress(seeds.length * chosen.sequences, 'sequences');
  const rows = [];
  for (const [i, each] of seeds.entries()) {
    // A runtime a seed: what one run leaves in memory does not add up over ten.
    const runtime = await load();
    const { model, tasks } = setUp(runtime, each);
    const { sequencesToLearn } = await train(runtime, model, tasks, chosen, async (metric) => {
      const figures = { seed: each, loss: metric.loss, 'bits wrong': metric.bitsWrong };
      await progress.update(i * chosen.sequences + metric.sequences, figures);
      return !progress.interrupted;
    });
    if (progress.interrupted) break;
    const wrong = bitsWrongOnFresh(runtime, model, tasks.validation);
    const share = 100 * errorShare(runtime, model, tasks.validation, LONGEST, 100);
    rows.push({ seed: each, sequencesToLearn, wrong, share });
  }
  progress.stop();
  const cells = rows.map(({ seed, sequencesToLearn, wrong, share }) => [
    String(seed),
    String(sequencesToLearn),
    wrong.toFixed(3),
    share.toFixed(3),
  ]);
  const header = ['seed', 'sequences until below 0.1 bits wrong', 'bits wrong at the end', `% wrong at ${LONGEST}`];
  console.log(`\n${table([header, ...cells])}`);
  const learned = rows.filter(({ sequencesToLearn }) => sequencesToLearn <= 15_000).length;
  const general = rows.filter(({ share }) => share <= 0.1).length;
  const [all, most] = quick ? [0, 0] : [10, 8];
  const figures = [
    figure('seeds below 0.1 bits wrong within 15,000 sequences', learned, 'at least', all),
    figure(`seeds with at most 0.1 % of bits wrong at ${LONGEST}`, general, 'at least', most),
  ];
  return { settings: { ...chosen, seeds, rows }, figures };
};
