// The package as it is published, installed where its users would.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export const run = promisify(execFile);

export interface Installed {
  /** A folder with a package.json and node_modules: npm's registry brought the dependencies. */
  readonly folder: string;
  /** The path of what npm pack made. */
  readonly tarball: string;
}

/** Packs this package and installs it in a new folder, which also gets the compiled modules that the tests run in browsers. */
export async function install(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 'tapehead-'));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root });
  const tarball = join(folder, JSON.parse(stdout)[0].filename);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  await run('npm', ['install', '--no-audit', '--no-fund', tarball], { cwd: folder });
  for (const path of ['support/model-trainings.js', 'browser/app']) {
    await cp(join(root, 'dist/tests', path), join(folder, 'tests', path), { recursive: true });
  }
  return { folder, tarball };
}
