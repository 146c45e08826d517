// The package as published, installed in a new folder.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

export const run = promisify(execFile);

export interface Installed {
  /** Folder with package.json and node_modules; dependencies come from npm's registry. */
  readonly folder: string;
  /** Path of the result of npm pack. */
  readonly tarball: string;
}

/**
 * Packs this package and installs it in a new folder, together with the compiled modules that tests run in browsers.
 */
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
