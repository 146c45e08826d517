// Comparison of two bench runs, possibly on different machines.
import { readdirSync } from 'node:fs';
import { DataError } from '../tools/data-error.js';
import type { Report, Row } from './report.js';

export interface Change {
  readonly name: string;
  /** Shortest time of the baseline, scaled to the peak of the new run. */
  readonly expected: number;
  /** Shortest time of the new run. */
  readonly best: number;
  /** `best` relative to `expected`: above 1 is slower. */
  readonly ratio: number;
}

/** Compares rows of the same name by their shortest times, in units of the peak of each run. */
export function changes({ rows, peak }: Pick<Report, 'rows' | 'peak'>, baseline: Report): Change[] {
  const before = new Map(baseline.rows.map((row) => [row.name, row]));
  return rows.flatMap(({ name, best }) => {
    const row = before.get(name);
    if (row === undefined) return [];
    const expected = (row.best * baseline.peak) / peak;
    return [{ name, expected, best, ratio: best / expected }];
  });
}

/** For each name, the row with the shortest time. */
export function fastest(rows: readonly Row[]): Row[] {
  const found = new Map<string, Row>();
  for (const row of rows) {
    const other = found.get(row.name);
    if (other === undefined || row.best < other.best) found.set(row.name, row);
  }
  return [...found.values()];
}

/** Name of the file of the newest version in a history folder. Throws a DataError if there is none. */
export function newestVersion(folder: string): string {
  const names = readdirSync(folder).filter((name) => /^\d+\.\d+\.\d+.*\.json$/.test(name));
  names.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const newest = names.at(-1);
  if (newest === undefined) throw new DataError(`${folder}: the history is empty`);
  return newest;
}
