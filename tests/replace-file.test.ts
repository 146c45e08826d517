// Replacing a file: the new one whole, or the old one and a sentence.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { DataError } from '../tools/data-error.js';
import { replaceFile } from '../tools/replace-file.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));

test('a file is replaced, and nothing is left beside it', (t) => {
  const path = join(dir, 'file');
  for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(100_000).fill(7)]) {
    replaceFile(path, bytes);
    t.deepEqual(new Uint8Array(readFileSync(path)), bytes);
    t.deepEqual(readdirSync(dir), ['file']);
  }
});

test('what cannot be written is told, and what was there stays', (t) => {
  const lost = join(dir, 'no-folder', 'file');
  t.throws(() => replaceFile(lost, Uint8Array.of(1)), {
    instanceOf: DataError,
    message: new RegExp(`^${lost}: it cannot be written \\(ENOENT: `),
  });
  const inTheWay = join(dir, 'folder');
  mkdirSync(join(inTheWay, 'inner'), { recursive: true });
  t.throws(() => replaceFile(inTheWay, Uint8Array.of(1)), { instanceOf: DataError });
  t.deepEqual(readdirSync(inTheWay), ['inner']);
  t.false(readdirSync(dir).includes('folder.tmp'));
});
