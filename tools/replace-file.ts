// Writing a file that matters: whoever reads it finds the old one whole or the new one whole.
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DataError } from './data-error.js';

/** Writes beside `path`, waits until the disk has it, and renames. Throws a DataError, leaving the old file, where it cannot. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const written = `${path}.tmp`;
  try {
    synced(written, 'w', (file) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
    renameSync(written, path);
    // The new name, too, must have reached the disk; Windows has no way to wait for a folder.
    if (process.platform !== 'win32') synced(dirname(path), 'r', () => {});
  } catch (error) {
    rmSync(written, { force: true });
    throw new DataError(`${path}: it cannot be written (${(error as Error).message})`);
  }
}

/** Opens, uses, waits for the disk, closes. */
function synced(path: string, flags: string, use: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    use(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
