// Defaults of options: the code, the docstrings and the tables in the guides agree.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';
import { optionTables } from './docs/markdown.js';
import { names, optionDefaults } from './docs/option-defaults.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const options: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  types: [],
};
const defaults = optionDefaults(join(root, 'index.ts'), options);

test('docstrings state the defaults of the code', (t) => {
  t.true(defaults.size > 30);
  const wrong = [...defaults.values()].flatMap(({ name, path, docs, values }) =>
    [...values]
      .filter((value) => !names(statedDefault(docs), value))
      .map((value) => `${relative(root, path)}: ${name} is ${value} by default, but its docstring says "${docs}"`),
  );
  t.deepEqual(wrong, []);
});

test('option tables in the guides state the defaults of the code', (t) => {
  const folder = join(root, 'docs/guides');
  const tables = readdirSync(folder).flatMap((file) => [...optionTables(readFileSync(join(folder, file), 'utf8'))]);
  const cells = tables.flatMap(([owner, table]) => [...table].map(([option, cell]) => [`${owner}.${option}`, cell]));
  let compared = 0;
  for (const [name = '', cell = ''] of cells) {
    for (const value of defaults.get(name)?.values ?? []) {
      t.true(names(cell, value), `${name} is ${value} by default, but a guide says "${cell}"`);
      compared++;
    }
  }
  t.true(compared > 20);
});

test('defaults are found in parameters and variables, through constants and interfaces', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tapehead-defaults-'));
  const source = `
    interface BaseOptions {
      /** Rate. Default 1e-3. */
      lr?: number;
    }
    interface AOptions extends BaseOptions { kind?: 'x' | 'y'; sizes?: number[]; free?: number; off?: boolean }
    interface Other { ignored?: number }
    const LR = 1e-3;
    export function f({ lr = LR, kind = 'x' }: AOptions, { ignored = 3 }: Other) { return [lr, kind, ignored]; }
    export function g(options: AOptions) {
      const { lr = 0.5, sizes = [1, 2], off: away = false, free = Math.random() } = options;
      return [lr, sizes, away, free];
    }`;
  const file = join(folder, 'a.ts');
  writeFileSync(file, source);
  const found = optionDefaults(file, options);
  rmSync(folder, { recursive: true });
  t.deepEqual(
    [...found.values()].map(({ name, values }) => [name, ...values]),
    [
      ['BaseOptions.lr', '1e-3', '0.5'],
      ['AOptions.kind', 'x'],
      ['AOptions.sizes', '[1, 2]'],
      ['AOptions.off', 'false'],
    ],
  );
  t.is(found.get('BaseOptions.lr')?.docs, 'Rate. Default 1e-3.');
});

test('names accepts a value in any notation, and no part of another value', (t) => {
  t.true(names(' 0.001.', '1e-3'));
  t.true(names(' `cosine`.', 'cosine'));
  t.true(names(' [64, 64], the sizes', '[64,64]'));
  t.true(names(' −1', '-1'));
  t.false(names(' 10', '1'));
  t.false(names(' true', 'false'));
  t.false(names('', '0'));
});

/** The part of a docstring that states the default: "Default 1", "Defaults to 1", "1, the default", "1 (default)". */
function statedDefault(docs: string): string {
  const [, after = ''] = /\b[Dd]efaults?\b(.*)/s.exec(docs) ?? [];
  const [, before = ''] = /(\S+),? (?:the |\()default\b/.exec(docs) ?? [];
  return `${before} ${after}`;
}
