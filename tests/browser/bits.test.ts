// Bit for bit: a browser is held to the same weights as Node.
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { STEPS, trainedHashes } from '../trained-hashes.js';
import { modelNames } from '../trainings.js';
import { startChromium } from './chromium.js';
import { isolation, serveFolder } from './folder-server.js';

test(`${STEPS} steps of every model come to the weights that are written down`, async (t) => {
  const server = await serveFolder(fileURLToPath(new URL('../../..', import.meta.url)), isolation);
  const browser = await startChromium();
  t.teardown(async () => {
    await browser.close();
    server.close();
  });
  const page = await browser.newPage();
  await page.goto(`${server.url}/tests/browser/app/plain.html`);
  await page.waitForFunction('globalThis.trial');
  for (const model of modelNames) {
    const task = { model, steps: STEPS, variant: 'simd' } as const;
    const { hash } = await page.evaluate((task) => trial.here(task), task);
    t.is(hash, trainedHashes[model], model);
  }
});
