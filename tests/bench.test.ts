// The benches: yardsticks, the report of a run, and its comparison with the history.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { load } from 'tapehead';
import { changes, fastest, newestVersion } from '../bench/comparison.js';
import { type Report, type Row, readReport, reportOf } from '../bench/report.js';
import { suites } from '../bench/suites/index.js';
import { measureDispatch, measurePeak } from '../bench/yardstick.js';
import { DataError } from '../tools/data-error.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));
const history = fileURLToPath(new URL('../../bench/history', import.meta.url));

const row = (name: string, best: number, peak = 50): Row => ({ name, ms: 2 * best, best, peak });
const report = (...rows: Row[]): Report => ({
  version: '0.1.0',
  date: '2025-01-01',
  node: '20.0.0',
  cpu: 'some CPU',
  variant: 'simd',
  peak: 50,
  rows,
});

test('the yardsticks measure a plausible peak and overhead', async (t) => {
  const { variant } = (await load({ threads: 1 })).info;
  const peak = measurePeak(variant);
  t.true(peak > 0.5 && peak < 1000, `${peak} GFLOP/s`);
  const dispatch = await measureDispatch(2);
  t.true(dispatch > 0 && dispatch < 1e5, `${dispatch} µs`);
});

test('times are compared relative to the peak of each machine', (t) => {
  const baseline = report(row('a', 2), row('b', 2), row('gone', 1));
  // Half the peak doubles the expected time.
  const compared = changes({ rows: [row('a', 4), row('b', 6), row('new', 1)], peak: 25 }, baseline);
  t.deepEqual(compared, [
    { name: 'a', expected: 4, best: 4, ratio: 1 },
    { name: 'b', expected: 4, best: 6, ratio: 1.5 },
  ]);
});

test('of several runs of a bench the fastest counts', (t) => {
  t.deepEqual(fastest([row('a', 4), row('b', 1), row('a', 3), row('b', 1.5)]), [row('a', 3), row('b', 1)]);
});

test('the newest version of a history is found by number, not by name', (t) => {
  const folder = join(dir, 'history');
  mkdirSync(folder);
  t.throws(() => newestVersion(folder), { instanceOf: DataError, message: `${folder}: the history is empty` });
  for (const name of ['0.9.0.json', '0.10.0.json', '0.2.11.json', 'notes.json']) writeFileSync(join(folder, name), '');
  t.is(newestVersion(folder), '0.10.0.json');
});

test('a report says where it comes from; another file is refused', (t) => {
  const { version, node, peak, rows } = reportOf([row('a', 1, 40), row('b', 1, 60)], 'simd');
  t.regex(version, /^\d+\.\d+\.\d+/);
  t.deepEqual([node, peak, rows.length], [process.versions.node, 60, 2]);
  const path = join(dir, 'other.json');
  writeFileSync(path, '{}');
  t.throws(() => readReport(path), { instanceOf: DataError, message: /other\.json: not a report .*there are no rows/ });
});

test('the history holds every bench of its versions, with a time and a peak', (t) => {
  const names = new Set(Object.values(suites).flatMap((cases) => cases.map(({ name }) => name)));
  t.true(existsSync(history));
  for (const file of readdirSync(history)) {
    const { version, rows } = readReport(join(history, file));
    t.is(file, `${version}.json`);
    t.true(rows.length > 100, `${rows.length} rows`);
    for (const { ms, best, peak } of rows) t.true(ms >= best && best > 0 && peak > 0);
  }
  const newest = readReport(join(history, newestVersion(history)));
  t.true(newest.rows.filter(({ name }) => names.has(name)).length > 100);
});

const bench = (program: string, ...args: string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL(`../bench/${program}.js`, import.meta.url)), ...args], {
    encoding: 'utf8',
    env: { ...process.env, INIT_CWD: dir },
  });

test('bench writes a report, and bench:compare prints what is slower', (t) => {
  const quick = bench('index', '--quick', '--only', 'matmul 32x32x32$', '--json', 'quick.json');
  t.is(quick.status, 0, quick.stderr);
  const written: Report = JSON.parse(readFileSync(join(dir, 'quick.json'), 'utf8'));
  t.deepEqual(
    written.rows.map(({ name }) => name),
    ['matmul 32x32x32'],
  );
  const baseline = readReport(join(history, newestVersion(history)));
  const { rows } = baseline;
  const slowed = rows.map((entry, i) => (i === 3 ? { ...entry, best: 2 * entry.best } : entry));
  writeFileSync(join(dir, 'slowed.json'), JSON.stringify({ ...baseline, rows: slowed }));
  const compared = bench('compare', '--json', 'slowed.json');
  t.is(compared.status, 0, compared.stderr);
  const lines = compared.stdout.trim().split('\n');
  t.regex(lines.at(-2)!, /× 2\.00$/);
  t.true(lines.at(-2)!.startsWith(rows[3]!.name));
  t.is(lines.at(-1), `1 of ${rows.length} benches are more than 15 % slower`);
  t.is(bench('compare', '--json', 'slowed.json', '--fail').status, 1);
  const missing = bench('compare', '--json', 'missing.json');
  t.is(missing.status, 2);
  t.regex(missing.stderr, /^\S*missing\.json: not a report of npm run bench -- --json \(ENOENT[^\n]*\n$/);
});

test('a name that matches no bench ends with one sentence', (t) => {
  const { status, stderr } = bench('index', '--only', 'no such bench');
  t.is(status, 2);
  t.is(stderr, 'bench: no bench has a name that matches /no such bench/i\n');
});
