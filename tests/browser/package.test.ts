// The packed package: lint, dependencies, README's first snippet in Node and TypeScript, use without a bundler.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'ava';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { load } from 'tapehead';
import { trainedHash } from '../support/model-trainings.js';
import { startChromium } from './chromium.js';
import { serveFolder } from './folder-server.js';
import { type Installed, install, root, run } from './installed.js';

const require = createRequire(import.meta.url);

let installed: Installed;

test.before(async () => {
  installed = await install();
});

test.after.always(async () => {
  if (installed !== undefined) await rm(installed.folder, { recursive: true });
});

async function manifest(folder: string): Promise<Record<string, Record<string, string> | string>> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
}

/** The first TypeScript block of README.md. */
async function snippet(): Promise<string> {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  return /```ts\n(.*?)```/s.exec(readme)?.[1] as string;
}

test('publint finds no problem', async (t) => {
  const { messages, pkg } = await publint({ pkgDir: join(installed.folder, 'node_modules/tapehead'), pack: false });
  t.deepEqual(
    messages.map((message) => formatMessage(message, pkg)),
    [],
  );
});

test('types resolve in every mode of importing ES modules', async (t) => {
  const wasm = Object.keys((await manifest(root)).exports as object).filter((path) => path.endsWith('.wasm'));
  const attw = join(dirname(require.resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js');
  const excluded = ['--exclude-entrypoints', ...wasm.map((path) => path.slice(2))];
  await t.notThrowsAsync(run(process.execPath, [attw, installed.tarball, '--profile', 'esm-only', ...excluded]));
});

test('installs no further packages and no install script, and contains the licence', async (t) => {
  const { packages } = JSON.parse(await readFile(join(installed.folder, 'node_modules/.package-lock.json'), 'utf8'));
  const names = Object.keys(packages);
  t.deepEqual(
    names.sort(),
    ['tapehead', 'wasm-feature-detect'].map((name) => `node_modules/${name}`),
  );
  for (const name of names) t.false(packages[name].hasInstallScript ?? false, name);
  const folder = join(installed.folder, 'node_modules/tapehead');
  t.is((await manifest(folder)).license, 'MIT');
  t.regex(await readFile(join(folder, 'LICENSE'), 'utf8'), /^MIT License/);
});

test("README's first snippet runs", async (t) => {
  await writeFile(join(installed.folder, 'snippet.js'), await snippet());
  const { stdout } = await run(process.execPath, ['snippet.js'], { cwd: installed.folder });
  const lines = stdout.trim().split('\n');
  for (const line of lines) t.true(Number.isFinite(Number(line.split(' ').at(-1))) && line !== '', line);
});

for (const [moduleResolution, module] of [
  ['nodenext', 'nodenext'],
  ['bundler', 'esnext'],
] as const) {
  test(`README's first snippet compiles in strict TypeScript with moduleResolution ${moduleResolution}`, async (t) => {
    const path = join(installed.folder, `${moduleResolution}.ts`);
    await writeFile(
      path,
      `${await snippet()}\n// @ts-expect-error: the types refuse a string.\nawait load({ threads: 'two' });\n`,
    );
    const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--module', module];
    await t.notThrowsAsync(
      run(process.execPath, [tsc, ...options, '--moduleResolution', moduleResolution, path], { cwd: installed.folder }),
    );
  });
}

test('a page needs only a static server and an import map', async (t) => {
  const { folder } = installed;
  const map = await readFile(join(root, 'tests/browser/app/plain.html'), 'utf8');
  const html = map.replace('/dist/index.js', '/node_modules/tapehead/dist/index.js').replace('/dist/tests/', '/tests/');
  await writeFile(join(folder, 'plain.html'), html);
  const server = await serveFolder(folder);
  const browser = await startChromium();
  t.teardown(async () => {
    await browser.close();
    server.close();
  });
  const page = await browser.newPage();
  await page.goto(`${server.url}/plain.html`);
  await page.waitForFunction('globalThis.trial');
  const task = { model: 'NTM', steps: 3, variant: 'simd' } as const;
  const { hash } = await page.evaluate((task) => trial.here(task), task);
  t.is(hash, await trainedHash(task.model, await load({ variant: task.variant, threads: 1 }), task.steps));
});
