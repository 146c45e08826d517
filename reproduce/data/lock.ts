// A lock file, which keeps two processes from fetching the same data set at once.
import { open, rm, stat, utimes } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { cannotWrite } from '../../tools/replace-file.js';

const REFRESH_MS = 1000;
const POLL_MS = 200;

export interface LockOptions {
  /** Called once if another process holds the lock. */
  readonly onWait?: () => void;
  /** Time in ms after which a lock that its owner has not refreshed counts as abandoned. Default 5,000. */
  readonly staleAfter?: number;
}

/**
 * Runs `work` while holding the lock file `path`, once no other process does. A lock is advisory: when a stalled
 * process loses it, two may work at once, which must be correct, if wasteful. Rejects with a DataError if the file
 * cannot be created.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const { onWait = () => {}, staleAfter = 5000 } = options;
  for (let waiting = false; !(await acquire(path)); waiting = true) {
    if (!waiting) onWait();
    await waitForRelease(path, staleAfter);
  }
  const refresh = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), REFRESH_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(refresh);
    await rm(path, { force: true });
  }
}

async function acquire(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cannotWrite(path, error);
  }
}

/**
 * Resolves when the lock is gone; removes it if it is not refreshed for `staleAfter` ms. Compares times of the file
 * only with each other.
 */
async function waitForRelease(path: string, staleAfter: number): Promise<void> {
  let modified = await modifiedTime(path);
  let changed = performance.now();
  while (modified !== undefined) {
    await setTimeout(POLL_MS);
    const now = await modifiedTime(path);
    if (now !== modified) [modified, changed] = [now, performance.now()];
    else if (performance.now() - changed > staleAfter) return rm(path, { force: true });
  }
}

async function modifiedTime(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}
