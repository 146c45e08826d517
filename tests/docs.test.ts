// The documentation holds: its code runs, its commands and links exist, its tables of options are those of the types.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';
import * as ops from '../bindings/ops/index.js';
import { wrongCommands } from './docs/commands.js';
import { anchors, codeBlocks, links, optionTables } from './docs/markdown.js';
import { moduleOf, Pages } from './docs/page-module.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const all = new Map(
  ['README.md', 'CHANGELOG.md', ...filesOf('docs', /\.md$/)].map((path) => [path, read(path)] as const),
);
const run = new Map([...all].filter(([path]) => path === 'README.md' || path.startsWith('docs/guides/')));
const pages = new Pages(root, run);
test.after.always(() => rmSync(pages.dir, { recursive: true }));

test('the code of README and guides passes a strict compiler', (t) => {
  t.deepEqual(pages.complaints, []);
});

for (const [path, page] of run) {
  test(`the code of ${path} runs, and prints what it says`, async (t) => {
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
      const at = printed.indexOf(line, from);
      t.not(at, -1, `${path} must print "${line}", got\n${printed.slice(from).join('\n')}`);
      from = at + 1;
    }
  });
}

test('a fault in a page is told with page and line', async (t) => {
  const page =
    "# A page\n\n```ts\nimport { load } from 'tapehead';\nconst runtime = await load();\n```\n\nand\n\n```ts\n";
  const text = "import { load, Random } from 'tapehead';\nnew Random(runtime, -1);\nruntime.nothing;\n```\n";
  const broken = new Pages(root, new Map([['docs/broken.md', page + text]]));
  t.deepEqual(broken.complaints, ["docs/broken.md:13: Property 'nothing' does not exist on type 'Runtime'."]);
  await t.throwsAsync(broken.run('docs/broken.md'), { message: /seed must be .*\n.*docs\/broken\.md:12/s });
  rmSync(broken.dir, { recursive: true });
});

test('commands that pages name exist', (t) => {
  t.deepEqual(
    [...all].flatMap(([path, page]) => wrongCommands(root, path, page)),
    [],
  );
  t.deepEqual(wrongCommands(root, 'x.md', '```sh\nnpm ci && npm run nothing # so\n```\n`npm run reproduce -- none`'), [
    'x.md:2: npm run nothing: no such script',
    'x.md:4: npm run reproduce -- none: no such program of reproduce/',
  ]);
});

test('links lead somewhere', (t) => {
  const broken = [...all].flatMap(([path, page]) =>
    links(page)
      .filter(({ target }) => !/^https?:/.test(target) && !leadsSomewhere(path, target))
      .map(({ target, line }) => `${path}:${line}: ${target}`),
  );
  t.deepEqual(broken, []);
  t.false(leadsSomewhere('README.md', 'docs/architecture.md#nowhere'));
  t.false(leadsSomewhere('README.md', 'docs/nothing.md'));
});

test('pages that sources name are there, down to the heading', (t) => {
  const sources = ['assembly', 'bindings', 'models', 'reproduce', 'bench'].flatMap((folder) =>
    filesOf(folder, /\.ts$/),
  );
  const wrong = sources.flatMap((path) =>
    [...read(path).matchAll(/\bdocs\/[\w/-]+\.md(#[\w-]+)?/g)]
      .filter(([target]) => !leadsSomewhere('', target))
      .map(([target]) => `${path}: ${target}`),
  );
  t.deepEqual(wrong, []);
});

test('the page of derivations names every op', (t) => {
  const page = read('docs/derivations.md');
  const named = [...page.matchAll(/^## (.*)$|^\| (.*?) \||`(\w+)`/gm)].flatMap(([, ...names]) =>
    `${names}`.split(/[^\w]+/),
  );
  t.deepEqual(
    Object.keys(ops).filter((name) => !named.includes(name)),
    [],
  );
});

test("the guides' tables of options are those of the models", (t) => {
  const tables = new Map([...run.values()].flatMap((page) => [...optionTables(page)]));
  const interfaces = filesOf('models', /(?<!^models\/layers\/.*)\.ts$/).flatMap((path) => optionsOf(read(path)));
  t.deepEqual([...tables.keys()].sort(), interfaces.map(([name]) => name).sort());
  for (const [name, options] of interfaces) {
    const table = tables.get(name)!;
    t.deepEqual([...table.keys()], [...options.keys()], name);
    for (const [option, given] of options) {
      t.true(
        table.get(option)?.includes(given),
        `${name}.${option}: the guide must say "${given}", got "${table.get(option)}"`,
      );
    }
  }
});

/** Whether a link on the page at `from` has a file, and a heading where it names one. */
function leadsSomewhere(from: string, target: string): boolean {
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

/** The options interfaces of a source that are exported: their own options in order, each with its default as the docstring has it. */
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
