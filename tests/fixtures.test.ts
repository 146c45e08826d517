// The reference files pass the check, and files with errors fail it.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readSafetensors, writeSafetensors } from 'tapehead';
import { check, errorsOf } from './fixtures/check.js';

const folder = fileURLToPath(new URL('../../tests/fixtures', import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), 'tapehead-'));
test.after.always(() => rmSync(temporary, { recursive: true }));

for (const file of readdirSync(folder).filter((name) => name.endsWith('.safetensors'))) {
  test(`${file} agrees with PyTorch`, async (t) => {
    const { status, reason } = await check(join(folder, file));
    t.is(status, 'passed', reason);
  });
}

test('a wrong value and a wrong gradient fail the check', async (t) => {
  for (const key of ['out.y', 'grad.weight']) {
    const { status, reason } = await check(altered('linear_9', (data) => nudge(data(key), 1e-3)));
    t.is(status, 'failed');
    t.true(reason?.startsWith(`${key}: error`), reason);
  }
});

test('an error in a small gradient fails the check', async (t) => {
  const small = (data: (key: string) => Float32Array): void => {
    for (const key of ['cot.y', 'grad.x', 'grad.weight', 'grad.bias']) data(key).set(data(key).map((v) => v * 1e-4));
  };
  t.is((await check(altered('linear_7', small))).status, 'passed');
  const wrong = altered('linear_7', (data) => {
    small(data);
    nudge(data('grad.x'), 4e-5);
  });
  t.regex((await check(wrong)).reason ?? '', /^grad\.x: norm/);
});

test('a truncated file and an unknown kind of file fail the check', async (t) => {
  const cut = join(temporary, 'linear_8.safetensors');
  writeFileSync(cut, readFileSync(join(folder, 'linear_1.safetensors')).subarray(0, 700));
  t.is((await check(cut)).status, 'failed');
  t.deepEqual(await check(join(temporary, 'linearity_0.safetensors')), {
    status: 'failed',
    reason: 'unknown kind of file',
  });
});

test('errorsOf measures errors per element and per tensor', (t) => {
  t.deepEqual(errorsOf(Float32Array.of(3, 4.5), Float32Array.of(3, 4)), { element: 0.1, norm: 0.1 });
  t.deepEqual(errorsOf(Float32Array.of(0, 0.5), Float32Array.of(0, 0)), { element: 0.5, norm: 0.5 });
  t.deepEqual(errorsOf(Float32Array.of(NaN, Infinity), Float32Array.of(NaN, Infinity)), { element: 0, norm: 0 });
  t.deepEqual(errorsOf(Float32Array.of(NaN, 1), Float32Array.of(1, 1)), { element: NaN, norm: NaN });
});

test('the command counts files, exits 1 if one fails, and 2 if the folder is empty', (t) => {
  const some = join(temporary, 'some');
  mkdirSync(some);
  t.like(run(some), { status: 2, stdout: '' });
  for (const name of ['linear_0.safetensors', 'softmax_0.safetensors'])
    copyFileSync(join(folder, name), join(some, name));
  t.like(run(some), { status: 0, closing: '2 passed, 0 failed, 0 skipped' });
  copyFileSync(join(folder, 'linear_0.safetensors'), join(some, 'conv2d_0.safetensors'));
  t.like(run(some), { status: 1, closing: '2 passed, 1 failed, 0 skipped' });
});

/** A copy of linear_1 under another name, with its tensors changed. */
function altered(name: string, change: (data: (key: string) => Float32Array) => void): string {
  const { tensors, metadata } = readSafetensors(readFileSync(join(folder, 'linear_1.safetensors')));
  change((key) => tensors.get(key)!.data as Float32Array);
  const path = join(temporary, `${name}.safetensors`);
  writeFileSync(path, writeSafetensors(tensors, metadata));
  return path;
}

function nudge(data: Float32Array, difference: number): void {
  data[0]! += difference;
}

function run(...args: string[]): { status: number | null; stdout: string; closing: string | undefined } {
  const program = fileURLToPath(new URL('./fixtures/run.js', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, stdout, closing: stdout.trimEnd().split('\n').at(-1) };
}
