// The memory VAE's program: CIFAR-10 files, training that goes on bit for bit from its checkpoint, what is measured.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { load } from '../index.js';
import { cifar10 } from '../reproduce/data/cifar-10.js';
import { DataError } from '../reproduce/data/data-error.js';
import { evaluate } from '../reproduce/memory-vae/evaluate.js';
import type { Settings } from '../reproduce/memory-vae/settings.js';
import { Training } from '../reproduce/memory-vae/train.js';
import { seeded } from './random-numbers.js';

const RECORD = 3073;
const temporary = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(temporary, { recursive: true }));

/** Records with labels from `first` on, and pixels that tell where they lie. */
function records(count: number, first = 0): Uint8Array {
  return Uint8Array.from({ length: count * RECORD }, (_, i) =>
    i % RECORD === 0 ? (first + i / RECORD) % 10 : (i % RECORD) % 251,
  );
}

test('CIFAR-10: any number of batch files, packed or not, in a folder or the folder in it', async (t) => {
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

test('a CIFAR-10 batch that lies there packed and unpacked is read once, and batch 10 comes after batch 9', async (t) => {
  const folder = join(temporary, 'doubled');
  mkdirSync(folder);
  writeFileSync(join(folder, 'data_batch_10.bin'), records(1, 5));
  writeFileSync(join(folder, 'data_batch_9.bin'), records(2));
  writeFileSync(join(folder, 'data_batch_9.bin.gz'), gzipSync(records(2)));
  writeFileSync(join(folder, 'test_batch.bin'), records(1));
  t.deepEqual([...(await cifar10(folder)).train.labels], [0, 1, 5]);
});

test('damaged CIFAR-10 files are named, with the byte', async (t) => {
  const folder = join(temporary, 'broken');
  const wrongLabel = records(2);
  wrongLabel[RECORD] = 77;
  const cut = records(3).subarray(0, 2 * RECORD + 100);
  const packed = gzipSync(records(1));
  const damage: [string, Uint8Array, string][] = [
    ['data_batch_1.bin', cut, 'images must have 3073 bytes each, got 100 in the last one, from byte 6146 on'],
    [
      'data_batch_1.bin.gz',
      gzipSync(cut),
      'images must have 3073 bytes each, got 100 in the last one, from byte 6146 on',
    ],
    ['data_batch_1.bin', wrongLabel, 'labels must be below 10, got 77 at byte 3073'],
    ['data_batch_1.bin', new Uint8Array(), 'images must have 3073 bytes each, got 0 in the last one, from byte 0 on'],
    ['data_batch_1.bin.gz', packed.subarray(0, 50), 'it cannot be unpacked (unexpected end of file after byte 50)'],
    ['data_batch_1.bin.gz', new Uint8Array(), 'it cannot be unpacked (unexpected end of file after byte 0)'],
    ['data_batch_1.bin.gz', records(1), 'it cannot be unpacked (incorrect header check after byte 0)'],
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
    message: /data_batch_1\.bin: it cannot be read \(EISDIR/,
  });
  rmSync(join(folder, 'data_batch_1.bin'), { recursive: true });
  await t.throwsAsync(cifar10(folder), { instanceOf: DataError, message: /^--data: found no data_batch_\*\.bin/ });
  const nowhere = join(temporary, 'nowhere');
  await t.throwsAsync(cifar10(nowhere), { instanceOf: DataError, message: `--data: found no folder ${nowhere}` });
});

const sizes = { narrow: 4, wide: 6, residual: 3, latentSize: 4 };
const settings: Settings = {
  updates: 6,
  batch: 4,
  learningRate: 1e-2,
  memory: { ...sizes, memorySize: 7 },
  vq: { ...sizes, codebookSize: 7, restartDeadCodes: true },
};

function madeUp(count: number) {
  const random = seeded(count);
  const images = Uint8Array.from({ length: count * 3 * 64 }, () => Math.floor(random() * 256));
  return { count, channels: 3, height: 8, width: 8, images, labels: new Uint8Array(count) };
}

async function training(seed = 1, chosen = settings): Promise<Training> {
  return new Training(await load(), madeUp(10), chosen, 0.08, seed);
}

test('training goes on from its checkpoint with the same bits', async (t) => {
  const path = join(temporary, 'checkpoint.safetensors');
  const unbroken = await training();
  for (let i = 0; i < 6; i++) unbroken.step();
  const first = await training();
  t.false(first.resume(path));
  for (let i = 0; i < 3; i++) first.step();
  first.save(path);
  const second = await training();
  t.true(second.resume(path));
  t.is(second.update, 3);
  for (let i = 0; i < 3; i++) second.step();
  for (const model of ['memory', 'vq'] as const) {
    t.deepEqual(second[model].parameters.stateDict(), unbroken[model].parameters.stateDict());
  }
  t.deepEqual(second.step(), unbroken.step());
});

test('a checkpoint of another seed or other settings is not gone on from', async (t) => {
  const path = join(temporary, 'other.safetensors');
  (await training()).save(path);
  const others = [await training(2), await training(1, { ...settings, batch: 5 })];
  for (const other of others) t.throws(() => other.resume(path), { instanceOf: DataError, message: /other settings/ });
  t.true((await training(1, { ...settings, updates: 99 })).resume(path));
});

test('both models begin with the same encoder and decoder', async (t) => {
  const { memory, vq } = await training();
  for (const [key, entry] of vq.parameters.stateDict()) {
    if (/^(en|de)coder\./.test(key)) t.deepEqual(memory.parameters.stateDict().get(key), entry, key);
  }
});

test('quality: errors, signal to noise, perplexity, bits of a read', async (t) => {
  const { memory, vq } = await training();
  const [soft, hard] = [evaluate(memory, madeUp(10), 0.08, 10), evaluate(vq, madeUp(10), 0.08, 10)];
  for (const { error, psnr, perplexity } of [soft, hard]) {
    t.true(Math.abs(psnr + 10 * Math.log10(error * 0.08)) < 1e-9);
    t.true(perplexity >= 1 && perplexity <= 7);
  }
  t.true(soft.entropy > 0 && soft.entropy <= Math.log2(7) + 1e-6);
  t.is(hard.entropy, 0);
});
