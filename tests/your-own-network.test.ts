// The classifier of docs/guides/your-own-network.md, which no model file contains, learns what the guide says.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';

test('a classifier with a kernel-memory head finds the arm of a spiral, and is taught new names without training', (t) => {
  const page = readFileSync(new URL('../../docs/guides/your-own-network.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  const source = [...blocks, 'console.log(JSON.stringify({ learned, renamed }));'].join('\n');
  // Beside this file, where the package knows its own name.
  const file = fileURLToPath(new URL('your-own-network.page.js', import.meta.url));
  writeFileSync(file, ts.transpile(source, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 }));
  const printed = execFileSync(process.execPath, [file]).toString().trim().split('\n');
  const { learned, renamed } = JSON.parse(printed.at(-1)!);
  t.true(learned >= 0.98, `${learned}`);
  t.true(renamed >= 0.98, `${renamed}`);
});
