// Replacing a file: the new content as a whole, or the old content and an error that names the file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { DataError } from '../tools/data-error.js';
import { appendLine, replaceFile } from '../tools/replace-file.js';

const root = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(root, { recursive: true }));

/** A folder for one test. */
function folderFor(name: string): string {
  const folder = join(root, name);
  mkdirSync(folder);
  return folder;
}

test('a file is replaced, and no temporary file is left', (t) => {
  const dir = folderFor('replaced');
  const path = join(dir, 'file');
  for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(100_000).fill(7)]) {
    replaceFile(path, bytes);
    t.deepEqual(new Uint8Array(readFileSync(path)), bytes);
    t.deepEqual(readdirSync(dir), ['file']);
  }
  replaceFile(path, 'ä');
  t.is(readFileSync(path, 'utf8'), 'ä');
});

test('a file that cannot be written is named, and the old one is kept', (t) => {
  const dir = folderFor('refused');
  const lost = join(dir, 'no-folder', 'file');
  t.throws(() => replaceFile(lost, Uint8Array.of(1)), {
    instanceOf: DataError,
    message: new RegExp(`^${lost}: cannot be written \\(ENOENT: `),
  });
  const obstacle = join(dir, 'folder');
  mkdirSync(join(obstacle, 'inner'), { recursive: true });
  t.throws(() => replaceFile(obstacle, Uint8Array.of(1)), { instanceOf: DataError });
  t.deepEqual(readdirSync(obstacle), ['inner']);
  t.deepEqual(readdirSync(dir), ['folder']);
});

test('temporary files of killed processes are removed after an hour', (t) => {
  const dir = folderFor('abandoned');
  const path = join(dir, 'file');
  const [old, young, other] = ['file.12-ab.tmp', 'file.13-cd.tmp', 'file-2.14-ef.tmp'];
  const hoursAgo = Date.now() / 1000 - 2 * 3600;
  for (const name of [old, young, other]) writeFileSync(join(dir, name), '');
  for (const name of [old, other]) utimesSync(join(dir, name), hoursAgo, hoursAgo);
  replaceFile(path, 'new');
  t.deepEqual(readdirSync(dir), ['file', 'file-2.14-ef.tmp', 'file.13-cd.tmp']);
});

const module = new URL('../tools/replace-file.js', import.meta.url).href;

/** Runs a script in a child process, behind a shell command if one is given. */
function run(script: string, shell = ''): ReturnType<typeof spawn> {
  const node = [process.execPath, '--input-type=module', '-e', `import { replaceFile } from '${module}'; ${script}`];
  return spawn('sh', ['-c', `${shell} exec "$@"`, 'sh', ...node], { stdio: ['ignore', 'ignore', 'pipe'] });
}

test('with several writers a reader always finds a whole file', async (t) => {
  const path = join(folderFor('writers'), 'file');
  const size = 200_000;
  replaceFile(path, new Uint8Array(size));
  const writers = [1, 2, 3].map((byte) =>
    run(`for (let i = 0; i < 60; i++) replaceFile(${JSON.stringify(path)}, new Uint8Array(${size}).fill(${byte}));`),
  );
  const ended = Promise.all(writers.map((writer) => once(writer, 'exit')));
  let running = true;
  void ended.then(() => {
    running = false;
  });
  let reads = 0;
  for (; running; reads++) {
    const bytes = readFileSync(path);
    if (bytes.length !== size || bytes.some((byte) => byte !== bytes[0])) return t.fail(`torn read ${reads}`);
    await new Promise(setImmediate);
  }
  t.deepEqual(
    (await ended).map(([code]) => code),
    [0, 0, 0],
  );
  t.true(reads > 0);
});

test('a disk that is full is an error that names the file, and the old one is kept', async (t) => {
  const dir = folderFor('full');
  const path = join(dir, 'file');
  replaceFile(path, 'old');
  // A limit on the size of files, in blocks of 512 or 1024 bytes, stands in for a full disk.
  const child = run(`replaceFile(${JSON.stringify(path)}, new Uint8Array(1_000_000));`, 'ulimit -f 100;');
  const [printed] = await Promise.all([text(child.stderr!), once(child, 'exit')]);
  t.regex(printed, new RegExp(`DataError: ${path}: cannot be written \\(EFBIG: `));
  t.is(readFileSync(path, 'utf8'), 'old');
  t.deepEqual(readdirSync(dir), ['file']);
  if (!existsSync('/dev/full')) return;
  t.throws(() => appendLine('/dev/full', 'line'), {
    instanceOf: DataError,
    message: '/dev/full: cannot be written (ENOSPC: no space left on device, write)',
  });
});
