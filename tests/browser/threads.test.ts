// Threads in pages and in Web Workers of Chromium: the same bits as in Node, and the fallback to a single thread.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest, { type TestFn } from 'ava';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { load } from 'tapehead';
import { type ModelName, modelNames, trainedHash } from '../support/model-trainings.js';
import { startChromium } from './chromium.js';
import { type FolderServer, isolation, serveFolder } from './folder-server.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const plain = '/tests/browser/app/plain.html';
const STEPS = 3;

const test = anyTest as TestFn<{ browser: Browser; isolated: FolderServer; open: FolderServer; bundled: FolderServer }>;

let folder = '';

test.before(async (t) => {
  folder = await mkdtemp(join(tmpdir(), 'tapehead-'));
  await bundle(folder);
  t.context = {
    browser: await startChromium(),
    isolated: await serveFolder(root, isolation),
    open: await serveFolder(root),
    bundled: await serveFolder(folder, isolation),
  };
});

test.after.always(async (t) => {
  await t.context.browser?.close();
  for (const server of [t.context.isolated, t.context.open, t.context.bundled]) server?.close();
  await rm(folder, { recursive: true });
});

/** Bundles a page with a Web Worker, where import maps do not apply. */
async function bundle(folder: string): Promise<void> {
  const compiled = join(root, 'dist');
  await build({
    entryPoints: [
      'tests/browser/app/page.js',
      'tests/browser/app/in-worker.js',
      'bindings/engine/tapehead-worker.js',
    ].map((path) => join(compiled, path)),
    bundle: true,
    splitting: true,
    format: 'esm',
    entryNames: '[name]',
    outdir: folder,
  });
  await writeFile(join(folder, 'index.html'), '<!doctype html><script type="module" src="/page.js"></script>');
}

/** Hash of the same training in Node, with the build that gives the same bits everywhere. */
async function hashInNode(model: ModelName): Promise<string> {
  return trainedHash(model, await load({ variant: 'simd', threads: 1 }), STEPS);
}

/** Opens a page; `script` replaces the worker script. */
async function openPage(browser: Browser, url: string, script?: { status?: number; body: string }): Promise<Page> {
  const page = await browser.newPage();
  if (script !== undefined) {
    const answer = { contentType: 'text/javascript', headers: isolation, ...script };
    await page.route('**/tapehead-worker.js', (route) => route.fulfill(answer));
  }
  await page.goto(url);
  await page.waitForFunction('globalThis.trial');
  return page;
}

/** Closes such a page, even while a thread still waits for its script. */
async function closePage(page: Page): Promise<void> {
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.close();
}

for (const model of modelNames) {
  test.serial(
    `${model}: the same weights in a page and in a Web Worker with 1, 2 and 3 threads as in Node`,
    async (t) => {
      const { browser, isolated, bundled } = t.context;
      const expected = await hashInNode(model);
      const [page, host] = [
        await openPage(browser, isolated.url + plain),
        await openPage(browser, `${bundled.url}/index.html`),
      ];
      for (const threads of [1, 2, 3]) {
        const task = { model, steps: STEPS, variant: 'simd', threads } as const;
        for (const { info, hash } of [
          await page.evaluate((task) => trial.here(task), task),
          await host.evaluate((task) => trial.inWorker(task), task),
        ]) {
          t.like(info, { variant: 'simd', threads }, info.reason);
          t.is(hash, expected);
        }
      }
      await page.close();
      await host.close();
    },
  );
}

test.serial('a page runs the relaxed build with threads, to the same bits', async (t) => {
  const page = await openPage(t.context.browser, t.context.isolated.url + plain);
  const hashes = new Set<string>();
  for (const threads of [1, 2]) {
    const task = { model: 'MemoryVAE', steps: STEPS, threads } as const;
    const { info, hash } = await page.evaluate((task) => trial.here(task), task);
    t.like(info, { variant: 'relaxed', threads }, info.reason);
    hashes.add(hash);
  }
  t.is(hashes.size, 1);
  await page.close();
});

const product = { model: 'MemoryVAE', steps: 1, variant: 'simd', threads: 3 } as const;

test.serial('a page that is not isolated has one thread, and info says why', async (t) => {
  const page = await openPage(t.context.browser, t.context.open.url + plain);
  const { info } = await page.evaluate((task) => trial.here(task), product);
  t.is(info.threads, 1);
  t.regex(
    info.reason,
    /one thread, because SharedArrayBuffer is unavailable \(a page must be cross-origin isolated\)$/,
  );
  await page.close();
});

const failures: Record<string, { script: { status?: number; body: string }; reason: RegExp }> = {
  'is missing': {
    script: { status: 404, body: '' },
    reason: /as requested, but thread 1 failed: tapehead-worker\.js is not next to the code/,
  },
  throws: {
    script: { body: 'throw new Error("no luck")' },
    reason: /as requested, but thread 1 failed: .*no luck/,
  },
};

for (const [what, { script, reason }] of Object.entries(failures)) {
  test.serial(`where the worker script ${what}, a page has one thread, and info says why`, async (t) => {
    const page = await openPage(t.context.browser, t.context.isolated.url + plain, script);
    const { info } = await page.evaluate((task) => trial.here(task), product);
    t.is(info.threads, 1);
    t.regex(info.reason, reason);
    await closePage(page);
  });
}

test.serial('work does not wait for a thread that never answers', async (t) => {
  const page = await openPage(t.context.browser, t.context.isolated.url + plain, { body: '' });
  const { hash } = await page.evaluate((task) => trial.here(task), { ...product, steps: STEPS });
  t.is(hash, await hashInNode('MemoryVAE'));
  await closePage(page);
});

/** A worker that marks itself active in the control block and exits. */
const deadly = `onmessage = ({ data }) => {
  Atomics.add(new Int32Array(data.control), 16, 1);
  postMessage('ready');
  close();
};`;

test.serial('a thread that dies while active is an error after 30 seconds', async (t) => {
  const page = await openPage(t.context.browser, t.context.isolated.url + plain, { body: deadly });
  const failure = await page.evaluate((task) => trial.here(task).catch((error) => `${error}`), product);
  t.is(failure, 'Error: a worker thread did not finish its block within 30 seconds');
  await closePage(page);
});

test.serial('work goes on without a thread that was killed while idle, and close terminates the others', async (t) => {
  const page = await openPage(t.context.browser, t.context.isolated.url + plain);
  let started = 0;
  page.on('worker', () => started++);
  await page.evaluate(() => {
    const { postMessage } = Worker.prototype;
    Worker.prototype.postMessage = function (this: Worker, message: unknown) {
      postMessage.call(this, message);
      // Only the first of the two, once it is ready.
      this.addEventListener('message', () => this.terminate(), { once: true });
      Worker.prototype.postMessage = postMessage;
    } as typeof postMessage;
  });
  const { info, hash } = await page.evaluate((task) => trial.here(task), { ...product, steps: STEPS });
  t.is(info.threads, 3);
  t.is(hash, await hashInNode('MemoryVAE'));
  for (let i = 0; i < 100 && page.workers().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(started, 2);
  t.deepEqual(page.workers(), []);
  await page.close();
});
