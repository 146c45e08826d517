// The cache folder, and how a data set gets into it.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { DataError } from '../../tools/data-error.js';
import { Progress } from '../progress.js';
import { type FetchOptions, fetchFile, isFile, type RemoteFile } from './fetch-file.js';

/** Files that belong together. */
export interface RemoteSet {
  /** Its folder in the cache. */
  readonly name: string;
  readonly files: readonly RemoteFile[];
}

export interface CacheOptions extends Pick<FetchOptions, 'silence'> {
  /** Folder of all sets. Default: where this platform keeps caches. */
  readonly cache?: string;
  /** Where progress is shown. Default standard output. */
  readonly stream?: NodeJS.WritableStream & { isTTY?: boolean };
}

/** Sees that every file of the set lies whole in the cache, and returns its folder there; rejects with a DataError. */
export async function fetchIntoCache(set: RemoteSet, options: CacheOptions = {}): Promise<string> {
  const { cache = envPaths('tapehead', { suffix: '' }).cache, stream = process.stdout } = options;
  const folder = join(cache, set.name);
  await mkdir(folder, { recursive: true }).catch(({ message }: Error) => {
    throw new DataError(
      `${set.name}: the cache folder cannot be made (${message}): name a folder that holds its files with --data`,
    );
  });
  const missing: RemoteFile[] = [];
  for (const file of set.files) if (!(await isFile(join(folder, file.name), file))) missing.push(file);
  if (missing.length === 0) return folder;

  const total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  stream.write(`Fetching ${set.name} (${megabytes(total)} MB) into ${folder}\n`);
  const progress = new Progress(megabytes(total), 'MB', stream);
  let done = 0;
  try {
    for (const file of missing) {
      await fetchFile(file, join(folder, file.name), {
        ...options,
        signal: progress.signal,
        onBytes: (bytes) => progress.update(megabytes(done + bytes), {}),
      }).catch((error: unknown) => explain(set, folder, file, error));
      done += file.bytes;
    }
  } finally {
    progress.stop();
  }
  return folder;
}

/** What to do where a file could not be had. */
function explain({ name, files }: RemoteSet, folder: string, { url }: RemoteFile, error: unknown): never {
  if ((error as Error).name === 'AbortError')
    throw new DataError('What has been fetched stays; the next run goes on there.');
  if (!(error instanceof DataError)) throw error;
  const names = files.map((file) => file.name);
  const list = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  throw new DataError(
    `${name}: ${url} could not be fetched (${error.message}): put ${list} into ${folder}, or name their folder with --data`,
  );
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
