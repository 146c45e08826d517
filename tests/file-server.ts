// A local HTTP server for downloads that can be told to misbehave.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How one request is answered. */
export type Answer = (content: Buffer, request: IncomingMessage, response: ServerResponse) => void;

export interface FileServer {
  readonly url: string;
  /** The Range header of every request so far. */
  readonly ranges: (string | undefined)[];
  close(): void;
}

/** Serves `content` at any path: the answers one after the other, the last one again and again. */
export async function serve(content: Buffer, ...answers: Answer[]): Promise<FileServer> {
  const ranges: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(ranges.length, answers.length - 1)] as Answer;
    ranges.push(request.headers.range);
    answer(content, request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`, ranges, close };
}

/** As a good server does: the whole file, or the range asked for. */
export const whole: Answer = (content, request, response) => {
  const start = startOf(request);
  if (start > 0) response.writeHead(206, { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` });
  response.end(content.subarray(start));
};

/** The whole file, whatever was asked for. */
export const withoutRange: Answer = (content, _, response) => response.end(content);

/** Sends so many bytes of what was asked for, then closes the connection. */
export const brokenOff = (bytes: number): Answer => partly(bytes, (response) => response.destroy());

/** Sends so many bytes of what was asked for, then nothing any more. */
export const silent = (bytes: number): Answer => partly(bytes, () => {});

/** One byte of the answer is wrong. */
export const corrupt: Answer = (content, request, response) => {
  const damaged = Buffer.from(content);
  damaged[damaged.length - 1] = (damaged.at(-1) as number) ^ 1;
  whole(damaged, request, response);
};

export const status =
  (code: number): Answer =>
  (_, __, response) =>
    response.writeHead(code).end();

function partly(bytes: number, then: (response: ServerResponse) => void): Answer {
  return (content, request, response) => {
    const start = startOf(request);
    const range = start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {};
    response.writeHead(start > 0 ? 206 : 200, { ...range, 'content-length': content.length - start });
    response.write(content.subarray(start, start + bytes), () => setTimeout(() => then(response), 20));
  };
}

function startOf(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}
