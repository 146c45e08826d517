// npm run bench:threads: times every bench on one and on several threads, interleaved, and compares the results bit by
// bit.
import { Command } from 'commander';
import { load } from 'tapehead';
import { median } from '../tools/median.js';
import { replaceFile } from '../tools/replace-file.js';
import { userPath } from '../tools/user-path.js';
import { type Batch, prepareBatch } from './batch.js';
import type { BenchCase } from './bench-case.js';
import { positiveInteger, positiveNumber, regularExpression } from './options.js';
import { suites } from './suites/index.js';
import { measureDispatch } from './yardstick.js';

interface Comparison {
  readonly name: string;
  /** Median time of one run on one thread. */
  readonly ms: number;
  /** Median time of one run on several threads. */
  readonly threadsMs: number;
  /** Speedup of the median times. */
  readonly ratio: number;
  /** Speedup of the shortest times, which other processes disturb least. */
  readonly shortest: number;
  /** Whether the results are bitwise equal. */
  readonly same: boolean;
}

const MIN_RUNS = 9;

const { only, threads, seconds, json } = new Command('npm run bench:threads --')
  .description('Times every bench on one and on several threads; fails if the results are not bitwise equal.')
  .option('--only <regex>', 'only benches with a matching name', regularExpression, /./)
  .option('--threads <number>', 'number of threads', positiveInteger, 2)
  .option('--seconds <number>', 'time per bench', positiveNumber, 1)
  .option('--json <file>', 'also write the results to a file')
  .parse()
  .opts<{ only: RegExp; threads: number; seconds: number; json?: string }>();

const runtime = await load({ threads });
await runtime.ready;
console.log(`${runtime.info.variant}: ${runtime.info.reason}`);
console.log(`overhead of a job: ${(await measureDispatch(runtime.info.threads)).toFixed(2)} µs`);
runtime.close();

const comparisons: Comparison[] = [];
for (const bench of Object.values(suites).flat()) if (only.test(bench.name)) comparisons.push(await compare(bench));
if (json !== undefined) replaceFile(userPath(json), `${JSON.stringify(comparisons, null, 2)}\n`);
if (comparisons.some(({ same }) => !same)) process.exitCode = 1;

async function compare(bench: BenchCase): Promise<Comparison> {
  const [one, several] = [await load({ threads: 1 }), await load({ threads })];
  await several.ready;
  const [single, parallel] = [await prepareBatch(one, bench, false), await prepareBatch(several, bench, false)];
  const [times, threadsTimes]: [number[], number[]] = [[], []];
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end || times.length < MIN_RUNS) {
    times.push(timed(single));
    threadsTimes.push(timed(parallel));
  }
  const [ms, threadsMs] = [median(times), median(threadsTimes)];
  const same = parallel.first.every((value, i) => Object.is(value, single.first[i]));
  several.close();
  const cells = [bench.name.padEnd(72), `${ms.toPrecision(4)} ms`, `${threadsMs.toPrecision(4)} ms`];
  const shortest = Math.min(...times) / Math.min(...threadsTimes);
  const ratios = `× ${(ms / threadsMs).toFixed(2)}  shortest × ${shortest.toFixed(2)}`;
  console.log(`${cells.join('  ')}  ${ratios}${same ? '' : '  RESULTS DIFFER'}`);
  return { name: bench.name, ms, threadsMs, ratio: ms / threadsMs, shortest, same };
}

/** Mean time of a run in a batch, in ms. */
function timed({ run, repeats }: Batch): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / repeats;
}
