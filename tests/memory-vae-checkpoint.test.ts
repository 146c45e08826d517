// Checkpoints of the memory-vae program: the same bits after resuming, a kill or Ctrl-C; damaged or diverged ones are refused.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readSafetensors, writeSafetensors } from '../index.js';
import { trainWithProgress } from '../reproduce/vae-training/run.js';
import { DataError } from '../tools/data-error.js';
import { syntheticImages, tinySettings, tinyTraining } from './support/tiny-vae-training.js';

const dir = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(dir, { recursive: true }));

test('training resumes from its checkpoint with the same bits', async (t) => {
  const path = join(dir, 'checkpoint');
  const unbroken = await tinyTraining();
  for (let i = 0; i < 6; i++) unbroken.step();
  const first = await tinyTraining();
  t.false(first.resume(path));
  for (let i = 0; i < 3; i++) first.step();
  first.save(path);
  const second = await tinyTraining();
  t.true(second.resume(path));
  t.is(second.update, 3);
  for (let i = 0; i < 3; i++) second.step();
  for (const model of ['memory', 'vq', 'gaussian'] as const) {
    t.deepEqual(second.models[model].parameters.stateDict(), unbroken.models[model].parameters.stateDict());
  }
  t.deepEqual(second.step(), unbroken.step());
});

const UPDATES = 1500;

/** Trains in a child process, which receives `signal` once it has saved its first checkpoint. Returns its standard output. */
async function trainInChild(path: string, signal?: NodeJS.Signals): Promise<string> {
  const program = fileURLToPath(new URL('support/tiny-vae-process.js', import.meta.url));
  const child = spawn(process.execPath, [program, path, `${UPDATES}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [ended, printed] = [once(child, 'exit'), text(child.stdout)];
  if (signal !== undefined) {
    while (child.exitCode === null && !existsSync(path)) await setTimeout(2);
    child.kill(signal);
  }
  await ended;
  return printed;
}

const updateOf = (path: string) => JSON.parse(readSafetensors(readFileSync(path)).metadata.tapehead as string).update;

test('a killed and an interrupted run end with the bits of an uninterrupted one', async (t) => {
  const paths = Object.fromEntries(['unbroken', 'killed', 'interrupted'].map((name) => [name, join(dir, name)]));
  const { unbroken, killed, interrupted } = paths as Record<string, string>;
  const first = await Promise.all([
    trainInChild(unbroken!),
    trainInChild(killed!, 'SIGKILL'),
    trainInChild(interrupted!, 'SIGINT'),
  ]);
  t.notRegex(first.join(), /Resuming/);
  t.regex(first[2], /Interrupted: results so far are kept/);
  for (const path of [killed, interrupted]) {
    const reached = updateOf(path!);
    t.true(reached >= 500 && reached < UPDATES, `${reached}`);
  }
  t.is(updateOf(killed!) % 500, 0);
  const from = updateOf(interrupted!);
  const second = await Promise.all([trainInChild(killed!), trainInChild(interrupted!)]);
  t.regex(second[0], /^Resuming from update \d+00\./);
  t.true(second[1].startsWith(`Resuming from update ${from}.`));
  for (const path of [killed, interrupted]) t.deepEqual(readFileSync(path!), readFileSync(unbroken!));
});

test('training does not resume from a checkpoint of a different seed, settings or images', async (t) => {
  const path = join(dir, 'other');
  (await tinyTraining()).save(path);
  const settings = { ...tinySettings, batch: 5 };
  for (const other of [await tinyTraining(2), await tinyTraining(1, settings)]) {
    t.throws(() => other.resume(path), {
      instanceOf: DataError,
      message: `${path}: checkpoint of a different seed or different settings; delete it or choose another folder with --out`,
    });
  }
  const images = await tinyTraining(1, tinySettings, syntheticImages(11));
  t.throws(() => images.resume(path), { instanceOf: DataError, message: /checkpoint of different images/ });
  t.true((await tinyTraining(1, { ...tinySettings, updates: 99 })).resume(path));
});

test('an error names the damaged checkpoint and the damage', async (t) => {
  const path = join(dir, 'damaged');
  (await tinyTraining()).save(path);
  const whole = readFileSync(path);
  const { tensors, metadata } = readSafetensors(whole);
  const memory = tensors.get('memory.memory')!;
  const bad = Float32Array.from(memory.data as Float32Array).fill(Number.NaN, 17, 19);
  const changed = (entries: typeof tensors, about = metadata) => writeSafetensors(entries, about);
  const damage: [Uint8Array, RegExp][] = [
    [whole.subarray(0, whole.length - 100), /: readSafetensors: the tensors must take all \d+ bytes/],
    [whole.subarray(0, 100), /: readSafetensors: the size of the header must be at most 92, the rest/],
    [new Uint8Array(), /: readSafetensors: the file must hold at least 8 bytes, got 0/],
    [
      changed(new Map([...tensors, ['memory.memory', { ...memory, dtype: 'F32', data: bad }]])),
      /: training cannot resume: memory\.memory must hold finite numbers, got NaN at index 17;/,
    ],
    [
      changed(new Map([...tensors].filter(([name]) => name !== 'memory.memory'))),
      /: loadStateDict: missing key "memory"/,
    ],
    [changed(tensors, {}), /: not a checkpoint of this program;/],
    [changed(tensors, { tapehead: '{' }), /JSON/],
  ];
  for (const [bytes, message] of damage) {
    writeFileSync(path, bytes);
    const training = await tinyTraining();
    const error = t.throws(() => training.resume(path), { instanceOf: DataError, message });
    t.true(error.message.startsWith(`${path}: `));
    t.true(error.message.endsWith('; delete it or choose another folder with --out'));
  }
});

test('a diverging run reports the update and keeps the last checkpoint', async (t) => {
  const path = join(dir, 'diverged');
  (await tinyTraining(1, { ...tinySettings, learningRate: 1e30 })).save(path);
  const kept = readFileSync(path);
  const training = await tinyTraining(1, { ...tinySettings, learningRate: 1e30 });
  await t.throwsAsync(trainWithProgress(training, path), {
    instanceOf: DataError,
    message: /^update 2: training has diverged: the error of model memory is NaN; the last checkpoint is kept$/,
  });
  t.deepEqual(readFileSync(path), kept);
  t.throws(() => training.save(path), {
    instanceOf: DataError,
    message:
      /training has diverged; the last checkpoint is kept: memory\.[\w.]+ must hold finite numbers, got NaN at index \d+$/,
  });
  t.deepEqual(readFileSync(path), kept);
});
