// Data sets: fetching over HTTP with everything that goes wrong there, and the cache.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fetchIntoCache } from '../reproduce/data/cache.js';
import { fetchFile, type RemoteFile } from '../reproduce/data/fetch-file.js';
import { DataError } from '../tools/data-error.js';
import { type Answer, brokenOff, corrupt, serve, silent, status, whole, withoutRange } from './support/file-server.js';
import { seeded } from './support/random-numbers.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));
const random = seeded(1);
const content = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(256 * random())));

interface Way {
  readonly answers: Answer[];
  /** What is there from an earlier run. */
  readonly part?: Buffer;
  /** The Range headers to be seen. */
  readonly ranges: (string | undefined)[];
}

const good: Record<string, Way> = {
  'a whole file': { answers: [whole], ranges: [undefined] },
  'broken off twice': {
    answers: [brokenOff(100_000), brokenOff(50_000), whole],
    ranges: [undefined, 'bytes=100000-', 'bytes=150000-'],
  },
  'a part from an earlier run': { answers: [whole], part: content.subarray(0, 1234), ranges: ['bytes=1234-'] },
  'a part, and a server without ranges': {
    answers: [withoutRange],
    part: content.subarray(0, 1234),
    ranges: ['bytes=1234-'],
  },
  'a part that is whole already': { answers: [status(500)], part: content, ranges: [] },
  'a part that is too long': { answers: [whole], part: Buffer.concat([content, content]), ranges: [undefined] },
  'a part of something else': {
    answers: [whole],
    part: Buffer.alloc(1000, 7),
    ranges: ['bytes=1000-', undefined],
  },
  'corrupt once': { answers: [corrupt, whole], ranges: [undefined, undefined] },
  'silent in the middle': { answers: [silent(100_000), whole], ranges: [undefined, 'bytes=100000-'] },
};

/** How long silence is waited out: where a server falls silent, long enough for a busy machine to have sent the rest. */
const patience = (name: string): number => (name.startsWith('silent') ? 3000 : 60_000);

for (const [name, { answers, part, ranges }] of Object.entries(good)) {
  test(`fetched: ${name}`, async (t) => {
    const path = place(name);
    if (part !== undefined) writeFileSync(`${path}.part`, part);
    const server = await serve(content, ...answers);
    const seen: number[] = [];
    const onBytes = async (bytes: number) => {
      seen.push(bytes);
      server.received(bytes);
    };
    await fetchFile(remoteFile(server.url), path, { silence: patience(name), onBytes }).finally(server.close);
    t.true(readFileSync(path).equals(content));
    t.false(existsSync(`${path}.part`));
    t.deepEqual(server.ranges, ranges);
    if (ranges.length > 0) t.is(seen.at(-1), content.length);
  });
}

const bad: Record<string, { answers: Answer[]; message: RegExp; part: number }> = {
  'corrupt twice': { answers: [corrupt], message: /^its checksum was wrong twice$/, part: 0 },
  'not there': { answers: [status(404)], message: /^the server answered 404 Not Found$/, part: 0 },
  'an error after a part': { answers: [brokenOff(500), status(503)], message: /^the server answered 503 /, part: 500 },
  'silent from the start': { answers: [silent(0)], message: /^the server was silent for 3 s$/, part: 0 },
  'silent again and again': { answers: [silent(9), silent(0)], message: /^the server was silent for 3 s$/, part: 9 },
  'broken off where it was before': {
    answers: [brokenOff(9), brokenOff(0)],
    message: /^(terminated|other side closed)$/,
    part: 9,
  },
  'another range': {
    answers: [brokenOff(9), (_, __, response) => response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end()],
    message: /^the server sent another range than was asked for$/,
    part: 9,
  },
  'a shorter file': {
    answers: [(_, __, response) => response.end('short')],
    message: /^the server sent 5 bytes instead of 300000$/,
    part: 5,
  },
  'a longer file': {
    answers: [(_, __, response) => response.end(Buffer.alloc(500_000))],
    message: /^its checksum was wrong twice$/,
    part: 0,
  },
};

for (const [name, { answers, message, part }] of Object.entries(bad)) {
  test(`not fetched: ${name}`, async (t) => {
    const path = place(name);
    const server = await serve(content, ...answers);
    const options = { silence: patience(name), onBytes: async (bytes: number) => server.received(bytes) };
    const fetching = fetchFile(remoteFile(server.url), path, options).finally(server.close);
    await t.throwsAsync(fetching, { instanceOf: DataError, message });
    t.false(existsSync(path));
    t.is(existsSync(`${path}.part`) ? readFileSync(`${path}.part`).length : 0, part);
  });
}

test('not fetched: nobody listens', async (t) => {
  const server = await serve(content, whole);
  server.close();
  const fetching = fetchFile(remoteFile(server.url), place('nobody'));
  await t.throwsAsync(fetching, { instanceOf: DataError, message: /ECONNREFUSED/ });
});

test('an aborted transfer keeps its part and goes on from there', async (t) => {
  const path = place('aborted');
  const server = await serve(content, silent(100_000), whole);
  const stop = new AbortController();
  const onBytes = async (bytes: number) => {
    if (bytes === 100_000) stop.abort();
  };
  for (let run = 1; run <= 2; run++) {
    const fetching = fetchFile(remoteFile(server.url), path, { signal: stop.signal, onBytes });
    const error: unknown = await fetching.catch((error: unknown) => error);
    t.is((error as Error).name, 'AbortError');
    t.is(readFileSync(`${path}.part`).length, 100_000);
  }
  await fetchFile(remoteFile(server.url), path).finally(server.close);
  t.true(readFileSync(path).equals(content));
  t.deepEqual(server.ranges, [undefined, 'bytes=100000-']);
});

test('the cache fetches what is missing or damaged, and nothing else', async (t) => {
  const cache = place('cache');
  const server = await serve(content, whole);
  const set = { name: 'some-set', files: ['a', 'b'].map((name) => ({ ...remoteFile(server.url), name })) };
  const stream = new PassThrough({ encoding: 'utf8' });
  const folder = await fetchIntoCache(set, { cache, stream });
  t.is(folder, join(cache, 'some-set'));
  t.regex(
    stream.read(),
    /^Fetching some-set \(0\.6 MB\) into .*some-set\n0\.6 of 0\.6 MB · [\d.]+ MB\/s · 0:00 left\n$/,
  );
  t.is(server.ranges.length, 2);
  writeFileSync(join(folder, 'a'), 'damaged');
  await fetchIntoCache(set, { cache, stream });
  t.is(server.ranges.length, 3);
  server.close();
  await fetchIntoCache(set, { cache, stream });
  t.deepEqual(readdirSync(folder), ['a', 'b']);
});

test('where nothing can be fetched, one sentence says which files to put where', async (t) => {
  const cache = place('offline');
  const server = await serve(content, status(404));
  const files = ['a', 'b', 'c'].map((name) => ({ ...remoteFile(server.url), name }));
  const fetching = fetchIntoCache({ name: 'some-set', files }, { cache, stream: new PassThrough() });
  await t.throwsAsync(fetching.finally(server.close), {
    instanceOf: DataError,
    message: `some-set: ${server.url} could not be fetched (the server answered 404 Not Found): put a, b and c into ${join(cache, 'some-set')}, or name their folder with --data`,
  });
});

test('a cache folder that cannot be made is told', async (t) => {
  const cache = place('not-a-folder');
  writeFileSync(cache, '');
  await t.throwsAsync(fetchIntoCache({ name: 'some-set', files: [] }, { cache }), {
    instanceOf: DataError,
    message: /^some-set: the cache folder cannot be made \(E\w+: .*\): name a folder that holds its files with --data$/,
  });
});

test.serial('Ctrl-C ends a silent transfer and keeps its part', async (t) => {
  const cache = place('interrupted');
  const server = await serve(content, silent(1000));
  const set = { name: 'some-set', files: [{ ...remoteFile(server.url), name: 'a' }] };
  const stream = new PassThrough({ encoding: 'utf8' });
  const fetching = fetchIntoCache(set, { cache, stream });
  const part = join(cache, 'some-set', 'a.part');
  while (!existsSync(part) || readFileSync(part).length < 1000) await new Promise((done) => setTimeout(done, 5));
  process.emit('SIGINT');
  await t.throwsAsync(fetching.finally(server.close), { instanceOf: DataError, message: /stays/ });
  t.is(readFileSync(part).length, 1000);
  t.regex(stream.read(), /Interrupted/);
});

test('a program without its data ends with one sentence', (t) => {
  const program = fileURLToPath(new URL('../reproduce/index.js', import.meta.url));
  const { status, stderr } = spawnSync(
    process.execPath,
    [program, 'kernel-classes', '--data', join(dir, 'nowhere'), '--out', place('out')],
    { encoding: 'utf8' },
  );
  t.is(status, 2);
  t.is(
    stderr.trim(),
    `--data: found neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz in ${join(dir, 'nowhere')}`,
  );
});

/** A path of its own for every test. */
function place(name: string): string {
  return join(dir, name.replaceAll(/\W+/g, '-'));
}

function remoteFile(url: string): RemoteFile {
  return { name: 'file', url, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}
