// The shared parts of the programs: figures, tables, progress, plots, command line.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { copyPlot, headsPlot, lossPlot } from '../reproduce/ntm-copy/plots.js';
import { Progress } from '../reproduce/progress.js';
import { figure, figureTable, saveResult, show, table } from '../reproduce/result.js';
import { type Frames, savePlot } from '../tools/plot.js';
import { seeded } from './support/random-numbers.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));

test('a figure tells whether it meets its target', (t) => {
  t.true(figure('wrong', 0.1, 'at most', 0.1).met);
  t.false(figure('wrong', 0.2, 'at most', 0.1).met);
  t.true(figure('right', 0.2, 'at least', 0.1).met);
  t.false(figure('wrong', Number.NaN, 'at most', 0.1).met);
  t.false('published' in figure('wrong', 0.1, 'at most', 0.1));
});

test('a result is saved as JSON and printed as a table', (t) => {
  const figures = [figure('wrong', 0.05, 'at most', 0.1, 0.2), figure('right', 0.9, 'at least', 0.95)];
  const result = { name: 'some', seed: 3, settings: { batch: 4 }, seconds: 1.5, figures };
  const out = join(dir, 'some');
  saveResult(out, result);
  t.deepEqual(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')), result);
  t.is(
    figureTable(figures),
    [
      'figure  value         target  published',
      'wrong    0.05    at most 0.1        0.2     met',
      'right     0.9  at least 0.95             MISSED',
    ].join('\n'),
  );
});

test('tables are aligned, and numbers have four digits', (t) => {
  t.is(
    table([
      ['name', 'value'],
      ['a', '10'],
    ]),
    'name  value\na        10',
  );
  t.deepEqual([0, 0.00001234, 0.12345, 12345.6, 1e9, Number.NaN].map(show), [
    '0',
    '1.23e-5',
    '0.1235',
    '12350',
    '1.00e+9',
    'NaN',
  ]);
});

test('progress prints its state and reports Ctrl-C', async (t) => {
  const stream = new PassThrough({ encoding: 'utf8' });
  const progress = new Progress(100, 'sequences', stream);
  for (let done = 1; done <= 100; done++) await progress.update(done, { loss: 1 / done, 'bits wrong': 12.345 });
  t.false(progress.interrupted);
  process.emit('SIGINT');
  t.true(progress.interrupted);
  progress.stop();
  t.regex(
    stream.read(),
    /^100 of 100 sequences · loss 0\.01 · bits wrong 12\.3 · [\d.]+ sequences\/s · 0:00 left\nInterrupted/m,
  );
});

test('ntm-copy draws its plots', async (t) => {
  const random = seeded(1);
  const metrics = Array.from({ length: 50 }, (_, i) => ({
    sequences: 100 * i,
    loss: 0.7 * Math.exp(-i / 8) + 0.001 * random(),
    bitsWrong: Math.max(0, 40 * Math.exp(-i / 6) - 0.1),
  }));
  const bits = (rows: number, columns: number): Frames => ({
    data: Float32Array.from({ length: rows * columns }, () => Number(random() > 0.5)),
    rows,
    columns,
  });
  const focus = (steps: number): Frames => ({
    data: Float32Array.from({ length: steps * 128 }, (_, i) => Number(i % 128 === (Math.floor(i / 128) % 21) + 40)),
    rows: steps,
    columns: 128,
  });
  const [inputs, outputs, vectors] = [bits(41, 9), bits(41, 8), bits(41, 20)];
  const heads = { inputs, outputs, adds: vectors, reads: vectors, writeWeights: focus(41), readWeights: focus(41) };
  const copies = [20, 120].map((length) => ({ target: bits(length, 8), output: bits(length, 8) }));
  const plots = { loss: lossPlot(metrics, 10_000), heads: headsPlot(heads), copy: copyPlot(copies) };
  for (const [name, spec] of Object.entries(plots)) {
    const path = join(dir, `${name}.svg`);
    await savePlot(path, spec);
    t.true(existsSync(path));
    const svg = readFileSync(path, 'utf8');
    t.regex(svg, /^<svg/);
    t.notRegex(svg, /NaN|undefined/);
  }
  const heading = readFileSync(join(dir, 'heads.svg'), 'utf8');
  t.regex(heading, /23 of 128 memory locations shown, starting at 39/);
});

test('an unknown program or option ends with one sentence', (t) => {
  const program = fileURLToPath(new URL('../reproduce/index.js', import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  const unknown = run('ntm-paste');
  t.is(unknown.status, 2);
  t.regex(unknown.stderr, /^reproduce: unknown program "ntm-paste"; programs are gumbel-images, .*\n$/);
  const stray = run('ntm-copy', '--best');
  t.is(stray.status, 2);
  t.is(stray.stderr, 'reproduce: --best is an option of kernel-memory, not of ntm-copy\n');
});

test('an output folder that cannot be created ends a program with one sentence', (t) => {
  const program = fileURLToPath(new URL('../reproduce/index.js', import.meta.url));
  const out = join(program, 'out');
  const { status, stderr } = spawnSync(process.execPath, [program, 'ntm-copy', '--out', out], { encoding: 'utf8' });
  t.is(status, 2);
  t.regex(stderr, /^E[A-Z]+: [^\n]*mkdir[^\n]*\n$/);
});
