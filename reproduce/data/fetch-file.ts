// Reliable download of a file over HTTP: resumed after an interruption, verified, and fetched again once if the
// checksum is wrong.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { DataError } from '../../tools/data-error.js';
import { cannotWrite } from '../../tools/replace-file.js';
import { claimPart, releasePart } from './part.js';

/** A public file with known content. */
export interface RemoteFile {
  readonly name: string;
  readonly url: string;
  /** Size in bytes. */
  readonly bytes: number;
  /** Hexadecimal SHA-256 checksum. */
  readonly sha256: string;
}

export interface FetchOptions {
  /** Aborts the transfer; the part fetched so far is kept for the next run. */
  readonly signal?: AbortSignal;
  /** Called with the number of bytes fetched so far. */
  readonly onBytes?: (bytes: number) => Promise<void>;
  /** Maximum time in ms without data from the server. Default 30,000. */
  readonly idleTimeout?: number;
}

/**
 * Fetches `file` to `path`, which holds the whole file or does not exist; a part is kept in `path.part`. Several
 * processes may fetch to the same path. Rejects with a DataError that gives the reason, or with the reason of the
 * signal.
 */
export async function fetchFile(file: RemoteFile, path: string, options: FetchOptions = {}): Promise<void> {
  const part = await claimPart(path);
  try {
    for (let attempt = 1; ; attempt++) {
      await fetchPart(file, part, options);
      if (await isFile(part, file)) break;
      await rm(part);
      if (attempt === 2) throw new DataError('wrong checksum twice');
    }
    await rename(part, path);
  } catch (error) {
    await releasePart(part, path);
    throw error instanceof Error && 'syscall' in error ? cannotWrite(path, error) : error;
  }
}

/** Whether `path` holds that file, by length and checksum. */
export async function isFile(path: string, { bytes, sha256 }: RemoteFile): Promise<boolean> {
  if ((await lengthOf(path)) !== bytes) return false;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') === sha256;
}

/** Size of the file at `path`; 0 if there is none. */
export async function lengthOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

/** Continues `part` until it is complete. An interrupted transfer is resumed as long as each one makes progress. */
async function fetchPart(file: RemoteFile, part: string, options: FetchOptions): Promise<void> {
  let [farthest, reason] = [-1, ''];
  for (;;) {
    const length = await lengthOf(part);
    if (length >= file.bytes) return;
    if (length <= farthest) throw new DataError(reason);
    farthest = length;
    reason = await transfer(file, part, options);
  }
}

/**
 * Requests the rest of `part` and returns why the transfer ended; throws only on abort and on errors of the file
 * system.
 */
async function transfer(file: RemoteFile, part: string, options: FetchOptions): Promise<string> {
  const { signal, idleTimeout = 30_000 } = options;
  const connection = new AbortController();
  const stop = () => connection.abort(signal?.reason);
  const timeOut = () => connection.abort(new DataError(`the server sent nothing for ${idleTimeout / 1000} s`));
  const timer = setTimeout(timeOut, idleTimeout);
  signal?.addEventListener('abort', stop);
  try {
    signal?.throwIfAborted();
    const length = await receive(file, part, connection.signal, async (length) => {
      timer.refresh();
      await options.onBytes?.(length);
    });
    return `the server sent ${length} bytes instead of ${file.bytes}`;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof DataError) return error.message;
    // `fetch` throws a TypeError if the connection fails or breaks.
    if (error instanceof TypeError) return causeOf(error);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    connection.abort();
  }
}

/**
 * Appends the response to `part`, or overwrites it if the server does not support ranges. Returns the length of `part`.
 */
async function receive(
  { url, bytes }: RemoteFile,
  part: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => Promise<void>,
): Promise<number> {
  const present = await lengthOf(part);
  // The checksum is that of the file itself, so the transfer must not be compressed. A reused connection may be the one
  // that just broke.
  const headers = { 'accept-encoding': 'identity', connection: 'close' };
  const range: HeadersInit = present > 0 ? { range: `bytes=${present}-` } : {};
  const response = await fetch(url, { headers: { ...headers, ...range }, signal });
  const resumed = response.status === 206;
  if (!resumed && response.status !== 200) {
    throw new DataError(`the server answered ${response.status} ${response.statusText}`.trimEnd());
  }
  if (resumed && !response.headers.get('content-range')?.startsWith(`bytes ${present}-`)) {
    throw new DataError('the server sent a different range than requested');
  }
  let length = resumed ? present : 0;
  const output = await open(part, resumed ? 'a' : 'w');
  try {
    for await (const chunk of response.body ?? []) {
      await output.appendFile(chunk);
      length += chunk.length;
      await onBytes(length);
      if (length > bytes) break;
    }
    await output.sync();
  } finally {
    await output.close();
  }
  return length;
}

/** The reason why `fetch` failed, which is in the cause of its error. */
function causeOf({ cause, message }: TypeError): string {
  if (!(cause instanceof Error)) return message;
  return cause.message || String((cause as NodeJS.ErrnoException).code);
}
