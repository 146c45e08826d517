// Shared parts of the playground's tests: the built site in a browser, pages and their buttons.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest, { type TestFn } from 'ava';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { siteHeaders } from '../../tools/site-headers.js';
import { startChromium } from './chromium.js';
import { type FolderServer, serveFolder } from './folder-server.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The browser, and servers of the site with the documented headers and with none. */
export interface Playground {
  browser: Browser;
  isolated: FolderServer;
  open: FolderServer;
}

/** Builds and serves the site before the tests of a file, and closes everything after them. */
export function playgroundTest(): TestFn<Playground> {
  const test = anyTest as TestFn<Playground>;
  test.before(async (t) => {
    await build({ configFile: join(root, 'site/vite.config.ts'), logLevel: 'error' });
    const site = join(root, 'dist/site');
    t.context = {
      browser: await startChromium(),
      isolated: await serveFolder(site, siteHeaders),
      open: await serveFolder(site),
    };
  });
  test.after.always(async (t) => {
    await t.context.browser?.close();
    for (const server of [t.context.isolated, t.context.open]) server?.close();
  });
  return test;
}

/** Opens a page of the playground and resets it with these numbers in its form. */
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

/** Waits until the page shows this number of updates. */
export async function updates(page: Page, count: number): Promise<void> {
  await page.locator('#updates').getByText(String(count), { exact: true }).waitFor();
}

/** Presses Step until the page shows this number of updates. */
export async function stepTo(page: Page, count: number): Promise<void> {
  for (let i = Number(await page.textContent('#updates')) + 1; i <= count; i++) {
    await page.click('#step');
    await updates(page, i);
  }
}

/** Returns the checkpoint that the page saves. */
export async function saved(page: Page): Promise<Uint8Array> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  return readFile(await download.path());
}

/** Loads a file as a checkpoint. */
export async function openFile(page: Page, bytes: Uint8Array): Promise<void> {
  const file = { name: 'file.safetensors', mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) };
  await page.setInputFiles('#file', file);
}
