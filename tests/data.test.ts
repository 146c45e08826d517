// Data sets: downloads with all kinds of failures, the cache, and its lock.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { fetchIntoCache } from '../reproduce/data/cache.js';
import { fetchFile, type RemoteFile } from '../reproduce/data/fetch-file.js';
import { withLock } from '../reproduce/data/lock.js';
import { DataError } from '../tools/data-error.js';
import { type Answer, brokenOff, corrupt, serve, silent, status, whole, withoutRange } from './support/file-server.js';
import { seeded } from './support/random-numbers.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));
const random = seeded(1);
const content = Buffer.from(Array.from({ length: 300_000 }, () => Math.floor(256 * random())));

interface Scenario {
  readonly answers: Answer[];
  /** Part left by an earlier run. */
  readonly part?: Buffer;
  /** Expected Range headers. */
  readonly ranges: (string | undefined)[];
}

const good: Record<string, Scenario> = {
  'a whole file': { answers: [whole], ranges: [undefined] },
  'interrupted twice': {
    answers: [brokenOff(100_000), brokenOff(50_000), whole],
    ranges: [undefined, 'bytes=100000-', 'bytes=150000-'],
  },
  'a part from an earlier run': { answers: [whole], part: content.subarray(0, 1234), ranges: ['bytes=1234-'] },
  'a part, and a server without ranges': {
    answers: [withoutRange],
    part: content.subarray(0, 1234),
    ranges: ['bytes=1234-'],
  },
  'a complete part': { answers: [status(500)], part: content, ranges: [] },
  'a part that is too long': { answers: [whole], part: Buffer.concat([content, content]), ranges: [undefined] },
  'a part of something else': {
    answers: [whole],
    part: Buffer.alloc(1000, 7),
    ranges: ['bytes=1000-', undefined],
  },
  'corrupt once': { answers: [corrupt, whole], ranges: [undefined, undefined] },
  'silent in the middle': { answers: [silent(100_000), whole], ranges: [undefined, 'bytes=100000-'] },
};

/** Short where the server goes silent, but long enough for a busy machine to send the rest. */
const idleTimeout = (name: string): number => (name.startsWith('silent') ? 3000 : 60_000);

for (const [name, { answers, part, ranges }] of Object.entries(good)) {
  test(`fetches: ${name}`, async (t) => {
    const path = pathFor(name);
    if (part !== undefined) writeFileSync(`${path}.part`, part);
    const server = await serve(content, ...answers);
    const seen: number[] = [];
    const onBytes = async (bytes: number) => {
      seen.push(bytes);
      server.received(bytes);
    };
    await fetchFile(remoteFile(server.url), path, { idleTimeout: idleTimeout(name), onBytes }).finally(server.close);
    t.true(readFileSync(path).equals(content));
    t.deepEqual(partsOf(path), []);
    t.deepEqual(server.ranges, ranges);
    if (ranges.length > 0) t.is(seen.at(-1), content.length);
  });
}

const bad: Record<string, { answers: Answer[]; message: RegExp; part: number }> = {
  'corrupt twice': { answers: [corrupt], message: /^wrong checksum twice$/, part: 0 },
  'not found': { answers: [status(404)], message: /^the server answered 404 Not Found$/, part: 0 },
  'an error after a part': { answers: [brokenOff(500), status(503)], message: /^the server answered 503 /, part: 500 },
  'silent from the start': { answers: [silent(0)], message: /^the server sent nothing for 3 s$/, part: 0 },
  'silent again and again': { answers: [silent(9), silent(0)], message: /^the server sent nothing for 3 s$/, part: 9 },
  'interrupted twice at the same byte': {
    answers: [brokenOff(9), brokenOff(0)],
    message: /^(terminated|other side closed)$/,
    part: 9,
  },
  'a different range': {
    answers: [brokenOff(9), (_, __, response) => response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end()],
    message: /^the server sent a different range than requested$/,
    part: 9,
  },
  'a shorter file': {
    answers: [(_, __, response) => response.end('short')],
    message: /^the server sent 5 bytes instead of 300000$/,
    part: 5,
  },
  'a longer file': {
    answers: [(_, __, response) => response.end(Buffer.alloc(500_000))],
    message: /^wrong checksum twice$/,
    part: 0,
  },
};

for (const [name, { answers, message, part }] of Object.entries(bad)) {
  test(`fails to fetch: ${name}`, async (t) => {
    const path = pathFor(name);
    const server = await serve(content, ...answers);
    const options = { idleTimeout: idleTimeout(name), onBytes: async (bytes: number) => server.received(bytes) };
    const fetching = fetchFile(remoteFile(server.url), path, options).finally(server.close);
    await t.throwsAsync(fetching, { instanceOf: DataError, message });
    t.false(existsSync(path));
    t.deepEqual(
      partsOf(path).map((file) => readFileSync(file).length),
      part > 0 ? [part] : [],
    );
  });
}

test('fails to fetch: nobody listens', async (t) => {
  const server = await serve(content, whole);
  server.close();
  const fetching = fetchFile(remoteFile(server.url), pathFor('nobody'));
  await t.throwsAsync(fetching, { instanceOf: DataError, message: /ECONNREFUSED/ });
});

test('an aborted transfer keeps its part and resumes from there', async (t) => {
  const path = pathFor('aborted');
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

test('the part of a killed process is resumed, that of a running one is not', async (t) => {
  const path = pathFor('killed');
  const [abandoned, active] = [`${path}.123-ab.part`, `${path}.124-cd.part`];
  for (const part of [abandoned, active]) writeFileSync(part, content.subarray(0, 1234));
  const hourAgo = Date.now() / 1000 - 3600;
  utimesSync(abandoned, hourAgo, hourAgo);
  const server = await serve(content, whole);
  await fetchFile(remoteFile(server.url), path).finally(server.close);
  t.deepEqual(server.ranges, ['bytes=1234-']);
  t.true(readFileSync(path).equals(content));
  t.deepEqual(partsOf(path), [active]);
});

test('several processes may fetch to the same path', async (t) => {
  const path = pathFor('shared');
  const server = await serve(content, whole);
  const fetches = Array.from({ length: 4 }, () => fetchFile(remoteFile(server.url), path));
  await Promise.all(fetches).finally(server.close);
  t.true(readFileSync(path).equals(content));
  t.deepEqual(partsOf(path), []);
});

if (existsSync('/dev/full')) {
  test('a full disk is an error that names the file', async (t) => {
    const path = pathFor('full');
    symlinkSync('/dev/full', `${path}.part`);
    const server = await serve(content, whole);
    const message = `${path}: cannot be written (ENOSPC: no space left on device, write)`;
    await t.throwsAsync(fetchFile(remoteFile(server.url), path).finally(server.close), {
      instanceOf: DataError,
      message,
    });
  });
}

test('the cache fetches only missing and damaged files', async (t) => {
  const cache = pathFor('cache');
  const server = await serve(content, whole);
  const set = { name: 'some-set', files: ['a', 'b'].map((name) => ({ ...remoteFile(server.url), name })) };
  const stream = new PassThrough({ encoding: 'utf8' });
  const folder = await fetchIntoCache(set, { cache, stream });
  t.is(folder, join(cache, 'some-set'));
  t.regex(stream.read(), /^Fetching some-set \(0\.6 MB\) to .*some-set\n0\.6 of 0\.6 MB · [\d.]+ MB\/s · 0:00 left\n$/);
  t.is(server.ranges.length, 2);
  writeFileSync(join(folder, 'a'), 'damaged');
  await fetchIntoCache(set, { cache, stream });
  t.is(server.ranges.length, 3);
  server.close();
  await fetchIntoCache(set, { cache, stream });
  t.deepEqual(readdirSync(folder), ['a', 'b']);
});

test('two processes that need the same set fetch it once', async (t) => {
  const cache = pathFor('two');
  const server = await serve(content, whole);
  const set = { name: 'some-set', files: [{ ...remoteFile(server.url), name: 'a' }] };
  const streams = [0, 1].map(() => new PassThrough({ encoding: 'utf8' }));
  await Promise.all(streams.map((stream) => fetchIntoCache(set, { cache, stream }))).finally(server.close);
  t.is(server.ranges.length, 1);
  t.deepEqual(readdirSync(join(cache, 'some-set')), ['a']);
  const printed = streams.map((stream) => stream.read() as string).sort();
  t.regex(printed[0]!, /^Fetching some-set/);
  t.is(printed[1], 'Waiting for another process that is fetching some-set\n');
});

test('a lock that its owner no longer refreshes is taken over', async (t) => {
  const lock = pathFor('lock');
  writeFileSync(lock, '');
  let waited = 0;
  const result = await withLock(lock, async () => existsSync(lock), { staleAfter: 300, onWait: () => waited++ });
  t.true(result);
  t.is(waited, 1);
  t.false(existsSync(lock));
});

test('a lock is held by one at a time and released after an error', async (t) => {
  const lock = pathFor('lock-2');
  let inside = 0;
  const work = async () => {
    inside++;
    t.is(inside, 1);
    await setTimeout(50);
    inside--;
    throw new Error('failed');
  };
  const results = await Promise.allSettled([1, 2, 3].map(() => withLock(lock, work)));
  t.true(results.every(({ status }) => status === 'rejected'));
  t.false(existsSync(lock));
  await t.throwsAsync(withLock(join(lock, 'nowhere'), work), { instanceOf: DataError, message: /ENOENT/ });
});

test('if nothing can be fetched, one sentence says which files to put where', async (t) => {
  const cache = pathFor('offline');
  const server = await serve(content, status(404));
  const files = ['a', 'b', 'c'].map((name) => ({ ...remoteFile(server.url), name }));
  const fetching = fetchIntoCache({ name: 'some-set', files }, { cache, stream: new PassThrough() });
  await t.throwsAsync(fetching.finally(server.close), {
    instanceOf: DataError,
    message: `some-set: cannot fetch ${server.url} (the server answered 404 Not Found): put a, b and c into ${join(cache, 'some-set')}, or choose their folder with --data`,
  });
});

test('a cache folder that cannot be created is an error', async (t) => {
  const cache = pathFor('not-a-folder');
  writeFileSync(cache, '');
  await t.throwsAsync(fetchIntoCache({ name: 'some-set', files: [] }, { cache }), {
    instanceOf: DataError,
    message: /^some-set: cannot create the cache folder \(E\w+: .*\); choose the folder of its files with --data$/,
  });
});

test.serial('Ctrl-C aborts a silent transfer and keeps its part', async (t) => {
  const cache = pathFor('interrupted');
  const server = await serve(content, silent(1000));
  const set = { name: 'some-set', files: [{ ...remoteFile(server.url), name: 'a' }] };
  const stream = new PassThrough({ encoding: 'utf8' });
  const fetching = fetchIntoCache(set, { cache, stream });
  const path = join(cache, 'some-set', 'a');
  mkdirSync(join(cache, 'some-set'), { recursive: true });
  while (!partsOf(path).some((part) => readFileSync(part).length === 1000)) await setTimeout(5);
  process.emit('SIGINT');
  await t.throwsAsync(fetching.finally(server.close), { instanceOf: DataError, message: /is kept/ });
  t.is(readFileSync(`${path}.part`).length, 1000);
  t.regex(stream.read(), /Interrupted/);
});

test('a program without its data ends with one sentence', (t) => {
  const program = fileURLToPath(new URL('../reproduce/index.js', import.meta.url));
  const { status, stderr } = spawnSync(
    process.execPath,
    [program, 'kernel-classes', '--data', join(dir, 'nowhere'), '--out', pathFor('out')],
    { encoding: 'utf8' },
  );
  t.is(status, 2);
  t.is(
    stderr.trim(),
    `--data: found neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz in ${join(dir, 'nowhere')}`,
  );
});

/** A path for one test. */
function pathFor(name: string): string {
  return join(dir, name.replaceAll(/\W+/g, '-'));
}

/** Parts of the file at `path`. */
function partsOf(path: string): string[] {
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(`${basename(path)}.`));
  return names.filter((name) => name.endsWith('.part')).map((name) => join(dirname(path), name));
}

function remoteFile(url: string): RemoteFile {
  return { name: 'file', url, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}
