// npm run bench: times every op and a whole training step on one thread, as shares of the peak that this process reaches.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import benny from 'benny';
import { Command, InvalidArgumentError } from 'commander';
import { load } from 'tapehead';
import type { BenchCase } from './bench-case.js';
import { type Bunch, bunchOf, samples } from './bunch.js';
import { suites } from './suites/index.js';
import { measurePeak } from './yardstick.js';

interface Result {
  readonly name: string;
  /** Median time of one run. */
  readonly ms: number;
  readonly gflops?: number;
  readonly gbps?: number;
  /** gflops by the 128-bit peak, measured before and after; the higher of the two counts. */
  readonly peakShare?: number;
}

const options = new Command('npm run bench --')
  .description('Times every op and a whole training step.')
  .option('--only <regex>', 'only benches whose name matches', expression)
  .option('--json <file>', 'also write the results to a file')
  .option('--quick', 'run each bench once, to see that it works; the times mean little', false)
  .parse()
  .opts<{ only?: RegExp; json?: string; quick: boolean }>();

const results: Result[] = [];
for (const [name, cases] of Object.entries(suites)) {
  const chosen = cases.filter((bench) => options.only?.test(bench.name) ?? true);
  if (chosen.length > 0) results.push(...(await runSuite(name, chosen)));
}
if (results.length === 0) {
  console.error(`bench: --only must match the name of a bench, got ${options.only}`);
  process.exit(2);
}
if (options.json !== undefined) {
  writeFileSync(resolve(process.env.INIT_CWD ?? '.', options.json), `${JSON.stringify(results, null, 2)}\n`);
}

function expression(text: string): RegExp {
  try {
    return new RegExp(text, 'i');
  } catch {
    throw new InvalidArgumentError('It must be a regular expression.');
  }
}

/** Each suite in a runtime of its own, so that operands do not pile up. */
async function runSuite(name: string, cases: readonly BenchCase[]): Promise<Result[]> {
  const runtime = await load({ threads: 1 });
  const found: Result[] = [];
  let before = measurePeak(runtime.info.variant);
  const bunches: Bunch[] = [];
  for (const bench of cases) bunches.push(await bunchOf(runtime, bench, options.quick));
  await benny.suite(
    name,
    benny.configure({ cases: samples(options.quick) }),
    ...bunches.map(({ run }, i) => benny.add(`${i}`, run)),
    benny.cycle((cycle) => {
      const index = found.length;
      const after = measurePeak(runtime.info.variant);
      const bench = cases[index] as BenchCase;
      const ms = (1000 * cycle.details.median) / (bunches[index]?.repeats ?? 1) / (bench.times ?? 1);
      found.push(describe(bench, ms, Math.max(before, after)));
      before = after;
    }),
  );
  return found;
}

/** Rates of a bench, printed as a line. */
function describe({ name, flop, bytes }: BenchCase, ms: number, peak: number): Result {
  const gflops = flop === undefined ? undefined : flop / ms / 1e6;
  const gbps = bytes === undefined ? undefined : bytes / ms / 1e6;
  const cells = [
    name.padEnd(60),
    `${ms.toPrecision(4)} ms`.padStart(14),
    gflops === undefined ? '' : `${gflops.toFixed(1)} GFLOP/s`.padStart(15),
    gflops === undefined ? '' : `${((100 * gflops) / peak).toFixed(0)} % of ${peak.toFixed(0)}`.padStart(11),
    gbps === undefined ? '' : `${gbps.toFixed(1)} GB/s`.padStart(15),
  ];
  console.log(cells.join('  ').trimEnd());
  return {
    name,
    ms,
    ...(gflops !== undefined && { gflops, peakShare: gflops / peak }),
    ...(gbps !== undefined && { gbps }),
  };
}
