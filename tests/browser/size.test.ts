// Download size of a page with one model, tree shaking, and the size of the wasm builds in the package.
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import type { Browser } from 'playwright-core';
import { bundlers } from './bundlers.js';
import { startChromium } from './chromium.js';
import { isolation, serveFolder } from './folder-server.js';
import { type Installed, install } from './installed.js';

/** A small application for each model. */
const apps = {
  NTM: `import { Adam, binaryCrossEntropyWithLogits, CopyTask, load, NTM, Random, split } from 'tapehead';
    const runtime = await load();
    const random = new Random(runtime, 1);
    const task = new CopyTask(runtime, { random });
    const model = new NTM(runtime, { inputSize: task.inputSize, outputSize: task.vectorSize, random });
    const optimizer = new Adam(model.parameters);
    const loss = () => {
      const { inputs, targets, length } = task.batch(8);
      return binaryCrossEntropyWithLogits(split(model.forward(inputs), [length + 1, length], 0)[1], targets);
    };`,
  GumbelMemory: `import { Adam, GumbelMemory, load, mseLoss, Random } from 'tapehead';
    const runtime = await load();
    const random = new Random(runtime, 1);
    const [bank, x] = [random.uniform([5]), random.uniform([32, 1])];
    const model = new GumbelMemory(runtime, { bank, inputSize: 1, hiddenSizes: [16], random });
    const optimizer = new Adam(model.parameters);
    const loss = () => mseLoss(model.forward(x, { training: true }).read, runtime.zeros([32]));`,
  MemoryVAE: `import { Adam, load, MemoryVAE, Random } from 'tapehead';
    const runtime = await load();
    const random = new Random(runtime, 1);
    const images = random.uniform([2, 3, 8, 8]);
    const model = new MemoryVAE(runtime, { narrow: 4, wide: 6, residual: 3, memorySize: 7, random });
    const optimizer = new Adam(model.parameters);
    const loss = () => model.forward(images).loss;`,
  KernelMemory: `import { KernelMemory, load, Random } from 'tapehead';
    const runtime = await load();
    const random = new Random(runtime, 1);
    const [queries, targets] = [random.uniform([32, 4]), random.uniform([32, 2])];
    const memory = await KernelMemory.fit(runtime, queries, targets, { memorySize: 5, iterations: 3, random });
    globalThis.trained = memory.predict(queries).every(Number.isFinite);`,
};

const update = `
  globalThis.trained = runtime.step(() => {
    const error = loss();
    error.backward();
    optimizer.step();
    return Number.isFinite(error.item());
  });`;

/** The families of kernels that each application fetches. */
const families = {
  NTM: ['core', 'sequence'],
  GumbelMemory: ['core', 'gumbel', 'normalization'],
  MemoryVAE: ['attention', 'convolution', 'core', 'exponential', 'math'],
  KernelMemory: ['attention', 'core', 'exponential', 'regression'],
};

const KB = 1024;

/** Matches the names of files with a wasm build. */
const builds = /(simd|relaxed)/;

type App = keyof typeof apps;

let installed: Installed;
let browser: Browser;

test.before(async () => {
  installed = await install();
  browser = await startChromium();
  for (const app of Object.keys(apps) as App[]) {
    const text = app === 'KernelMemory' ? apps[app] : apps[app] + update;
    await writeFile(join(installed.folder, `${app}.js`), text);
    await bundlers.Vite(installed.folder, { app: `./${app}.js` }, join(installed.folder, 'out', app));
  }
});

test.after.always(async () => {
  await browser?.close();
  if (installed !== undefined) await rm(installed.folder, { recursive: true });
});

/** Files that the page fetches, including the worker script: content by path. */
async function fetched(app: App, headers: Record<string, string>): Promise<Map<string, Buffer>> {
  const folder = join(installed.folder, 'out', app);
  const server = await serveFolder(folder, headers);
  const page = await browser.newPage();
  await page.goto(`${server.url}/index.html`);
  await page.waitForFunction('globalThis.trained');
  // Nothing else waits for the worker script.
  while (headers === isolation && ![...server.fetched].some((path) => path.includes('tapehead-worker'))) {
    await setTimeout(20);
  }
  await page.close();
  server.close();
  const paths = [...server.fetched].sort();
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(join(folder, path))] as const)));
}

/** Gzipped sizes of these files by path. */
async function compressed(app: App, headers: Record<string, string>): Promise<Map<string, number>> {
  return new Map([...(await fetched(app, headers))].map(([path, content]) => [path, gzipSync(content).length]));
}

function sum(sizes: ReadonlyMap<string, number>): number {
  return [...sizes.values()].reduce((total, size) => total + size, 0);
}

for (const app of Object.keys(apps) as App[]) {
  test.serial(
    `a page with one ${app} fetches at most 40 KB, gzipped, including wasm; threads add at most 4 KB`,
    async (t) => {
      const alone = await compressed(app, {});
      const threaded = await compressed(app, isolation);
      for (const [path, size] of threaded) t.log(`${size} ${path}${alone.has(path) ? '' : ', for threads'}`);
      t.log(`${sum(alone)} alone, ${sum(threaded)} with threads`);
      const modules = [...alone.keys()].filter((path) => builds.test(path));
      t.is(modules.length, families[app].length);
      for (const family of families[app])
        t.true(
          modules.some((path) => path.includes(`-${family}`)),
          family,
        );
      t.is(threaded.size, alone.size + 2, 'the multithreaded kernels and the worker script');
      t.true(sum(alone) <= 40 * KB && sum(threaded) - sum(alone) <= 4 * KB);
    },
  );
}

test.serial('an application contains only the model that it uses', async (t) => {
  for (const app of Object.keys(apps) as App[]) {
    const texts = [...(await fetched(app, {}))].filter(([path]) => !builds.test(path)).map(([, text]) => text);
    for (const model of Object.keys(apps)) t.is(texts.join().includes(model), model === app, `${model} in ${app}`);
  }
});

// One script has no top-level await, which the applications use.
const { 'esbuild to one script': _, ...splitting } = bundlers;

for (const [name, bundle] of Object.entries(splitting)) {
  test.serial(`${name} keeps only the families of kernels that an application needs`, async (t) => {
    const out = join(installed.folder, 'out', name);
    await bundle(installed.folder, { app: './GumbelMemory.js' }, out);
    const paths = (await readdir(out, { recursive: true })).filter((path) => path.endsWith('.js'));
    const texts = await Promise.all(paths.map((path) => readFile(join(out, path), 'utf8')));
    const kept = [...texts.join().matchAll(/\bkernel: ?["'`](\w+)/g)].map(([, kernel]) => kernel);
    t.deepEqual(kept.sort(), ['batchNorm', 'gumbelWeights', 'matmul']);
  });
}

test('all wasm builds, as files and as modules, take at most 265 KB', async (t) => {
  let total = 0;
  for (const folder of ['dist/wasm', 'dist/bindings/wasm']) {
    const path = join(installed.folder, 'node_modules/tapehead', folder);
    for (const name of (await readdir(path)).filter((name) => !name.endsWith('.d.ts'))) {
      const { size } = await stat(join(path, name));
      t.log(`${size} ${folder}/${name}`);
      total += size;
    }
  }
  t.true(total > 0 && total <= 265 * KB, `${total} bytes`);
});
