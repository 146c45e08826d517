// Fashion-MNIST and its IDX files: plain, gzipped, damaged.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { readIdx } from '../index.js';
import { fashionMnist } from '../reproduce/data/fashion-mnist.js';
import { DataError } from '../tools/data-error.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));

const idx = (shape: number[], data: number[]) => {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt16BE(0x0800 + shape.length, 2);
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, Buffer.from(data)]);
};

test('readIdx returns shape and bytes', (t) => {
  const { shape, data } = readIdx(idx([2, 1, 3], [1, 2, 3, 4, 5, 255]));
  t.deepEqual(shape, [2, 1, 3]);
  t.deepEqual([...data], [1, 2, 3, 4, 5, 255]);
});

test('readIdx refuses a damaged file', (t) => {
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

/** An IDX file of grey images with pixels counting up from `first`. */
const greyImages = (count: number, first: number, size = 28) =>
  idx(
    [count, size, size],
    Array.from({ length: count * size * size }, (_, i) => (first + i) % 256),
  );

/** A folder with the four files: two training images, one test image. */
function fashionFolder(name: string): { data: string; folder: string } {
  const data = join(dir, name);
  const folder = join(data, 'fashion-mnist');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'train-images-idx3-ubyte.gz'), gzipSync(greyImages(2, 1)));
  writeFileSync(join(folder, 'train-labels-idx1-ubyte'), idx([2], [3, 9]));
  writeFileSync(join(folder, 't10k-images-idx3-ubyte'), greyImages(1, 9));
  writeFileSync(join(folder, 't10k-labels-idx1-ubyte.gz'), gzipSync(idx([1], [0])));
  return { data, folder };
}

test('Fashion-MNIST is read gzipped or not, from its folder or the parent folder', async (t) => {
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

test('errors name the damaged Fashion-MNIST file and the byte', async (t) => {
  const { data, folder } = fashionFolder('fashion-damaged');
  const labels = 't10k-labels-idx1-ubyte.gz';
  const images = 't10k-images-idx3-ubyte';
  const packed = gzipSync(idx([1], [0]));
  const damage: [string, Buffer, string][] = [
    [labels, packed.subarray(0, 15), 'cannot be unpacked (unexpected end of file after byte 15)'],
    [labels, Buffer.from('oops'), 'cannot be unpacked (incorrect header check after byte 0)'],
    [labels, gzipSync(Buffer.alloc(2 ** 25)), 'unpacks to more than 16777216 bytes, which no data set does'],
    [labels, gzipSync(idx([1], [10])), 'labels must be below 10, got 10 at byte 8'],
    [labels, gzipSync(idx([2], [1, 2])), 'needs one label for each of 1 images, but the header says 2 (from byte 4)'],
    [images, idx([4], [9, 8, 7, 6]), 'images must be 28×28, but the header says 4 (from byte 4)'],
    [images, greyImages(1, 0, 30), 'images must be 28×28, but the header says 1×30×30 (from byte 4)'],
    [images, greyImages(0, 0), 'images must be 28×28, but the header says 0×28×28 (from byte 4)'],
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
    message: /t10k-images.*: cannot be read \(EISDIR/,
  });
});
