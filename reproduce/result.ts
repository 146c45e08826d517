// Results of a program: figures and their targets, as result.json and as a table.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../tools/replace-file.js';

/** A measured number with its target and, if there is one, the published number. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly relation: 'at most' | 'at least';
  readonly target: number;
  readonly published?: number;
  readonly met: boolean;
}

export interface Result {
  readonly name: string;
  readonly seed: number;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  /** Other measurements, without targets. */
  readonly measured?: unknown;
  readonly figures: readonly Figure[];
}

/** Creates a figure and compares it with its target; NaN never meets a target. */
export function figure(
  name: string,
  value: number,
  relation: Figure['relation'],
  target: number,
  published?: number,
): Figure {
  const met = relation === 'at most' ? value <= target : value >= target;
  return { name, value, relation, target, ...(published !== undefined && { published }), met };
}

/** Writes `result.json` into `dir`. */
export function saveResult(dir: string, result: Result): void {
  mkdirSync(dir, { recursive: true });
  replaceFile(join(dir, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
}

/** Formats figures as a table. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, relation, target, published, met }) => [
    name,
    show(value),
    `${relation} ${show(target)}`,
    published === undefined ? '' : show(published),
    met ? 'met' : 'MISSED',
  ]);
  return table([['figure', 'value', 'target', 'published', ''], ...rows]);
}

/** Formats rows as aligned columns: the first column left-aligned, the others right-aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** Formats a number with four significant digits, with an exponent only if it is very small or large. */
export function show(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}
