// The memory-vae program: CIFAR-10 files, initialisation, measurements, output files.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { PNG } from 'pngjs';
import { cifar10 } from '../reproduce/data/cifar-10.js';
import { pngOf } from '../reproduce/sheet.js';
import { evaluate, reconstruction } from '../reproduce/vae-training/evaluate.js';
import { Training } from '../reproduce/vae-training/train.js';
import { DataError } from '../tools/data-error.js';
import { syntheticImages, tinySettings, tinyTraining } from './support/tiny-vae-training.js';

const RECORD = 3073;
const temporary = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(temporary, { recursive: true }));

/** Records with labels counting up from `first`, and pixels that depend on their position. */
function records(count: number, first = 0): Uint8Array {
  return Uint8Array.from({ length: count * RECORD }, (_, i) =>
    i % RECORD === 0 ? (first + i / RECORD) % 10 : (i % RECORD) % 251,
  );
}

test('CIFAR-10: any number of batch files, gzipped or not, in the folder or its subfolder cifar-10', async (t) => {
  const folder = join(temporary, 'set');
  mkdirSync(join(folder, 'cifar-10'), { recursive: true });
  writeFileSync(join(folder, 'cifar-10', 'data_batch_2.bin.gz'), gzipSync(records(3, 4)));
  writeFileSync(join(folder, 'cifar-10', 'data_batch_1.bin'), records(2));
  writeFileSync(join(folder, 'cifar-10', 'test_batch.bin.gz'), gzipSync(records(1, 9)));
  for (const data of [folder, join(folder, 'cifar-10')]) {
    const { train, test } = await cifar10(data);
    t.is(train.count, 5);
    t.deepEqual([...train.labels], [0, 1, 4, 5, 6]);
    t.deepEqual([train.channels, train.height, train.width], [3, 32, 32]);
    t.deepEqual([...train.images.subarray(3072, 3076)], [1, 2, 3, 4]);
    t.deepEqual([...test.labels], [9]);
  }
});

test('a CIFAR-10 batch present both plain and gzipped is read once, and batch 10 follows batch 9', async (t) => {
  const folder = join(temporary, 'doubled');
  mkdirSync(folder);
  writeFileSync(join(folder, 'data_batch_10.bin'), records(1, 5));
  writeFileSync(join(folder, 'data_batch_9.bin'), records(2));
  writeFileSync(join(folder, 'data_batch_9.bin.gz'), gzipSync(records(2)));
  writeFileSync(join(folder, 'test_batch.bin'), records(1));
  t.deepEqual([...(await cifar10(folder)).train.labels], [0, 1, 5]);
});

test('errors name the damaged CIFAR-10 file and the byte', async (t) => {
  const folder = join(temporary, 'broken');
  const wrongLabel = records(2);
  wrongLabel[RECORD] = 77;
  const cut = records(3).subarray(0, 2 * RECORD + 100);
  const packed = gzipSync(records(1));
  const damage: [string, Uint8Array, string][] = [
    ['data_batch_1.bin', cut, 'each image takes 3073 bytes, but the last one, at byte 6146, has 100'],
    ['data_batch_1.bin.gz', gzipSync(cut), 'each image takes 3073 bytes, but the last one, at byte 6146, has 100'],
    ['data_batch_1.bin', wrongLabel, 'labels must be below 10, got 77 at byte 3073'],
    ['data_batch_1.bin', new Uint8Array(), 'each image takes 3073 bytes, but the last one, at byte 0, has 0'],
    ['data_batch_1.bin.gz', packed.subarray(0, 50), 'cannot be unpacked (unexpected end of file after byte 50)'],
    ['data_batch_1.bin.gz', new Uint8Array(), 'cannot be unpacked (unexpected end of file after byte 0)'],
    ['data_batch_1.bin.gz', records(1), 'cannot be unpacked (incorrect header check after byte 0)'],
  ];
  for (const [name, bytes, message] of damage) {
    mkdirSync(folder);
    writeFileSync(join(folder, 'test_batch.bin'), records(1));
    const path = join(folder, name);
    writeFileSync(path, bytes);
    await t.throwsAsync(cifar10(folder), { instanceOf: DataError, message: `${path}: ${message}` });
    rmSync(folder, { recursive: true });
  }
  mkdirSync(join(folder, 'data_batch_1.bin'), { recursive: true });
  await t.throwsAsync(cifar10(folder), {
    instanceOf: DataError,
    message: /data_batch_1\.bin: cannot be read \(EISDIR/,
  });
  rmSync(join(folder, 'data_batch_1.bin'), { recursive: true });
  await t.throwsAsync(cifar10(folder), { instanceOf: DataError, message: /^--data: found no data_batch_\*\.bin/ });
  const nowhere = join(temporary, 'nowhere');
  await t.throwsAsync(cifar10(nowhere), { instanceOf: DataError, message: `--data: there is no folder ${nowhere}` });
});

test('the settings select the models, and each trains the same whatever the others', async (t) => {
  const { gaussian, ...rest } = tinySettings;
  const all = await tinyTraining();
  const two = new Training<'memory' | 'vq'>(all.runtime, syntheticImages(10), rest, 0.08, 1);
  t.deepEqual([...two.names, ...all.names], ['memory', 'vq', 'memory', 'vq', 'gaussian']);
  for (let i = 0; i < 2; i++) [all, two].map((training) => training.step());
  const { memory, vq } = all.step();
  t.deepEqual({ memory, vq }, two.step());
});

test('both models start from the same encoder and decoder', async (t) => {
  const { memory, vq } = (await tinyTraining()).models;
  for (const [key, entry] of vq.parameters.stateDict()) {
    if (/^(en|de)coder\./.test(key)) t.deepEqual(memory.parameters.stateDict().get(key), entry, key);
  }
});

test('evaluation: errors, signal-to-noise ratio, perplexity, entropy of a read', async (t) => {
  const { memory, vq, gaussian } = (await tinyTraining()).models;
  for (const model of [memory, vq, gaussian]) {
    const { error, psnr } = reconstruction(model, syntheticImages(10), 0.08, 10);
    t.true(Math.abs(psnr + 10 * Math.log10(error * 0.08)) < 1e-9);
  }
  const [soft, hard] = [evaluate(memory, syntheticImages(10), 0.08, 10), evaluate(vq, syntheticImages(10), 0.08, 10)];
  for (const { perplexity } of [soft, hard]) t.true(perplexity >= 1 && perplexity <= 7);
  t.true(soft.entropy > 0 && soft.entropy <= Math.log2(7) + 1e-6);
  t.is(hard.entropy, 0);
});

test('pictures are enlarged and joined in one PNG with white gaps', (t) => {
  const picture = (...rgb: number[]) => ({ height: 1, width: 2, rgb: Uint8Array.from(rgb) });
  const [a, b] = [picture(1, 2, 3, 4, 5, 6), picture(7, 8, 9, 10, 11, 12)];
  const { width, height, data } = PNG.sync.read(
    pngOf(
      [
        [a, b],
        [b, a],
      ],
      3,
    ),
  );
  t.deepEqual([width, height], [2 * 6 + 4, 2 * 3 + 4]);
  const at = (x: number, y: number) => [...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 4)];
  t.deepEqual(
    [at(0, 0), at(2, 2), at(3, 2), at(5, 0)],
    [
      [1, 2, 3, 255],
      [1, 2, 3, 255],
      [4, 5, 6, 255],
      [4, 5, 6, 255],
    ],
  );
  t.deepEqual([at(6, 0), at(9, 2), at(0, 3), at(15, 6)], new Array(4).fill([255, 255, 255, 255]));
  t.deepEqual(
    [at(10, 0), at(15, 2), at(0, 7), at(15, 9)],
    [
      [7, 8, 9, 255],
      [10, 11, 12, 255],
      [7, 8, 9, 255],
      [4, 5, 6, 255],
    ],
  );
});

test('the program trains on a small data set and writes plots and a result', (t) => {
  const data = join(temporary, 'tiny');
  const out = join(temporary, 'out');
  mkdirSync(data);
  writeFileSync(join(data, 'data_batch_1.bin'), records(31));
  writeFileSync(join(data, 'test_batch.bin'), records(3));
  const run = () => {
    const program = fileURLToPath(new URL('../reproduce/index.js', import.meta.url));
    const options = ['memory-vae', '--data', data, '--out', out, '--updates', '1'];
    return spawnSync(process.execPath, [program, ...options], { encoding: 'utf8' });
  };
  const few = run();
  t.is(few.status, 2);
  t.is(few.stderr, '--data: needs at least 32 training images, got 31\n');
  writeFileSync(join(data, 'data_batch_2.bin'), records(1));
  const { stdout, stderr } = run();
  t.is(stderr, '');
  t.regex(stdout, /^Training on 32 images of cifar-10\. Parameters: memory VAE 694852, VQ-VAE 662083\./);
  t.regex(stdout, /^Rows of images\.png, from top to bottom: original, VQ-VAE, memory VAE;/m);
  t.deepEqual(readdirSync(out), [
    'checkpoint.safetensors',
    'convergence.svg',
    'images.png',
    'images.svg',
    'result.json',
  ]);
  const { width, height } = PNG.sync.read(readFileSync(join(out, 'images.png')));
  t.deepEqual([width, height], [3 * 128 + 2 * 4, 3 * 128 + 2 * 4]);
  const cut = readFileSync(join(out, 'checkpoint.safetensors')).subarray(0, 1000);
  writeFileSync(join(out, 'checkpoint.safetensors'), cut);
  const damaged = run();
  t.is(damaged.status, 2);
  t.regex(damaged.stderr, /^[^\n]*checkpoint\.safetensors: readSafetensors: [^\n]*\n$/);
});
