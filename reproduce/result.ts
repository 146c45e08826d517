// What a program found: figures beside their targets, as result.json and as a table.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One number a program measured, beside its target and, where there is one, the published number. */
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
  /** Whatever else was measured, for which there is no target. */
  readonly measured?: unknown;
  readonly figures: readonly Figure[];
}

/** A figure that should be at most (or at least) `target`. NaN never is. */
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
  writeFileSync(join(dir, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
}

/** The figures as a table. */
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

/** Columns padded to their widest cell: the first to the left, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const pad = (cell: string, column: number) =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}

/** A number to four significant digits, without an exponent while it stays readable. */
export function show(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}
