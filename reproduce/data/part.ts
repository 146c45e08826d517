// The part of a file that has been fetched so far: a file that only this process writes, and that a later run
// continues.
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { uniqueName } from '../../tools/replace-file.js';

/** Parts that have not grown for longer belong to a process that was killed. */
const ABANDONED_MS = 60_000;

/** Returns the path of a part for `path` that no other process uses; it holds what earlier runs have fetched. */
export async function claimPart(path: string): Promise<string> {
  const own = uniqueName(path, 'part');
  for (const left of [releasedPart(path), ...(await abandonedParts(path))]) {
    // Renaming is atomic: of two processes, one gets the part and the other an error.
    const claimed = await rename(left, own).then(
      () => true,
      () => false,
    );
    if (claimed) break;
  }
  return own;
}

/** Leaves a part for later runs, unless it is empty. */
export async function releasePart(part: string, path: string): Promise<void> {
  const { size } = (await stat(part).catch(() => undefined)) ?? { size: 0 };
  if (size === 0) await rm(part, { force: true });
  else await rename(part, releasedPart(path));
}

function releasedPart(path: string): string {
  return `${path}.part`;
}

async function abandonedParts(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => []);
  const parts = names.filter((name) => name.startsWith(`${basename(path)}.`) && name.endsWith('.part'));
  const found: string[] = [];
  for (const part of parts.map((name) => join(dirname(path), name))) {
    const modified = (await stat(part).catch(() => undefined))?.mtimeMs ?? Infinity;
    if (Date.now() - modified > ABANDONED_MS) found.push(part);
  }
  return found;
}
