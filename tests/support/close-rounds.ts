// Rounds of load, work, close and work again, for the tests and for soaks: node dist/tests/support/close-rounds.js [rounds] [threads] [kind]
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load, matmul, type Runtime } from 'tapehead';

/** What a round does between `load` and its end. `work` also works after `close`; `grow` takes 64 MiB; `abandon` does so and never closes. */
export const kinds = ['work', 'grow', 'abandon', 'nothing'] as const;
export type Kind = (typeof kinds)[number];

export interface RoundsReport {
  /** Longest time of a round after `load`, in ms. */
  readonly longestMs: number;
  /** Largest resident set after a round, in MiB. */
  readonly residentMiB: number;
  /** Largest address space after a round, in MiB; 0 where the system does not tell. */
  readonly reservedMiB: number;
}

/** Runs rounds one after another. `log` receives the report so far, ten times. */
export async function closeRounds(
  rounds: number,
  threads: number,
  kind: Kind,
  log: (round: number, report: RoundsReport) => void = () => {},
): Promise<RoundsReport> {
  let report: RoundsReport = { longestMs: 0, residentMiB: 0, reservedMiB: 0 };
  for (let round = 1; round <= rounds; round++) {
    const runtime = await load({ threads });
    if (kind === 'grow' || kind === 'abandon') await runtime.ready;
    // Different delays, so that close meets workers that start, spin, sleep and wake.
    else if (kind === 'work' && round % 3 > 0) await (round % 3 === 1 ? runtime.ready : milliseconds(round % 40));
    const start = performance.now();
    play(runtime, kind);
    report = {
      longestMs: Math.max(report.longestMs, performance.now() - start),
      residentMiB: Math.max(report.residentMiB, process.memoryUsage().rss / 2 ** 20),
      reservedMiB: Math.max(report.reservedMiB, reservedMiB()),
    };
    if (round % Math.ceil(rounds / 10) === 0) log(round, report);
  }
  return report;
}

function play(runtime: Runtime, kind: Kind): void {
  if (kind === 'work') product(runtime);
  if (kind === 'grow' || kind === 'abandon') {
    runtime.step(() => {
      for (let i = 0; i < 16; i++) runtime.zeros([2 ** 20]);
    });
  }
  if (kind !== 'abandon') runtime.close();
  if (kind === 'work') product(runtime);
}

/** Runs a product that is large enough for several threads. */
export function product(runtime: Runtime): number {
  return runtime.step(() => matmul(runtime.zeros([256, 256]), runtime.zeros([256, 256])).size);
}

function milliseconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count));
}

function reservedMiB(): number {
  const status = '/proc/self/status';
  return existsSync(status) ? Number(/VmSize:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]) / 1024 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [rounds = '2000', threads = '4', kind = 'work'] = process.argv.slice(2);
  const print = (round: number, { longestMs, residentMiB, reservedMiB }: RoundsReport) => {
    const figures = [`longest ${longestMs.toFixed(0)} ms`, `resident ${residentMiB.toFixed(0)} MiB`];
    console.log(`${round} rounds: ${figures.join(', ')}, address space ${(reservedMiB / 1024).toFixed(0)} GiB`);
  };
  await closeRounds(Number(rounds), Number(threads), kind as Kind, print);
}
