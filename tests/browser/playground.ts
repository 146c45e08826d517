// What the tests of the playground's pages share: the built site in a browser, a page that is ready to train, its buttons.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest, { type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { startChromium } from './chromium.js';
import { type FolderServer, isolation, serveFolder } from './folder-server.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The browser, and the site with and without the headers that threads need. */
export interface Playground {
  browser: Browser;
  isolated: FolderServer;
  open: FolderServer;
}

/** Builds the site and opens it before the tests of a file, and closes it after them. */
export function playgroundTest(): TestFn<Playground> {
  const test = anyTest as TestFn<Playground>;
  test.before(async (t) => {
    await build({ configFile: join(root, 'site/vite.config.ts'), logLevel: 'error' });
    const site = join(root, 'dist/site');
    t.context = {
      browser: await startChromium(),
      isolated: await serveFolder(site, isolation),
      open: await serveFolder(site),
    };
  });
  test.after.always(async (t) => {
    await t.context.browser?.close();
    for (const server of [t.context.isolated, t.context.open]) server?.close();
  });
  return test;
}

/** Opens a page of the playground, ready to train with these numbers in its form. */
export async function ready(
  page: Page,
  { url }: FolderServer,
  folder: string,
  settings: Readonly<Record<string, number>> = {},
): Promise<Page> {
  await page.goto(`${url}/${folder}/index.html`);
  await page.locator('#train:enabled').waitFor();
  for (const [field, value] of Object.entries(settings)) await page.fill(`#settings [name=${field}]`, String(value));
  await reset(page);
  return page;
}

export async function reset(page: Page): Promise<void> {
  await page.click('#reset');
  await updates(page, 0);
}

/** Waits until the page says that so many updates are done. */
export async function updates(page: Page, count: number): Promise<void> {
  await page.locator('#updates').getByText(String(count), { exact: true }).waitFor();
}

/** Presses Step until so many updates are done. */
export async function stepTo(page: Page, count: number): Promise<void> {
  for (let i = Number(await page.textContent('#updates')) + 1; i <= count; i++) {
    await page.click('#step');
    await updates(page, i);
  }
}

/** The checkpoint that the page saves. */
export async function saved(page: Page): Promise<Uint8Array> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  return readFile(await download.path());
}

/** Loads a file as a checkpoint. */
export async function openFile(page: Page, bytes: Uint8Array): Promise<void> {
  const file = { name: 'file.safetensors', mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) };
  await page.setInputFiles('#file', file);
}
