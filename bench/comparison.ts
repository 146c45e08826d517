// Comparison of two bench runs, possibly on different machines.
import { readdirSync } from 'node:fs';
import { DataError } from '../tools/data-error.js';
import type { Report, Row } from './report.js';

export interface Change {
  readonly name: string;
  /** Time of the baseline, scaled to the peak of the new run. */
  readonly expected: number;
  readonly ms: number;
  /** `ms` relative to `expected`: above 1 is slower. */
  readonly ratio: number;
}

/** Compares rows of the same name by `ms · peak`, the time in units of the machine's peak. */
export function changes(rows: readonly Row[], baseline: Report): Change[] {
  const before = new Map(baseline.rows.map((row) => [row.name, row]));
  return rows.flatMap(({ name, ms, peak }) => {
    const row = before.get(name);
    if (row === undefined) return [];
    const expected = (row.ms * row.peak) / peak;
    return [{ name, expected, ms, ratio: ms / expected }];
  });
}

/** For each name, the row with the smaller `ms · peak`. */
export function fastest(rows: readonly Row[]): Row[] {
  const best = new Map<string, Row>();
  for (const row of rows) {
    const other = best.get(row.name);
    if (other === undefined || row.ms * row.peak < other.ms * other.peak) best.set(row.name, row);
  }
  return [...best.values()];
}

/** Name of the file of the newest version in a history folder. Throws a DataError if there is none. */
export function newestVersion(folder: string): string {
  const names = readdirSync(folder).filter((name) => /^\d+\.\d+\.\d+.*\.json$/.test(name));
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const newest = names.at(-1);
  if (newest === undefined) throw new DataError(`${folder}: the history is empty`);
  return newest;
}
