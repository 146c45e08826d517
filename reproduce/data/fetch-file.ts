// One file over HTTP, as surely as it can be had: resumed where it broke off, checked, fetched anew once if it is wrong.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { DataError } from '../../tools/data-error.js';

/** A file at a public address whose content is known. */
export interface RemoteFile {
  readonly name: string;
  readonly url: string;
  /** Length. */
  readonly bytes: number;
  /** Checksum, in hexadecimal digits. */
  readonly sha256: string;
}

export interface FetchOptions {
  /** Ends the transfer; what has come stays for the next time. */
  readonly signal?: AbortSignal;
  /** Sees how many bytes of the file are there. */
  readonly onBytes?: (bytes: number) => Promise<void>;
  /** Longest silence of the server in milliseconds. Default 30,000. */
  readonly silence?: number;
}

/**
 * Fetches `file` to `path`, which holds it whole or not at all; parts lie in `path.part`. Rejects with a DataError that
 * says why, or with the signal's reason.
 */
export async function fetchFile(file: RemoteFile, path: string, options: FetchOptions = {}): Promise<void> {
  const part = `${path}.part`;
  for (let attempt = 1; ; attempt++) {
    await fetchPart(file, part, options);
    if (await isFile(part, file)) break;
    await rm(part);
    if (attempt === 2) throw new DataError('its checksum was wrong twice');
  }
  await rename(part, path);
}

/** Whether `path` holds that file: its length and its checksum. */
export async function isFile(path: string, { bytes, sha256 }: RemoteFile): Promise<boolean> {
  if ((await lengthOf(path)) !== bytes) return false;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') === sha256;
}

/** Bytes of the file at `path`, 0 if there is none. */
export async function lengthOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

/** Goes on with `part` until it has its length. A broken transfer is taken up again as long as each gets farther. */
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

/** One request, for what `part` lacks. Tells why it ended; only an abort and a fault of this machine's files are thrown. */
async function transfer(file: RemoteFile, part: string, options: FetchOptions): Promise<string> {
  const { signal, silence = 30_000 } = options;
  const connection = new AbortController();
  const stop = () => connection.abort(signal?.reason);
  const hush = () => connection.abort(new DataError(`the server was silent for ${silence / 1000} s`));
  const timer = setTimeout(hush, silence);
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
    // The connection could not be made, or it ended in the middle.
    if (error instanceof TypeError) return causeOf(error);
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    connection.abort();
  }
}

/** Appends what comes to `part`, or writes it anew where the server cannot send a range. Returns its length. */
async function receive(
  { url, bytes }: RemoteFile,
  part: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => Promise<void>,
): Promise<number> {
  const have = await lengthOf(part);
  // What is checked is the file as it lies there, so it must not be packed once more on its way; and a connection that was
  // kept may be the one that has just broken.
  const headers = { 'accept-encoding': 'identity', connection: 'close' };
  const range: HeadersInit = have > 0 ? { range: `bytes=${have}-` } : {};
  const response = await fetch(url, { headers: { ...headers, ...range }, signal });
  const resumed = response.status === 206;
  if (!resumed && response.status !== 200) {
    throw new DataError(`the server answered ${response.status} ${response.statusText}`.trimEnd());
  }
  if (resumed && !response.headers.get('content-range')?.startsWith(`bytes ${have}-`)) {
    throw new DataError('the server sent another range than was asked for');
  }
  let length = resumed ? have : 0;
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

/** `fetch` says why only in the cause of its error. */
function causeOf({ cause, message }: TypeError): string {
  if (!(cause instanceof Error)) return message;
  return cause.message || String((cause as NodeJS.ErrnoException).code);
}
