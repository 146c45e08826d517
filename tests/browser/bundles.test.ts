// Bundles of the installed package: in a page and in a Web Worker, with and without isolation, under a strict policy.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Browser } from 'playwright-core';
import { load } from 'tapehead';
import { createServer } from 'vite';
import { trainedHash } from '../support/model-trainings.js';
import { bundlers } from './bundlers.js';
import { startChromium } from './chromium.js';
import { isolation, serveFolder, strictPolicy } from './folder-server.js';
import { type Installed, install } from './installed.js';

const entries = { page: './tests/browser/app/page.js', 'in-worker': './tests/browser/app/in-worker.js' };
/** For bundlers that do not detect the worker script. */
const withThreads = { ...entries, 'tapehead-worker': 'tapehead/worker' };
const task = { model: 'KernelMemory', steps: 3, variant: 'simd', threads: 3 } as const;

interface Case {
  readonly bundler: keyof typeof bundlers;
  readonly entries: Readonly<Record<string, string>>;
  /** Why even an isolated page has one thread. */
  readonly alone?: RegExp;
  /** Name of the Web Worker's classic script, if the bundler does not detect its module. */
  readonly script?: string;
}

const cases: Record<string, Case> = {
  Vite: { bundler: 'Vite', entries: { page: entries.page } },
  webpack: { bundler: 'webpack', entries: { page: entries.page } },
  esbuild: { bundler: 'esbuild', entries: withThreads },
  Rollup: { bundler: 'Rollup', entries: withThreads },
  'esbuild without the worker script': {
    bundler: 'esbuild',
    entries,
    alone:
      / as requested, but thread 1 failed: tapehead-worker\.js is not next to the code that loads it, thread 2 failed/,
  },
  'esbuild to one script': {
    bundler: 'esbuild to one script',
    entries,
    alone: / as requested, but thread 1 cannot start: the bundle is no ES module/,
    script: 'in-worker.js',
  },
};

let installed: Installed;
let browser: Browser;
let expected: string;

test.before(async () => {
  installed = await install();
  browser = await startChromium();
  expected = await trainedHash(task.model, await load({ variant: task.variant, threads: 1 }), task.steps);
});

test.after.always(async () => {
  await browser?.close();
  if (installed !== undefined) await rm(installed.folder, { recursive: true });
});

for (const [name, { bundler, entries, alone, script }] of Object.entries(cases)) {
  test.serial(
    `${name}: the same weights as in Node, in a page and in a Web Worker under a strict policy`,
    async (t) => {
      const out = join(installed.folder, 'out', name);
      await bundlers[bundler](installed.folder, entries, out);
      const pages = { isolated: { ...strictPolicy, ...isolation }, open: strictPolicy };
      for (const [kind, headers] of Object.entries(pages)) {
        const server = await serveFolder(out, headers);
        t.teardown(() => server.close());
        const page = await browser.newPage();
        await page.goto(`${server.url}/index.html`);
        await page.waitForFunction('globalThis.trial');
        t.is(await page.evaluate('crossOriginIsolated'), kind === 'isolated');
        for (const where of ['here', 'inWorker'] as const) {
          const { info, hash } = await page.evaluate(({ where, task, script }) => trial[where](task, script), {
            ...{ where, task, script },
          });
          t.is(hash, expected, where);
          t.is(info.threads, kind === 'isolated' && alone === undefined ? task.threads : 1, info.reason);
          t.regex(
            info.reason,
            kind === 'open' ? /SharedArrayBuffer is unavailable/ : (alone ?? /3 threads as requested$/),
          );
        }
        await page.close();
      }
    },
  );
}

test.serial("Vite's development server: the same weights as in Node, with threads", async (t) => {
  const root = installed.folder;
  await writeFile(join(root, 'index.html'), `<!doctype html><script type="module" src="${entries.page}"></script>`);
  const server = await createServer({ root, logLevel: 'error', server: { headers: isolation, port: 0 } });
  t.teardown(() => server.close());
  await server.listen();
  const page = await browser.newPage();
  await page.goto(server.resolvedUrls?.local[0] as string);
  await page.waitForFunction('globalThis.trial');
  for (const where of ['here', 'inWorker'] as const) {
    const { info, hash } = await page.evaluate(({ where, task }) => trial[where](task), { where, task });
    t.is(hash, expected, where);
    t.is(info.threads, task.threads, info.reason);
  }
  await page.close();
});

test.serial('the strict policy is in force: without wasm-unsafe-eval, load fails', async (t) => {
  const server = await serveFolder(join(installed.folder, 'out', 'Vite'), {
    'content-security-policy': "script-src 'self'",
  });
  t.teardown(() => server.close());
  const page = await browser.newPage();
  await page.goto(`${server.url}/index.html`);
  await page.waitForFunction('globalThis.trial');
  await t.throwsAsync(
    page.evaluate((task) => trial.here(task), task),
    { message: /Content Security Policy/ },
  );
  await page.close();
});
