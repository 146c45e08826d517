// Writing files so that an error names the file, and a reader never finds a part of one.
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DataError } from './data-error.js';

/** Temporary files older than this belong to a process that was killed while writing. */
const ABANDONED_MS = 3_600_000;

/**
 * Writes a temporary file next to `path`, flushes it to disk and renames it. The temporary name is unique, so several
 * processes may replace the same file. Throws a DataError and keeps the old file if that fails.
 */
export function replaceFile(path: string, content: Uint8Array | string): void {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const temporary = uniqueName(path, 'tmp');
  try {
    removeAbandoned(path);
    synced(temporary, 'wx', (file) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
    renameSync(temporary, path);
    // Flushes the new name as well; Windows cannot flush a folder.
    if (process.platform !== 'win32') synced(dirname(path), 'r', () => {});
  } catch (error) {
    rmSync(temporary, { force: true });
    throw cannotWrite(path, error);
  }
}

/** Appends a line to a file. Throws a DataError if that fails. */
export function appendLine(path: string, line: string): void {
  try {
    appendFileSync(path, `${line}\n`);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** The error of a file that cannot be written: the system's own message for a full disk does not name the file. */
export function cannotWrite(path: string, error: unknown): DataError {
  return new DataError(`${path}: cannot be written (${(error as Error).message})`);
}

/** A file name next to `path` that no other process uses. */
export function uniqueName(path: string, ending: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.${ending}`;
}

function removeAbandoned(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(path)}.`) || !name.endsWith('.tmp')) continue;
    const file = join(folder, name);
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
    if (age > ABANDONED_MS) rmSync(file, { force: true });
  }
}

/** Opens, uses, flushes and closes a file or folder. */
function synced(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    use(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
