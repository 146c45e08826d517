// Writing a file that matters: whoever reads it finds the old one whole or the new one whole.
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';

/** Writes beside `path`, waits until the disk has it, and renames. */
export function replaceFile(path: string, bytes: Uint8Array): void {
  const file = openSync(`${path}.tmp`, 'w');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.tmp`, path);
}
