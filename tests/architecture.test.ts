// The architecture: import directions, the wasm builds, the top level of the repository, the packed files.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateSync } from 'node:zlib';
import test from 'ava';
import { allKernels, families } from '../bindings/engine/families.js';
import '../index.js';
import { type Sources, violations } from './support/architecture.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('imports follow the layers, and only their layers use kernels, memory and pointers', (t) => {
  const sources = readSources();
  t.true(sources.size > 15);
  t.deepEqual(violations(sources), []);
});

const faults: Record<string, Record<string, string>> = {
  'bindings/tensor/tensor.ts (bindings/tensor) imports bindings/ops/softmax.ts from a later layer (bindings/ops)': {
    'bindings/tensor/tensor.ts': "import { softmax } from '../ops/softmax.js';",
  },
  'assembly/index.ts (assembly) imports assembly/wasi/index.ts from a later layer (assembly/wasi)': {
    'assembly/index.ts': "export * from './wasi/index';",
  },
  'bindings/tensor/shape.ts (bindings/tensor) imports index.ts from a later layer (index.ts)': {
    'bindings/tensor/shape.ts': "import type { Shape } from '../../index.js';",
  },
  'bindings/engine/arena.ts (bindings/engine) imports bindings/load.ts from a later layer (bindings/load.ts)': {
    'bindings/engine/arena.ts': "export const later = () => import('../load.js');",
  },
  'index.ts imports tests/reference/kernels.ts, which belongs to no layer': {
    'index.ts': "export * from './tests/reference/kernels.js';",
  },
  'models/ntm/ntm.ts imports models/gumbel-memory/memory.ts, which belongs to another model family': {
    'models/ntm/ntm.ts': "import '../gumbel-memory/memory.js';",
  },
  "bench/index.ts imports index.ts by its path instead of from 'tapehead'": {
    'bench/index.ts': "import { load } from '../index.js';",
  },
  "site/ntm/worker.ts imports models/ntm/ntm.ts by its path instead of from 'tapehead'": {
    'site/ntm/worker.ts': "import { NTM } from '../../models/ntm/ntm.js';",
  },
  'site/ntm/worker.ts imports reproduce/ntm-copy/train.ts, which belongs to another program': {
    'site/ntm/worker.ts': "import { settings } from '../../reproduce/ntm-copy/train.js';",
  },
  'reproduce/vae-samples/index.ts imports reproduce/memory-vae/train.ts, which belongs to another program': {
    'reproduce/vae-samples/index.ts': "import '../memory-vae/train.js';",
    'reproduce/memory-vae/index.ts': "import './train.js';",
  },
  'import cycle: bindings/tensor/runtime.ts → bindings/tensor/check.ts → bindings/tensor/runtime.ts': {
    'bindings/tensor/tensor.ts': "import './check.js';",
    'bindings/tensor/check.ts': "import './tensor.js';",
  },
  'bindings/load.ts imports the package node:fs': { 'bindings/load.ts': "import 'node:fs';" },
  'helpers/strings.ts belongs to no layer': { 'helpers/strings.ts': '' },
  'import cycle: models/layers/a.ts → models/layers/b.ts → models/layers/a.ts': {
    'models/layers/a.ts': "import './b.js';",
    'models/layers/b.ts': "import type { A } from './a.js';",
  },
  'models/ntm/ntm.ts uses kernels': { 'models/ntm/ntm.ts': 'x.runtime.kernels.softmax();' },
  'models/ntm/ntm.ts uses a pointer': { 'models/ntm/ntm.ts': 'const { pointer } = x;' },
  'bindings/tensor/runtime.ts accesses the wasm memory': {
    'bindings/tensor/runtime.ts': 'new Uint8Array(this.arena.memory.buffer);',
  },
  'bindings/optim/adam.ts accesses the wasm memory': { 'bindings/optim/adam.ts': 'const { buffer } = arena.memory;' },
};

for (const [fault, files] of Object.entries(faults)) {
  test(`reports a violation: ${fault}`, (t) => t.deepEqual(violations(new Map(Object.entries(files))), [fault]));
}

test('runtime, tensor, their checks and scope escape may import each other', (t) => {
  const files = {
    'bindings/tensor/tensor.ts': "import './runtime.js';",
    'bindings/tensor/runtime.ts': "import './scope-escape.js'; import './check-tensor.js';",
    'bindings/tensor/scope-escape.ts': "import './tensor.js';",
    'bindings/tensor/check-tensor.ts': "import './tensor.js';",
  };
  t.deepEqual(violations(new Map(Object.entries(files))), []);
});

for (const variant of ['simd', 'relaxed'] as const) {
  test(`the ${variant} build has no data segment and no mutable global`, (t) => {
    const wat = readFileSync(join(root, `dist/wasm/${variant}.wat`), 'utf8');
    t.regex(wat, /\(export "softmax"/);
    t.notRegex(wat, /\(data\b/);
    t.notRegex(wat, /\(global\b.*\(mut\b/);
  });
}

test('the families have all kernels, and importing the package registers every family', async (t) => {
  const whole = new WebAssembly.Module(readFileSync(join(root, 'dist/wasm/simd.wasm')));
  const parted = families.filter((family) => family !== allKernels);
  const parts = await Promise.all(
    parted.map(async ({ kernel, simd }) => {
      const names = namesOf(new WebAssembly.Module(inflateSync(Buffer.from((await simd()).wasm, 'base64'))));
      t.true(names.includes(kernel), kernel);
      return names;
    }),
  );
  t.deepEqual([...new Set(parts.flat())].sort(), namesOf(whole).sort());
});

/** The names of a module's kernels. */
function namesOf(module: WebAssembly.Module): string[] {
  const exports = WebAssembly.Module.exports(module);
  return exports.filter(({ kind }) => kind === 'function').map(({ name }) => name);
}

test('the top level has only the documented files and folders', (t) => {
  const folders =
    'assembly bench bindings data dist docs models node_modules reproduce runs scripts site tasks tests tools';
  const files =
    'CHANGELOG.md CONTRIBUTING.md LICENSE README.md SECURITY.md asconfig.json ava.browser.config.js biome.json index.ts package-lock.json package.json tsconfig.json';
  const allowed = new Set(`${folders} ${files}`.split(' '));
  const names = readdirSync(root).filter((name) => !name.startsWith('.') && !name.endsWith('.tgz'));
  t.deepEqual(
    names.filter((name) => !allowed.has(name)),
    [],
  );
});

test('the package contains only the library', (t) => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ files }] = JSON.parse(packed.toString());
  const paths: string[] = files.map(({ path }: { path: string }) => path);
  const belongs =
    /^(LICENSE|README\.md|package\.json|dist\/((bindings|data|models|tasks)\/.+|index)\.(js|d\.ts)|dist\/wasm\/simd\.wasm)$/;
  t.deepEqual(
    paths.filter((path) => !belongs.test(path)),
    [],
  );
  for (const path of [
    'dist/index.js',
    'dist/index.d.ts',
    'dist/bindings/wasm/simd.js',
    'dist/bindings/wasm/simd-core.js',
    'dist/wasm/simd.wasm',
  ]) {
    t.true(paths.includes(path), path);
  }
  t.false(paths.includes('dist/wasm/wasi.wasm'), 'the WASI command is not part of the package');
});

/** Every TypeScript and AssemblyScript source outside the tests. */
function readSources(): Sources {
  const folders = ['assembly', 'bindings', 'models', 'data', 'tasks', 'tools', 'reproduce', 'bench', 'site'];
  const inside = folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((name) => join(folder, `${name}`)));
  const paths = ['index.ts', ...inside].filter((path) => path.endsWith('.ts'));
  return new Map(paths.map((path) => [path.split(sep).join('/'), readFileSync(join(root, path), 'utf8')]));
}
