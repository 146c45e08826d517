// The kernel memory on Fashion-MNIST: recall of images from a tenth of their pixels, with 2 to 256 keys.
import { join } from 'node:path';
import { load } from 'tapehead';
import { savePlot } from '../../tools/plot.js';
import { replaceFile } from '../../tools/replace-file.js';
import { fashionMnist } from '../data/fashion-mnist.js';
import { concatenated } from '../data/images.js';
import { eachSize } from '../memory-sizes.js';
import type { Program } from '../program.js';
import { type Figure, figure, show, table } from '../result.js';
import { type Entry, linearError, measure, splitImages } from './measure.js';
import { errorPlot, recallSheet } from './plots.js';
import * as all from './settings.js';

/** Number of test images in the plot. */
const SHOWN = 12;

export const run: Program = async ({ seed, out, data, quick, best }) => {
  const { train, test } = await fashionMnist(data);
  const chosen = { ...(best ? all.best : all.published), ...(quick && all.quick) };
  const runtime = await load();
  const split = splitImages(runtime, concatenated(train, test), chosen, seed);
  console.log(
    `Fitting ${chosen.fitted} images, queried by ${chosen.pixels} of their pixels; testing on ${chosen.tested} others.`,
  );

  const entries = await eachSize(chosen.memorySizes, chosen.iterations, (memorySize, watch) =>
    measure(split, chosen, memorySize, { seed, shown: SHOWN, ...watch }),
  );
  for (const { memorySize, memory } of entries) replaceFile(join(out, `memory-${memorySize}.safetensors`), memory);
  const linear = linearError(runtime, split);
  console.log(`\n${entryTable(entries)}\n\ntest RMSE of linear regression: ${linear.toFixed(4)}`);
  for (const { memorySize, largestRidge } of entries) {
    if (largestRidge > chosen.ridge) {
      console.log(
        `M = ${memorySize}: WᵀW + λI was not positive definite with λ = ${chosen.ridge}, so λ was raised to at most ${show(largestRidge)}.`,
      );
    }
  }
  await savePlot(join(out, 'rmse.svg'), errorPlot(entries, linear, chosen));
  await savePlot(join(out, 'recalled.svg'), recallSheet(entries, split, SHOWN));
  const figures = quick ? quickFigures(entries) : fullFigures(entries, chosen, best);
  return {
    settings: chosen,
    measured: { linear, entries: entries.map(({ memory, recalled, ...numbers }) => numbers) },
    figures,
  };
};

function entryTable(entries: readonly Entry[]): string {
  const rows = entries.map(({ memorySize, training, test, condition, seconds }) => [
    String(memorySize),
    training.toFixed(4),
    test.toFixed(4),
    (all.publishedErrors[memorySize] ?? Number.NaN).toFixed(4),
    show(Number(condition.toPrecision(2))),
    seconds.toFixed(1),
  ]);
  return table([['M', 'training RMSE', 'test RMSE', 'published', 'condition', 'seconds'], ...rows]);
}

function fullFigures(entries: readonly Entry[], { memorySizes, iterations }: all.Settings, best: boolean): Figure[] {
  const figures = memorySizes.map((memorySize) => {
    const error = entries.find((entry) => entry.memorySize === memorySize)?.test ?? Number.NaN;
    const expected = all.publishedErrors[memorySize] as number;
    return figure(`test RMSE, M = ${memorySize}`, error, 'at most', best ? expected : 1.005 * expected, expected);
  });
  const rises = entries.filter(({ test }, i) => test >= (entries[i - 1]?.test ?? Infinity)).length;
  figures.push(figure('sizes whose error is not below that of the previous size', rises, 'at most', 0));
  if (!best) return figures;
  const goal = figure('test RMSE, M = 256, goal', entries.at(-1)?.test ?? Number.NaN, 'at most', 0.115);
  return [...figures, goal, figure('iterations', iterations, 'at most', 200, all.published.iterations)];
}

/** A quick run fits a tenth of the images for a few iterations. */
function quickFigures(entries: readonly Entry[]): Figure[] {
  const last = entries.at(-1);
  return [figure(`test RMSE, M = ${last?.memorySize}`, last?.test ?? Number.NaN, 'at most', 0.18)];
}
