// Common bundlers with their default settings. A warning of webpack or Rollup is an error.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { type RollupLog, rollup } from 'rollup';
import * as vite from 'vite';
import webpack from 'webpack';

/**
 * Bundles `entries`, import specifiers by name, into the folder `out`, whose `index.html` loads the first. `root` is
 * the folder of a package of type module.
 */
export type Bundle = (root: string, entries: Readonly<Record<string, string>>, out: string) => Promise<void>;

export const bundlers = {
  Vite: async (root, entries, out) => {
    await writeFile(join(root, 'index.html'), page(Object.values(entries)[0] as string));
    await vite.build({ root, logLevel: 'error', build: { outDir: out } });
  },
  webpack: async (root, entries, out) => {
    const compiler = webpack({ mode: 'production', context: root, entry: entries, output: { path: out } });
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) =>
      compiler?.run((error, stats) => (error ? reject(error) : resolve(stats))),
    );
    if (stats === undefined || stats.hasErrors() || stats.hasWarnings()) {
      throw new Error(stats?.toString('errors-warnings'));
    }
    await index(out, entries);
  },
  esbuild: async (root, entries, out) => {
    await esbuild.build({ ...esbuildOptions(root, entries, out), format: 'esm', splitting: true });
    await index(out, entries);
  },
  'esbuild to one script': async (root, entries, out) => {
    await esbuild.build(esbuildOptions(root, entries, out));
    await index(out, entries);
  },
  Rollup: async (root, entries, out) => {
    const input = Object.fromEntries(
      Object.entries(entries).map(([name, path]) => [name, path.startsWith('.') ? join(root, path) : path]),
    );
    const onwarn = ({ message }: RollupLog): never => {
      throw new Error(message);
    };
    const bundle = await rollup({ input, plugins: [nodeResolve({ rootDir: root })], onwarn });
    await bundle.write({ dir: out });
    await bundle.close();
    await index(out, entries);
  },
} satisfies Record<string, Bundle>;

function esbuildOptions(root: string, entryPoints: Readonly<Record<string, string>>, outdir: string) {
  return { absWorkingDir: root, entryPoints, outdir, bundle: true, minify: true, logLevel: 'error' } as const;
}

async function index(out: string, entries: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'index.html'), page(`./${Object.keys(entries)[0]}.js`));
}

function page(script: string): string {
  return `<!doctype html><meta charset="utf-8" /><title>tapehead</title><script type="module" src="${script}"></script>`;
}
