// Options of load: refusals in one sentence, other realms, environments without WebAssembly or without threads.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import { coreKernels, families, logitKernels } from '../bindings/engine/families.js';
import { load, softmax, tanh } from '../index.js';

const bytes = readFileSync(new URL('../wasm/simd.wasm', import.meta.url));
const foreign = readFileSync(new URL('../wasm/wasi.wasm', import.meta.url));
const run = promisify(execFile);

/** Runs a script in a new process, in which `index` is the URL of the package. */
async function script(text: string, { env = {}, flags = [] as string[] } = {}): Promise<string> {
  const index = JSON.stringify(new URL('../index.js', import.meta.url).href);
  const code = `const index = ${index};\n${text}`;
  const { stdout } = await run(process.execPath, [...flags, '--input-type=module', '-e', code], {
    env: { ...process.env, TAPEHEAD_THREADS: '', TAPEHEAD_VARIANT: '', ...env },
    timeout: 60_000,
  });
  return stdout.trim();
}

/** A script that prints the reason of `load()`, or the error. */
const printReason = `
  const { load } = await import(index);
  console.log(await load().then(({ info }) => info.threads + ' ' + info.reason, (error) => error.message));
`;

const revoked = Proxy.revocable({}, {});
revoked.revoke();

const refusals: [options: unknown, error: typeof TypeError | typeof RangeError, message: RegExp][] = [
  [null, TypeError, /^load: options must be an object, got null$/],
  [7, TypeError, /^load: options must be an object, got 7$/],
  [{ thread: 2 }, TypeError, /^load: unknown option "thread"; options are variant, threads, wasm, maxMemory$/],
  [{ threads: 0 }, RangeError, /^load: threads must be an integer in \[1, 64\], got 0$/],
  [{ threads: null }, RangeError, /^load: threads must be an integer in \[1, 64\], got null$/],
  [{ threads: '2' }, RangeError, /^load: threads must be an integer in \[1, 64\], got "2"$/],
  [{ threads: 2n }, RangeError, /^load: threads must be an integer in \[1, 64\], got 2n$/],
  [{ variant: 'constructor' }, RangeError, /^load: variant must be 'simd' or 'relaxed', got "constructor"$/],
  [{ variant: '' }, RangeError, /^load: variant must be 'simd' or 'relaxed', got ""$/],
  [{ maxMemory: Number.NaN }, RangeError, /^load: maxMemory must be an integer in \[4194304, 4294967296\], got NaN$/],
  [{ maxMemory: 2 ** 22 - 1 }, RangeError, /^load: maxMemory must be an integer in/],
  [{ maxMemory: 2 ** 32 + 1 }, RangeError, /^load: maxMemory must be an integer in/],
  [{ maxMemory: 2 ** 22, threads: 64 }, RangeError, /^load: maxMemory must be ≥ \d+ for 64 threads, got 4194304$/],
  [{ wasm: null }, TypeError, /^load: wasm must be a WebAssembly.Module, bytes, or a URL, got null$/],
  [{ wasm: {} }, TypeError, /^load: wasm must be a WebAssembly.Module, bytes, or a URL, got an Object$/],
  [{ wasm: revoked.proxy }, TypeError, /^load: wasm must be a WebAssembly.Module, bytes, or a URL, got an object$/],
  [
    { wasm: new Uint8Array(3) },
    TypeError,
    /^load: wasm must be a WebAssembly binary, which begins with \\0asm, got a /,
  ],
  [{ wasm: bytes.subarray(0, 8), threads: 1 }, TypeError, /^load: wasm must be a build of tapehead/],
  [{ wasm: { [Symbol.toStringTag]: 'WebAssembly.Module' } }, TypeError, /^load: wasm must be a build of tapehead/],
  [
    { wasm: foreign, threads: 1 },
    TypeError,
    /^load: wasm must be a build of tapehead, such as tapehead\/simd.wasm, got/,
  ],
  [{ wasm: new WebAssembly.Module(bytes.subarray(0, 8)) }, TypeError, /^load: wasm must be a build of tapehead/],
];

for (const [i, [options, instanceOf, message]] of refusals.entries()) {
  test(`refused: ${i}, ${message}`, async (t) => {
    await t.throwsAsync(load(options as never), { instanceOf, message });
  });
}

test('a wasm that cannot be fetched or compiled is an error of one sentence', async (t) => {
  await t.throwsAsync(load({ wasm: '' }), { message: /^load: cannot fetch wasm from "": Invalid URL$/ });
  await t.throwsAsync(load({ wasm: 'x'.repeat(1e6) }), {
    message: /^load: cannot fetch wasm from "x{60}"…: Invalid URL$/,
  });
  await t.throwsAsync(load({ wasm: new URL('http://127.0.0.1:1/simd.wasm') }), {
    message: /^load: cannot fetch wasm from "http:\/\/127.0.0.1:1\/simd.wasm": /,
  });
  const damaged = bytes.subarray(0, bytes.length / 2);
  await t.throwsAsync(load({ wasm: damaged, threads: 1 }), { message: /^load: cannot compile wasm: / });
});

test('bytes, modules and URLs of another realm, and shared bytes, are accepted', async (t) => {
  const url = `data:application/wasm;base64,${bytes.toString('base64')}`;
  const array: Uint8Array = runInNewContext('Uint8Array').from(bytes);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const module = runInNewContext('new WebAssembly.Module(bytes)', { bytes });
  t.false(array instanceof Uint8Array);
  t.false(module instanceof WebAssembly.Module);
  for (const wasm of [
    array,
    array.buffer,
    new DataView(array.buffer),
    shared,
    shared.buffer,
    module,
    url,
    new URL(url),
  ]) {
    for (const threads of [1, 2]) {
      const runtime = await load({ wasm: wasm as Uint8Array, threads });
      t.is(runtime.info.variant, 'simd');
      runtime.close();
    }
  }
});

test('empty environment variables count as unset, others are checked', async (t) => {
  t.regex(await script(printReason), /^\d+ the engine supports .* (threads|thread) on /);
  const wrong = [
    [{ TAPEHEAD_THREADS: 'two' }, 'load: TAPEHEAD_THREADS must be an integer in [1, 64], got "two"'],
    [{ TAPEHEAD_THREADS: ' ' }, 'load: TAPEHEAD_THREADS must be an integer in [1, 64], got " "'],
    [{ TAPEHEAD_VARIANT: 'fast' }, `load: TAPEHEAD_VARIANT must be 'simd' or 'relaxed', got "fast"`],
  ] as const;
  for (const [env, message] of wrong) t.is(await script(printReason, { env }), message);
  const env = { TAPEHEAD_THREADS: '2', TAPEHEAD_VARIANT: 'simd' };
  t.is(await script(printReason, { env }), '2 variant simd was requested; 2 threads as requested');
});

test('without WebAssembly, load says so', async (t) => {
  const printed = await script(printReason, { flags: ['--jitless', '--no-warnings'] });
  t.is(printed, 'load: the engine must have WebAssembly, which node --jitless switches off');
});

test('a Node without process.getBuiltinModule has one thread, and info says why', async (t) => {
  const printed = await script(`delete process.getBuiltinModule; ${printReason}`, { env: { TAPEHEAD_THREADS: '2' } });
  t.regex(printed, /^1 .*; one thread, because Node before 20\.16 and 22\.3 has no process\.getBuiltinModule$/);
});

test.serial('a bundle loads the families that it has; an op of another one throws an Error that says so', async (t) => {
  const registered = families.splice(0);
  families.push(coreKernels, logitKernels);
  try {
    for (const threads of [1, 2]) {
      const runtime = await load({ threads });
      const x = runtime.zeros([2 ** 18]);
      t.is(
        runtime.noGrad(() => softmax(x).toArray()[0]),
        2 ** -18,
      );
      t.throws(() => runtime.noGrad(() => tanh(x)), {
        message: 'tanh: its kernels are not loaded; import it before calling load()',
      });
      runtime.close();
    }
  } finally {
    families.splice(0, families.length, ...registered);
  }
});
