// npm run bench:threads: every bench on one thread and on several by turns, and whether the results are the same bits.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { load } from 'tapehead';
import type { BenchCase } from './bench-case.js';
import { type Bunch, bunchOf } from './bunch.js';
import { suites } from './suites/index.js';
import { measureDispatch } from './yardstick.js';

interface Comparison {
  readonly name: string;
  /** Median times of one run, on one thread and on several. */
  readonly ms: number;
  readonly threadsMs: number;
  /** The time on one thread by that on several. */
  readonly ratio: number;
  /** The same of the shortest times, which other work on the machine disturbs least. */
  readonly shortest: number;
  readonly same: boolean;
}

const ENOUGH_RUNS = 9;

const options = new Command('npm run bench:threads --')
  .description('Times every bench on one thread and on several by turns; fails where the results differ in a bit.')
  .option('--only <regex>', 'only benches whose name matches', '')
  .option('--threads <number>', 'threads to compare with one', '2')
  .option('--seconds <number>', 'time for each bench', '1')
  .option('--json <file>', 'also write the comparisons to a file')
  .parse()
  .opts<{ only: string; threads: string; seconds: string; json?: string }>();

const threads = Number(options.threads);
const only = new RegExp(options.only, 'i');
const runtime = await load({ threads });
await runtime.ready;
console.log(`${runtime.info.variant}: ${runtime.info.reason}`);
console.log(`an empty job: ${(await measureDispatch(runtime.info.threads)).toFixed(2)} µs`);
runtime.close();

const comparisons: Comparison[] = [];
for (const bench of Object.values(suites).flat()) if (only.test(bench.name)) comparisons.push(await compare(bench));
if (options.json !== undefined) {
  writeFileSync(resolve(process.env.INIT_CWD ?? '.', options.json), `${JSON.stringify(comparisons, null, 2)}\n`);
}
if (comparisons.some(({ same }) => !same)) process.exitCode = 1;

async function compare(bench: BenchCase): Promise<Comparison> {
  const [one, several] = [await load({ threads: 1 }), await load({ threads })];
  await several.ready;
  const [alone, together] = [await bunchOf(one, bench, false), await bunchOf(several, bench, false)];
  const [times, threadsTimes]: [number[], number[]] = [[], []];
  const end = performance.now() + 1000 * Number(options.seconds);
  while (performance.now() < end || times.length < ENOUGH_RUNS) {
    times.push(timed(alone));
    threadsTimes.push(timed(together));
  }
  const [ms, threadsMs] = [median(times), median(threadsTimes)];
  const same = together.first.every((value, i) => Object.is(value, alone.first[i]));
  several.close();
  const cells = [bench.name.padEnd(72), `${ms.toPrecision(4)} ms`, `${threadsMs.toPrecision(4)} ms`];
  const shortest = Math.min(...times) / Math.min(...threadsTimes);
  const ratios = `× ${(ms / threadsMs).toFixed(2)}  shortest × ${shortest.toFixed(2)}`;
  console.log(`${cells.join('  ')}  ${ratios}${same ? '' : '  DIFFERS'}`);
  return { name: bench.name, ms, threadsMs, ratio: ms / threadsMs, shortest, same };
}

function timed({ run, repeats }: Bunch): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / repeats;
}

function median(times: readonly number[]): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}
