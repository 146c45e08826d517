// Bitwise reproducibility: a browser trains the same weights as Node.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Page } from 'playwright-core';
import { modelNames } from '../support/model-trainings.js';
import { STEPS, trainedHashes } from '../support/trained-hashes.js';
import { startChromium } from './chromium.js';
import { isolation, serveFolder } from './folder-server.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Opens a page of this checkout's files that trains on request. */
async function openPage(t: ExecutionContext): Promise<Page> {
  const server = await serveFolder(root, isolation);
  const browser = await startChromium();
  t.teardown(async () => {
    await browser.close();
    server.close();
  });
  const page = await browser.newPage();
  await page.goto(`${server.url}/tests/browser/app/plain.html`);
  await page.waitForFunction('globalThis.trial');
  return page;
}

test(`${STEPS} steps of every model give the weights of trained-hashes.ts`, async (t) => {
  const page = await openPage(t);
  for (const model of modelNames) {
    const task = { model, steps: STEPS, variant: 'simd' } as const;
    const { hash } = await page.evaluate((task) => trial.here(task), task);
    t.is(hash, trainedHashes[model], model);
  }
});

test('the public API and the WASI command give the same hash', async (t) => {
  const page = await openPage(t);
  const hash = await page.evaluate(`(async () => {
    const { load } = await import('/dist/index.js');
    const { wasiTwin, weightsHash } = await import('/dist/tests/reference/wasi-training.js');
    return weightsHash(await wasiTwin(await load({ variant: 'simd' })));
  })()`);
  const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore'];
  t.is(`${hash}\n`, execFileSync(process.execPath, [join(root, 'scripts/wasi.mjs')], { stdio }).toString());
});
