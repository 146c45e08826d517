// npm run bench:compare: what has become slower since the last release.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { load } from 'tapehead';
import { DataError } from '../tools/data-error.js';
import { userPath } from '../tools/user-path.js';
import { type Change, changes, fastest, newestVersion } from './comparison.js';
import { measure } from './measure.js';
import { regularExpression } from './options.js';
import { type Report, readReport, reportOf } from './report.js';

/** Ratios up to this are noise. */
const THRESHOLD = 1.15;
const history = fileURLToPath(new URL('../../bench/history', import.meta.url));

const { only, json, fail } = new Command('npm run bench:compare --')
  .description('Compares a new bench run, or --json FILE, with the last release, relative to the peak of each machine.')
  .option('--only <regex>', 'only benches with a matching name', regularExpression, /./)
  .option('--json <file>', 'results of npm run bench -- --json instead of a new run')
  .option('--fail', 'exit with code 1 if a bench is slower', false)
  .parse()
  .opts<{ only: RegExp; json?: string; fail: boolean }>();

try {
  const baseline = readReport(join(history, newestVersion(history)));
  const report = json === undefined ? await freshReport(baseline) : readReport(userPath(json));
  const compared = changes(report, baseline).filter(({ name }) => only.test(name));
  const slower = compared.filter(({ ratio }) => ratio > THRESHOLD).sort((a, b) => b.ratio - a.ratio);
  console.log(`\nbaseline  ${origin(baseline)}\nnow       ${origin(report)}\n`);
  for (const change of slower) console.log(format(change));
  console.log(`${slower.length} of ${compared.length} benches are more than ${percent(THRESHOLD)} slower`);
  if (fail && slower.length > 0) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof DataError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

/** Runs the benches, and those that seem slower once more: another process may have disturbed them. */
async function freshReport(baseline: Report): Promise<Report> {
  const rows = await measure(only, false);
  if (rows.length === 0) throw new DataError(`bench:compare: no bench has a name that matches ${only}`);
  const { variant } = (await load({ threads: 1 })).info;
  const slower = changes(reportOf(rows, variant), baseline).filter(({ ratio }) => ratio > THRESHOLD);
  if (slower.length === 0) return reportOf(rows, variant);
  const again = await measure(exactly(slower.map(({ name }) => name)), false);
  return reportOf(fastest([...rows, ...again]), variant);
}

function exactly(names: readonly string[]): RegExp {
  return new RegExp(`^(${names.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|')})$`);
}

function origin({ version, date, node, cpu, variant, peak }: Report): string {
  return `tapehead ${version} (${variant}), ${date}, Node ${node}, ${cpu}, peak ${peak.toFixed(1)} GFLOP/s`;
}

function format({ name, expected, best, ratio }: Change): string {
  const time = (value: number) => `${value.toPrecision(4)} ms`.padStart(14);
  return `${name.padEnd(72)}${time(expected)}${time(best)}${`× ${ratio.toFixed(2)}`.padStart(10)}`;
}

function percent(ratio: number): string {
  return `${(100 * (ratio - 1)).toFixed(0)} %`;
}
