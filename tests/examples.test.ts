// Every example in a docstring compiles in strict mode, runs, and prints its documented output.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { CompiledExamples, type Example, examplesOf } from './docs/examples.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = ['bindings', 'models', 'data', 'tasks'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((path) => join(folder, `${path}`).split(sep).join('/'))
    .filter((path) => path.endsWith('.ts')),
);
const examples = sources.flatMap((path) => examplesOf(path, readFileSync(join(root, path), 'utf8')));
const compiled = new CompiledExamples(root, examples);
const failures = compiled.run();
test.after.always(() => rmSync(compiled.dir, { recursive: true }));

test('all examples compile in strict mode', (t) => {
  t.deepEqual(compiled.problems, []);
});

for (const { name, path, line } of examples) {
  test(`the example of ${name} runs (${path}:${line})`, async (t) => {
    t.is((await failures).get(`${path}:${line}`), undefined);
  });
}

test('an example has the line of its code and the name of its declaration', (t) => {
  const source = `/** No example. */
export class Layer {
  /**
   * Returns.
   * @example
   * \`\`\`ts
   * f(1);
   * \`\`\`
   */
  forward(): void {}
}
`;
  const [example, ...rest] = examplesOf('a/layer.ts', source);
  t.like(example, { path: 'a/layer.ts', line: 7, name: 'Layer.forward' });
  t.deepEqual(example?.page.split('\n').slice(5), ['```ts', 'f(1);', '```']);
  t.is(rest.length, 0);
});

test('an @example without a ts block throws', (t) => {
  const source = '/**\n * Adds.\n * @example\n * add(1, 2)\n */\nexport const add = 1;\n';
  t.throws(() => examplesOf('a/add.ts', source), { message: 'a/add.ts:1: @example of add: no ts block' });
});

test('an example that does not compile is reported with its line', (t) => {
  const broken = new CompiledExamples(root, [fromCode(0, "import { nothing } from 'tapehead';", 'nothing();')]);
  t.deepEqual(broken.problems, ["a/made-up.ts:3: Module '\"tapehead\"' has no exported member 'nothing'."]);
  rmSync(broken.dir, { recursive: true });
});

test('an example that throws, prints something else, hangs, exits or opens a connection fails', async (t) => {
  const broken = new CompiledExamples(
    root,
    [
      ['const one = 1;', "throw new RangeError('out');"],
      ['console.log(1 + 1); // → 3'],
      ['await new Promise(() => setInterval(() => {}, 1000));'],
      ['process.exit(0);'],
      ["await fetch('http://127.0.0.1:9/');"],
      ['console.log([1, 2]); // → [ 1, 2 ]'],
    ].map((lines, i) => fromCode(10 * i, ...lines, 'export {};')),
  );
  t.deepEqual(broken.problems, []);
  const found = [...(await broken.run(8000)).values()];
  rmSync(broken.dir, { recursive: true });
  t.regex(found[0] ?? '', /RangeError: out.*a\/made-up\.ts:4/s);
  t.is(found[1], 'should print "3", printed\n2');
  t.is(found[2], 'not finished after 8000 ms');
  t.is(found[3], 'the process ended');
  t.regex(found[4] ?? '', /fetch failed|must not use the network/);
  t.is(found.length, 5);
});

/** The example of a generated source file, whose code follows `blank` empty lines and two lines of docstring. */
function fromCode(blank: number, ...code: string[]): Example {
  const docstring = ['/**', ' * ```ts', ...code.map((line) => ` * ${line}`), ' * ```', ' */', 'export const x = 1;'];
  return examplesOf('a/made-up.ts', `${'\n'.repeat(blank)}${docstring.join('\n')}`)[0]!;
}
