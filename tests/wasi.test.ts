// The WASI command trains to the same bits as the public API, under Node and under an interpreter that is not V8.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { load } from '../index.js';
import { wasiTwin, weightsHash } from './reference/wasi-training.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const command = join(root, 'dist/wasm/wasi.wasm');
const twin = await wasiTwin(await load({ variant: 'simd' }));
const expected = weightsHash(twin);

test('the memory learns', (t) => {
  t.true(twin.report!.rmse < 0.5, 'the squares of normal numbers spread by 1.4');
});

test('the command asks a runtime for no more than any has', (t) => {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(command)));
  t.deepEqual(imports.map(({ module, name }) => `${module}.${name}`).sort(), [
    'wasi_snapshot_preview1.fd_write',
    'wasi_snapshot_preview1.proc_exit',
  ]);
});

test('under WASI in Node', (t) => {
  const printed = execFileSync(process.execPath, [join(root, 'scripts/wasi.mjs')], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.is(printed.toString(), `${expected}\n`);
});

const { error } = spawnSync('wasm-interp', ['--version']);
const title = "under wabt's interpreter";
// .ci/run installs wabt: there a missing interpreter is a failure.
if (error && !process.env.CI) test.skip(`${title}: wasm-interp, of the package wabt, is not installed`, () => {});
else {
  test(title, (t) => {
    // Debian's is compiled without WASI: imports are dummies that only say that they were called, so the hash is read from an export.
    const args = ['--run-all-exports', '--dummy-import-func', command];
    const printed = execFileSync('wasm-interp', args).toString();
    t.true(printed.includes(`trainedHash() => i64:${BigInt(`0x${expected}`)}\n`), printed);
    t.regex(
      printed,
      /called host wasi_snapshot_preview1\.fd_write\(i32:1, .*\n_start\(\) =>/s,
      'the command runs to its end',
    );
  });
}
