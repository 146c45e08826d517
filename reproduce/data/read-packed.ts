// Files of data sets as they come: packed by gzip or not.
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../tools/data-error.js';

/** The bytes of the file, unpacked where its name ends in `.gz`. Rejects with a DataError that names it, and the byte where it is damaged. */
export async function readPacked(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch(({ message }: Error) => {
    throw new DataError(`${path}: it cannot be read (${message})`);
  });
  if (!path.endsWith('.gz')) return bytes;
  const unpacking = createGunzip();
  return buffer(unpacking.end(bytes)).catch(({ message }: Error) => {
    throw new DataError(`${path}: it cannot be unpacked (${message} after byte ${unpacking.bytesWritten})`);
  });
}
