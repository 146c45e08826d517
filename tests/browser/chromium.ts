// The browser that the tests drive: an installed Chromium.
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const quiet = '--disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

/** A headless Chromium: the one that CHROMIUM names, or else Debian's. Throws an Error where it is missing. */
export async function startChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath)) {
    throw new Error(`browser tests: CHROMIUM must be the path of a Chromium, got ${executablePath}, which is missing`);
  }
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', ...quiet.split(' ')] });
}
