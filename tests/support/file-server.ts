// A local HTTP server for downloads, with configurable failures.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request. */
export type Answer = (
  content: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
  /** Calls `act` once the client has this many bytes of the file. */
  once: (bytes: number, act: () => void) => void,
) => void;

export interface FileServer {
  readonly url: string;
  /** Range headers of all requests so far. */
  readonly ranges: (string | undefined)[];
  /** Reports how many bytes the client has, so that the server can interrupt the transfer exactly there. */
  received(bytes: number): void;
  close(): void;
}

/** Serves `content` at any path, with one answer after another; the last one repeats. */
export async function serve(content: Buffer, ...answers: Answer[]): Promise<FileServer> {
  const ranges: (string | undefined)[] = [];
  let waiting = { bytes: Infinity, act: () => {} };
  const once = (bytes: number, act: () => void) => {
    waiting = { bytes, act };
  };
  const server = createServer((request, response) => {
    const answer = answers[Math.min(ranges.length, answers.length - 1)] as Answer;
    ranges.push(request.headers.range);
    answer(content, request, response, once);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  const received = (bytes: number) => {
    if (bytes >= waiting.bytes) waiting.act();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`, ranges, received, close };
}

/** Sends the whole file or the requested range. */
export const whole: Answer = (content, request, response) => {
  const start = startOf(request);
  if (start > 0) response.writeHead(206, { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` });
  response.end(content.subarray(start));
};

/** Sends the whole file and ignores ranges. */
export const withoutRange: Answer = (content, _, response) => response.end(content);

/** Sends this many bytes of the requested range and closes the connection once the client has them. */
export const brokenOff =
  (bytes: number): Answer =>
  (content, request, response, once) => {
    once(startOf(request) + bytes, () => response.destroy());
    if (bytes === 0) response.destroy();
    else silent(bytes)(content, request, response, once);
  };

/** Sends this many bytes of the requested range, then nothing. */
export const silent =
  (bytes: number): Answer =>
  (content, request, response) => {
    const start = startOf(request);
    const range = start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(start > 0 ? 206 : 200, { ...range, 'content-length': content.length - start });
    response.write(content.subarray(start, start + bytes));
  };

/** Sends one wrong byte. */
export const corrupt: Answer = (content, request, response, once) => {
  const damaged = Buffer.from(content);
  damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
  whole(damaged, request, response, once);
};

export const status =
  (code: number): Answer =>
  (_, __, response) =>
    response.writeHead(code).end();

function startOf(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}
