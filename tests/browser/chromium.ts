// The browser of the tests: an installed Chromium.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const quiet = '--disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** Starts a headless Chromium, at the path in CHROMIUM or that of Debian. Throws an Error if it is missing. */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`browser tests: found no Chromium at ${executablePath}: set CHROMIUM to its path`);
  }
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet.split(' ')] });
}
