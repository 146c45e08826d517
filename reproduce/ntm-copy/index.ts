// The copy task: trains an NTM until it copies without errors, then tests it on far longer sequences.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type CopyTask, load, type NTM, type Runtime, writeSafetensors } from 'tapehead';
import { savePlot } from '../../tools/plot.js';
import { appendLine, replaceFile } from '../../tools/replace-file.js';
import { errorRate, trace, validationError } from '../copy-training/evaluate.js';
import { type Learned, type Settings, settings, setUp, type Tasks, train } from '../copy-training/train.js';
import type { Program } from '../program.js';
import { Progress } from '../progress.js';
import { type Figure, figure, table } from '../result.js';
import { copyPlot, headsPlot, lossPlot } from './plots.js';

const TEST_LENGTHS = [20, 40, 60, 80, 100, 120];
const LONGEST = 120;

export const run: Program = async ({ seed, out, quick }) => {
  const runtime = await load();
  const chosen = quick ? { ...settings, sequences: 1600 } : settings;
  const { model, tasks } = setUp(runtime, seed);
  console.log(`Training an NTM with ${model.parameters.count} parameters to copy sequences of length 1 to 20.`);
  console.log(
    `Once it copies, training adds noise from sequence ${chosen.quiet} on: the error rises for a while, then falls again.`,
  );

  const learned = await trainWithProgress(runtime, model, tasks, chosen, join(out, 'metrics.jsonl'));
  saveCheckpoint(join(out, 'checkpoint.safetensors'), model, { seed, settings: chosen });
  const rates = testLengths(runtime, model, tasks.validation, quick ? 20 : 100);
  await drawPlots(runtime, model, tasks.validation, learned, out);
  const figures = quick ? quickFigures(learned) : fullFigures(runtime, model, tasks.validation, learned, rates);
  return { settings: chosen, figures };
};

async function trainWithProgress(
  runtime: Runtime,
  model: NTM,
  tasks: Tasks,
  chosen: Settings,
  log: string,
): Promise<Learned> {
  rmSync(log, { force: true });
  const progress = new Progress(chosen.sequences, 'sequences');
  try {
    return await train(runtime, model, tasks, chosen, async (metric) => {
      appendLine(log, JSON.stringify(metric));
      await progress.update(metric.sequences, { loss: metric.loss, 'bits wrong': metric.bitsWrong });
      return !progress.interrupted;
    });
  } finally {
    progress.stop();
  }
}

function saveCheckpoint(path: string, model: NTM, state: Record<string, unknown>): void {
  const metadata = { format: 'pt', tapehead: JSON.stringify(state) };
  replaceFile(path, writeSafetensors(model.parameters.stateDict(), metadata));
}

/** Prints and returns the share of wrong bits at every test length. */
function testLengths(runtime: Runtime, model: NTM, task: CopyTask, sequences: number): number[] {
  const rates = TEST_LENGTHS.map((length) => errorRate(runtime, model, task, length, sequences));
  const rows = TEST_LENGTHS.map((length, i) => {
    const rate = rates[i] as number;
    return [String(length), (rate * length * task.vectorSize).toFixed(2), `${(100 * rate).toFixed(3)} %`];
  });
  console.log(`\n${table([['length', 'wrong bits per sequence', 'share of bits'], ...rows])}`);
  return rates;
}

async function drawPlots(runtime: Runtime, model: NTM, task: CopyTask, learned: Learned, out: string): Promise<void> {
  const short = trace(runtime, model, task, 20);
  const long = trace(runtime, model, task, LONGEST);
  await savePlot(join(out, 'loss.svg'), lossPlot(learned.metrics, learned.noiseFrom));
  await savePlot(join(out, 'heads.svg'), headsPlot(short.heads));
  await savePlot(join(out, 'copy.svg'), copyPlot([short.copy, long.copy]));
}

function fullFigures(runtime: Runtime, model: NTM, task: CopyTask, learned: Learned, rates: number[]): Figure[] {
  return [
    figure('sequences to less than 0.1 wrong bits', learned.sequencesToLearn, 'at most', 15_000, 30_000),
    figure('wrong bits per sequence, lengths 1 to 20', validationError(runtime, model, task), 'at most', 0),
    figure('wrong bits at length 20 (%)', 100 * (rates[0] as number), 'at most', 0),
    figure('wrong bits at length 120 (%)', 100 * (rates.at(-1) as number), 'at most', 0.1),
  ];
}

/** A quick run is too short to learn to copy, but its loss must be below chance, ln 2 = 0.693. */
function quickFigures({ metrics }: Learned): Figure[] {
  return [figure('final loss', metrics.at(-1)?.loss ?? Number.NaN, 'at most', 0.68)];
}
