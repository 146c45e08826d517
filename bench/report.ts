// The results of a bench run, with where they come from, as written by `--json` and kept in bench/history/.
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import type { RuntimeInfo } from 'tapehead';
import { DataError } from '../tools/data-error.js';

export interface Row {
  readonly name: string;
  /** Median time of one run. */
  readonly ms: number;
  /** Shortest time of one run, which other processes on the machine disturb least. */
  readonly best: number;
  /** Peak rate in GFLOP/s: the higher of the rates measured before and after. */
  readonly peak: number;
  readonly gflops?: number;
  /** `gflops` relative to `peak`. */
  readonly peakShare?: number;
  /** Memory traffic in GB/s. */
  readonly gbps?: number;
}

export interface Report {
  /** Version of tapehead. */
  readonly version: string;
  /** ISO date. */
  readonly date: string;
  /** Version of Node. */
  readonly node: string;
  readonly cpu: string;
  readonly variant: RuntimeInfo['variant'];
  /** Highest peak of all rows, by which runs on different machines compare. */
  readonly peak: number;
  readonly rows: readonly Row[];
}

export function reportOf(rows: readonly Row[], variant: RuntimeInfo['variant']): Report {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return {
    version,
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    cpu: cpus()[0]?.model ?? 'unknown',
    variant,
    peak: Math.max(...rows.map(({ peak }) => peak)),
    rows,
  };
}

/** Reads a report. Throws a DataError if the file is missing or is not one. */
export function readReport(path: string): Report {
  try {
    const report: Report = JSON.parse(readFileSync(path, 'utf8'));
    if (!Array.isArray(report.rows)) throw new Error('there are no rows');
    return report;
  } catch (error) {
    throw new DataError(`${path}: not a report of npm run bench -- --json (${(error as Error).message})`);
  }
}
