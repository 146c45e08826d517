// The documentation: its code compiles and runs, its commands, links and paths exist, its option tables match the docstrings.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';
import * as ops from '../bindings/ops/index.js';
import { wrongCommands } from './docs/commands.js';
import { anchors, codeBlocks, links, optionTables, pathsOf } from './docs/markdown.js';
import { moduleOf, Pages } from './docs/page-module.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const top = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', '.github/PULL_REQUEST_TEMPLATE.md'];
const all = new Map([...top, ...filesOf('docs', /\.md$/)].map((path) => [path, read(path)] as const));
const runnable = new Map([...all].filter(([path]) => path === 'README.md' || path.startsWith('docs/guides/')));
const pages = new Pages(root, runnable);
test.after.always(() => rmSync(pages.dir, { recursive: true }));

test('README and guides: all code compiles in strict mode', (t) => {
  t.deepEqual(pages.complaints, []);
});

for (const [path, page] of runnable) {
  test(`${path}: all code runs and prints the documented output`, async (t) => {
    const known = new Set(['ts', 'js', 'sh', 'math', 'text']);
    t.deepEqual(
      codeBlocks(page).filter(({ language }) => !known.has(language)),
      [],
    );
    const printed = await pages.run(path);
    const expected = moduleOf(page)
      .split('\n')
      .flatMap((line) => /console\.log\(.*\/\/ → (.*)$/.exec(line)?.[1] ?? []);
    let from = 0;
    for (const line of expected) {
      const index = printed.indexOf(line, from);
      t.not(
        index,
        -1,
        `${path} should print "${line}", but after the previous match it printed\n${printed.slice(from).join('\n')}`,
      );
      from = index + 1;
    }
  });
}

test('an error in a page is reported with page and line', async (t) => {
  const page =
    "# A page\n\n```ts\nimport { load } from 'tapehead';\nconst runtime = await load();\n```\n\nand\n\n```ts\n";
  const text = "import { load, Random } from 'tapehead';\nnew Random(runtime, -1);\nruntime.nothing;\n```\n";
  const broken = new Pages(root, new Map([['docs/broken.md', page + text]]));
  t.deepEqual(broken.complaints, ["docs/broken.md:13: Property 'nothing' does not exist on type 'Runtime'."]);
  await t.throwsAsync(broken.run('docs/broken.md'), { message: /seed .*docs\/broken\.md:12/s });
  rmSync(broken.dir, { recursive: true });
});

test('every command in a page exists', (t) => {
  t.deepEqual(
    [...all].flatMap(([path, page]) => wrongCommands(root, path, page)),
    [],
  );
  const page = '```sh\nnpm ci && npm run nothing # comment\n```\n`npm run reproduce -- none`';
  t.deepEqual(wrongCommands(root, 'x.md', page), [
    'x.md:2: npm run nothing: no such script in package.json',
    'x.md:4: npm run reproduce -- none: no such program in reproduce/',
  ]);
});

test('every link resolves, including its anchor', (t) => {
  const broken = [...all].flatMap(([path, page]) =>
    links(page)
      .filter(({ target }) => !/^https?:/.test(target) && !resolves(path, target))
      .map(({ target, line }) => `${path}:${line}: ${target}`),
  );
  t.deepEqual(broken, []);
  t.false(resolves('README.md', 'docs/architecture.md#nowhere'));
  t.false(resolves('README.md', 'docs/nothing.md'));
});

test('every path in a page exists', (t) => {
  const missing = [...all]
    .filter(([path]) => path !== 'CHANGELOG.md')
    .flatMap(([path, page]) =>
      pathsOf(page)
        .filter(({ target }) => !existsSync(join(root, target)))
        .map(({ target, line }) => `${path}:${line}: ${target}`),
    );
  t.deepEqual(missing, []);
  t.deepEqual(pathsOf('see `index.ts`,\n`bindings/ops/` and `a / b`'), [
    { target: 'index.ts', line: 1 },
    { target: 'bindings/ops/', line: 2 },
  ]);
});

test('every page that a source file refers to exists, including its anchor', (t) => {
  const folders = ['assembly', 'bindings', 'models', 'data', 'tasks', 'tools', 'reproduce', 'bench', 'site'];
  const sources = folders.flatMap((folder) => filesOf(folder, /\.ts$/));
  const wrong = sources.flatMap((path) =>
    [...read(path).matchAll(/\bdocs\/[\w/-]+\.md(#[\w-]+)?/g)]
      .filter(([target]) => !resolves('', target))
      .map(([target]) => `${path}: ${target}`),
  );
  t.deepEqual(wrong, []);
});

test('docs/derivations.md covers every op', (t) => {
  const page = read('docs/derivations.md');
  const named = [...page.matchAll(/^## (.*)$|^\| (.*?) \||`(\w+)`/gm)].flatMap(([, ...names]) =>
    `${names}`.split(/[^\w]+/),
  );
  t.deepEqual(
    Object.keys(ops).filter((name) => !named.includes(name)),
    [],
  );
});

test('option tables in the guides match the options of the models', (t) => {
  const tables = new Map([...runnable.values()].flatMap((page) => [...optionTables(page)]));
  const interfaces = filesOf('models', /(?<!^models\/layers\/.*)\.ts$/).flatMap((path) => optionsOf(read(path)));
  t.deepEqual([...tables.keys()].sort(), interfaces.map(([name]) => name).sort());
  for (const [name, options] of interfaces) {
    const table = tables.get(name)!;
    t.deepEqual([...table.keys()], [...options.keys()], name);
    for (const [option, given] of options) {
      t.true(
        table.get(option)?.includes(given),
        `${name}.${option}: the docstring says "${given}", the guide "${table.get(option)}"`,
      );
    }
  }
});

/** Whether the file that a link on page `from` points to exists, and has the heading of its anchor. */
function resolves(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path =
    file === ''
      ? from
      : normalize(join(dirname(from), file))
          .split(sep)
          .join('/');
  if (!existsSync(join(root, path))) return false;
  return anchor === undefined || anchors(read(path)).has(anchor);
}

/** The exported options interfaces of a source file: own options in order, each with the default from its docstring. */
function optionsOf(source: string): [string, Map<string, string>][] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2022, true);
  return file.statements
    .filter(ts.isInterfaceDeclaration)
    .filter(({ name }) => name.text.endsWith('Options'))
    .map(({ name, members }) => [
      name.text,
      new Map(
        members.filter(ts.isPropertySignature).map((member) => {
          const comment = ts.getTextOfJSDocComment(ts.getJSDocCommentsAndTags(member)[0]?.comment) ?? '';
          const given = /\bDefault:? (.+?)(?:[,;:(]|\.(?:\s|$)|$)/.exec(comment)?.[1] ?? '';
          return [member.name.getText(), member.questionToken ? given.replaceAll('`', '').trim() : 'required'];
        }),
      ),
    ]);
}

function filesOf(folder: string, name: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true })
    .map((path) => join(folder, `${path}`).split(sep).join('/'))
    .filter((path) => name.test(path));
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
