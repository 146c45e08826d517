// Times benches on one thread, relative to the peak that this process reaches.
import benny from 'benny';
import { load } from 'tapehead';
import { type Batch, benchOptions, prepareBatch } from './batch.js';
import type { BenchCase } from './bench-case.js';
import type { Row } from './report.js';
import { suites } from './suites/index.js';
import { measurePeak } from './yardstick.js';

/** Times all benches with a matching name and prints a line for each. With `quick`, each runs once. */
export async function measure(only: RegExp, quick: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [suite, cases] of Object.entries(suites)) {
    const chosen = cases.filter(({ name }) => only.test(name));
    if (chosen.length > 0) rows.push(...(await measureSuite(suite, chosen, quick)));
  }
  return rows;
}

/** Each suite gets its own runtime, so that operands do not accumulate. */
async function measureSuite(suite: string, cases: readonly BenchCase[], quick: boolean): Promise<Row[]> {
  const runtime = await load({ threads: 1 });
  const { variant } = runtime.info;
  const rows: Row[] = [];
  const batches: Batch[] = [];
  for (const bench of cases) batches.push(await prepareBatch(runtime, bench, quick));
  let before = measurePeak(variant);
  await benny.suite(
    suite,
    benny.configure({ cases: benchOptions(quick) }),
    ...batches.map(({ run }, i) => benny.add(`${i}`, run)),
    benny.cycle((cycle) => {
      const index = rows.length;
      const after = measurePeak(variant);
      const bench = cases[index] as BenchCase;
      const { median, min } = cycle.details;
      const scale = 1000 / (batches[index]?.repeats ?? 1) / (bench.times ?? 1);
      const row = rowOf(bench, scale * median, scale * min, Math.max(before, after));
      console.log(format(row));
      rows.push(row);
      before = after;
    }),
  );
  return rows;
}

function rowOf({ name, flop, bytes }: BenchCase, ms: number, best: number, peak: number): Row {
  const gflops = flop === undefined ? undefined : flop / ms / 1e6;
  const gbps = bytes === undefined ? undefined : bytes / ms / 1e6;
  return {
    name,
    ms,
    best,
    peak,
    ...(gflops !== undefined && { gflops, peakShare: gflops / peak }),
    ...(gbps !== undefined && { gbps }),
  };
}

function format({ name, ms, peak, gflops, peakShare, gbps }: Row): string {
  const cells = [
    name.padEnd(60),
    `${ms.toPrecision(4)} ms`.padStart(14),
    gflops === undefined ? '' : `${gflops.toFixed(1)} GFLOP/s`.padStart(15),
    peakShare === undefined ? '' : `${(100 * peakShare).toFixed(0)} % of ${peak.toFixed(0)}`.padStart(11),
    gbps === undefined ? '' : `${gbps.toFixed(1)} GB/s`.padStart(15),
  ];
  return cells.join('  ').trimEnd();
}
