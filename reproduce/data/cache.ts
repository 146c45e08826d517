// Download of data sets into the cache folder.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import envPaths from 'env-paths';
import { DataError } from '../../tools/data-error.js';
import { Progress } from '../progress.js';
import { type FetchOptions, fetchFile, isFile, type RemoteFile } from './fetch-file.js';
import { withLock } from './lock.js';

/** A data set on the web. */
export interface RemoteSet {
  /** Name of its folder in the cache. */
  readonly name: string;
  readonly files: readonly RemoteFile[];
}

type Output = NodeJS.WritableStream & { isTTY?: boolean };

export interface CacheOptions extends Pick<FetchOptions, 'idleTimeout'> {
  /** Cache folder. Default: that of the platform. */
  readonly cache?: string;
  /** Stream on which progress is shown. Default: standard output. */
  readonly stream?: Output;
}

/**
 * Fetches the missing and damaged files of a data set and returns its folder in the cache. If another process fetches
 * the same set, waits until it is done. Rejects with a DataError.
 */
export async function fetchIntoCache(set: RemoteSet, options: CacheOptions = {}): Promise<string> {
  const { cache = envPaths('tapehead', { suffix: '' }).cache, stream = process.stdout, ...fetching } = options;
  const folder = join(cache, set.name);
  await mkdir(folder, { recursive: true }).catch(({ message }: Error) => {
    throw new DataError(
      `${set.name}: cannot create the cache folder (${message}); choose the folder of its files with --data`,
    );
  });
  if ((await missingFiles(set, folder)).length === 0) return folder;
  const onWait = () => stream.write(`Waiting for another process that is fetching ${set.name}\n`);
  const lock = join(folder, 'lock');
  await withLock(lock, async () => fetchAll(set, await missingFiles(set, folder), folder, stream, fetching), {
    onWait,
  });
  return folder;
}

async function missingFiles(set: RemoteSet, folder: string): Promise<RemoteFile[]> {
  const missing: RemoteFile[] = [];
  for (const file of set.files) if (!(await isFile(join(folder, file.name), file))) missing.push(file);
  return missing;
}

async function fetchAll(
  set: RemoteSet,
  missing: readonly RemoteFile[],
  folder: string,
  stream: Output,
  options: FetchOptions,
): Promise<void> {
  if (missing.length === 0) return;
  const total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  stream.write(`Fetching ${set.name} (${megabytes(total)} MB) to ${folder}\n`);
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
}

/** Throws a DataError that says what to do about a failed download. */
function explain({ name, files }: RemoteSet, folder: string, { url }: RemoteFile, error: unknown): never {
  if ((error as Error).name === 'AbortError') {
    throw new DataError('The part fetched so far is kept; the next run continues from there.');
  }
  if (!(error instanceof DataError)) throw error;
  const names = files.map((file) => file.name);
  const list = names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  throw new DataError(
    `${name}: cannot fetch ${url} (${error.message}): put ${list} into ${folder}, or choose their folder with --data`,
  );
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
