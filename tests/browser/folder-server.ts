// A static file server.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

export interface FolderServer {
  /** URL without a trailing slash. */
  readonly url: string;
  /** Paths of the files fetched so far. */
  readonly fetched: ReadonlySet<string>;
  close(): void;
}

/** Headers that make a page cross-origin isolated. */
export const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** A strict policy that still allows WebAssembly. */
export const strictPolicy = { 'content-security-policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** Serves the files of `folder` with these headers. */
export async function serveFolder(folder: string, headers: Record<string, string> = {}): Promise<FolderServer> {
  const fetched = new Set<string>();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url as string, 'http://localhost');
    const path = normalize(decodeURIComponent(pathname));
    try {
      const content = await readFile(join(folder, path));
      response.writeHead(200, { ...headers, 'content-type': types[extname(path)] ?? 'application/octet-stream' });
      response.end(content);
      fetched.add(path);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, fetched, close };
}
