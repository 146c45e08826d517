// The copy task with ten seeds: how reliably it is learned, and how reliably it generalises to six times the length.
import { load } from 'tapehead';
import { errorRate, validationError } from '../copy-training/evaluate.js';
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
    // Each seed gets its own runtime, so that memory use does not add up.
    const runtime = await load();
    const { model, tasks } = setUp(runtime, each);
    const { sequencesToLearn } = await train(runtime, model, tasks, chosen, async (metric) => {
      const figures = { seed: each, loss: metric.loss, 'bits wrong': metric.bitsWrong };
      await progress.update(i * chosen.sequences + metric.sequences, figures);
      return !progress.interrupted;
    });
    if (progress.interrupted) break;
    const wrong = validationError(runtime, model, tasks.validation);
    const share = 100 * errorRate(runtime, model, tasks.validation, LONGEST, 100);
    rows.push({ seed: each, sequencesToLearn, wrong, share });
  }
  progress.stop();
  const cells = rows.map(({ seed, sequencesToLearn, wrong, share }) => [
    String(seed),
    String(sequencesToLearn),
    wrong.toFixed(3),
    share.toFixed(3),
  ]);
  const header = ['seed', 'sequences to < 0.1 wrong bits', 'wrong bits at the end', `% wrong at length ${LONGEST}`];
  console.log(`\n${table([header, ...cells])}`);
  const learned = rows.filter(({ sequencesToLearn }) => sequencesToLearn <= 15_000).length;
  const general = rows.filter(({ share }) => share <= 0.1).length;
  const [all, most] = quick ? [0, 0] : [10, 8];
  const figures = [
    figure('seeds below 0.1 wrong bits within 15,000 sequences', learned, 'at least', all),
    figure(`seeds with at most 0.1 % wrong bits at length ${LONGEST}`, general, 'at least', most),
  ];
  return { settings: { ...chosen, seeds, rows }, figures };
};
