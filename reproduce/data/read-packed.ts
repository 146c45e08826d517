// Files of data sets, gzipped or not.
import { readFile } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../tools/data-error.js';
import { gunzipLimit } from '../../tools/gunzip-limit.js';

/**
 * Reads a file and unpacks it if its name ends in `.gz`. Rejects with a DataError that names the file, and the byte
 * where it is damaged.
 */
export async function readPacked(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch(({ message }: Error) => {
    throw new DataError(`${path}: cannot be read (${message})`);
  });
  return path.endsWith('.gz') ? unpack(path, bytes) : bytes;
}

async function unpack(path: string, bytes: Uint8Array): Promise<Uint8Array> {
  const limit = gunzipLimit(bytes.length);
  const gunzip = createGunzip();
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of gunzip.end(bytes)) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limit) throw new DataError(`${path}: unpacks to more than ${limit} bytes, which no data set does`);
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${path}: cannot be unpacked (${(error as Error).message} after byte ${gunzip.bytesWritten})`);
  }
  return Buffer.concat(chunks, length);
}
