// Data sets: fetching over HTTP with everything that goes wrong there, the cache, and reading Fashion-MNIST.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { readIdx } from '../index.js';
import { fetchIntoCache } from '../reproduce/data/cache.js';
import { DataError } from '../reproduce/data/data-error.js';
import { fashionMnist } from '../reproduce/data/fashion-mnist.js';
import { fetchFile, type RemoteFile } from '../reproduce/data/fetch-file.js';
import { type Answer, brokenOff, corrupt, serve, silent, status, whole, withoutRange } from './file-server.js';
import { seeded } from './random-numbers.js';

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

const idx = (shape: number[], data: number[]) => {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt16BE(0x0800 + shape.length, 2);
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, Buffer.from(data)]);
};

test('an IDX file is read', (t) => {
  const { shape, data } = readIdx(idx([2, 1, 3], [1, 2, 3, 4, 5, 255]));
  t.deepEqual(shape, [2, 1, 3]);
  t.deepEqual([...data], [1, 2, 3, 4, 5, 255]);
});

test('a damaged IDX file is told', (t) => {
  const bytes = idx([2, 2], [1, 2, 3, 4]);
  const damaged: [Uint8Array, string][] = [
    [new Uint8Array(), 'begin with the magic number of an IDX file, got ""'],
    [Buffer.from('<html>'), 'begin with the magic number of an IDX file, got "3c 68 74 6d"'],
    [gzipSync(bytes), 'begin with the magic number of an IDX file, got "1f 8b 08 00"'],
    [Buffer.from([0, 0, 0x0d, 1, 0, 0, 0, 0]), 'hold unsigned bytes (type 8), got 13'],
    [bytes.subarray(0, 7), 'hold a header of 12, got 7'],
    [bytes.subarray(0, 15), 'be 16 for shape [2, 2], got 15'],
    [Buffer.concat([bytes, bytes]), 'be 16 for shape [2, 2], got 32'],
  ];
  for (const [file, message] of damaged) {
    t.throws(() => readIdx(file), {
      instanceOf: RangeError,
      message: new RegExp(message.replace(/[[\](){}]/g, '\\$&')),
    });
  }
});

/** An IDX file of grey images whose pixels count up from `first`. */
const greyImages = (count: number, first: number, size = 28) =>
  idx(
    [count, size, size],
    Array.from({ length: count * size * size }, (_, i) => (first + i) % 256),
  );

/** A folder of four whole files: two training images, one test image. */
function fashionFolder(name: string): { data: string; folder: string } {
  const data = place(name);
  const folder = join(data, 'fashion-mnist');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(greyImages(2, 1)));
  writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([2], [3, 9]));
  writeFileSync(join(folder, 't10k-images-idx3-ubyte'), greyImages(1, 9));
  writeFileSync(join(folder, 't10k-labels-idx1-ubyte.gz'), gzipSync(idx([1], [0])));
  return { data, folder };
}

test('Fashion-MNIST is read packed or not, from its folder or the one above', async (t) => {
  const { data, folder } = fashionFolder('fashion');
  for (const place of [data, folder]) {
    const { train, test } = await fashionMnist(place);
    t.deepEqual([train.count, train.height, train.width, ...train.labels], [2, 28, 28, 3, 9]);
    t.deepEqual(
      [...train.images.subarray(782, 786)],
      [783, 784, 785, 786].map((pixel) => pixel % 256),
    );
    t.deepEqual([test.count, ...test.images.subarray(0, 3), ...test.labels], [1, 9, 10, 11, 0]);
  }
  rmSync(join(folder, 'train-images-idx3-ubyte.gz'));
  const message = `--data: found neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz in ${folder}`;
  await t.throwsAsync(fashionMnist(data), { instanceOf: DataError, message });
});

test('damaged Fashion-MNIST files are named, with the byte', async (t) => {
  const { data, folder } = fashionFolder('fashion-damaged');
  const labels = 't10k-labels-idx1-ubyte.gz';
  const images = 't10k-images-idx3-ubyte';
  const packed = gzipSync(idx([1], [0]));
  const damage: [string, Buffer, string][] = [
    [labels, packed.subarray(0, 15), 'it cannot be unpacked (unexpected end of file after byte 15)'],
    [labels, Buffer.from('oops'), 'it cannot be unpacked (incorrect header check after byte 0)'],
    [labels, gzipSync(idx([1], [10])), 'labels must be below 10, got 10 at byte 8'],
    [labels, gzipSync(idx([2], [1, 2])), 'there must be 1 labels, one an image, got 2 from byte 4 on'],
    [images, idx([4], [9, 8, 7, 6]), 'it must hold images of 28×28, got 4 bytes from byte 4 on'],
    [images, greyImages(1, 0, 30), 'it must hold images of 28×28, got 1×30×30 bytes from byte 4 on'],
    [images, greyImages(0, 0), 'it must hold images of 28×28, got 0×28×28 bytes from byte 4 on'],
    [images, greyImages(1, 0).subarray(0, 700), 'readIdx: bytes must be 800 for shape [1, 28, 28], got 700'],
    [
      images,
      Buffer.concat([greyImages(1, 0), packed.subarray(0, 5)]),
      'readIdx: bytes must be 800 for shape [1, 28, 28], got 805',
    ],
    [images, Buffer.alloc(0), 'readIdx: bytes must begin with the magic number of an IDX file, got ""'],
    [images, Buffer.from('oops'), 'readIdx: bytes must begin with the magic number of an IDX file, got "6f 6f 70 73"'],
  ];
  for (const [name, bytes, message] of damage) {
    const path = join(folder, name);
    const whole = readFileSync(path);
    writeFileSync(path, bytes);
    await t.throwsAsync(fashionMnist(data), { instanceOf: DataError, message: `${path}: ${message}` });
    writeFileSync(path, whole);
  }
  t.is((await fashionMnist(data)).test.count, 1);
  rmSync(join(folder, images));
  mkdirSync(join(folder, images));
  await t.throwsAsync(fashionMnist(data), {
    instanceOf: DataError,
    message: /t10k-images.*: it cannot be read \(EISDIR/,
  });
});

/** A path of its own for every test. */
function place(name: string): string {
  return join(dir, name.replaceAll(/\W+/g, '-'));
}

function remoteFile(url: string): RemoteFile {
  return { name: 'file', url, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
}
