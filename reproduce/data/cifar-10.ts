// CIFAR-10: 32×32 colour images of objects and animals in ten classes (Krizhevsky 2009); any number of its batch files.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseTar } from 'nanotar';
import { DataError } from '../../tools/data-error.js';
import { fetchIntoCache, type RemoteSet } from './cache.js';
import type { LabelledImages } from './images.js';
import { readPacked } from './read-packed.js';

const [channels, height, width, classes] = [3, 32, 32, 10];
/** Bytes of a record: the label, then the red, green and blue plane. */
const RECORD = 1 + channels * height * width;
const TRAINING = /^data_batch_\d+\.bin(\.gz)?$/;
const TEST = /^test_batch\.bin(\.gz)?$/;

const archive = 'cifar-10-binary.tar.gz';
const remote: RemoteSet = {
  name: 'cifar-10',
  files: [
    {
      name: archive,
      url: `https://www.cs.toronto.edu/~kriz/${archive}`,
      bytes: 170052171,
      sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
    },
  ],
};

interface Batch {
  /** File name without the folder. */
  readonly name: string;
  readonly path: string;
  readonly read: () => Promise<Uint8Array>;
}

/**
 * Reads the training batches present, ordered by number, and the test batch. `data` is a folder with `cifar-10/` or its
 * batch files, gzipped or not; without it the official archive is fetched into the cache. Rejects with a DataError.
 */
export async function cifar10(data: string | undefined): Promise<{ train: LabelledImages; test: LabelledImages }> {
  const batches = data === undefined ? await archived(await fetchIntoCache(remote)) : inFolder(data);
  const part = async (pattern: RegExp, what: string) => {
    const chosen = batches.filter(({ name }) => pattern.test(name));
    if (chosen.length === 0) throw new DataError(`--data: found no ${what} of CIFAR-10 in ${data}`);
    chosen.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    return joined(await Promise.all(chosen.map(async ({ path, read }) => ({ path, bytes: await read() }))));
  };
  return { train: await part(TRAINING, 'data_batch_*.bin'), test: await part(TEST, 'test_batch.bin') };
}

/** Concatenates the images of batch files. Throws a DataError that names the damaged file and the byte. */
function joined(files: readonly { readonly path: string; readonly bytes: Uint8Array }[]): LabelledImages {
  const count = files.reduce((sum, { bytes }) => sum + Math.floor(bytes.length / RECORD), 0);
  const images = new Uint8Array(count * (RECORD - 1));
  const labels = new Uint8Array(count);
  let at = 0;
  for (const { path, bytes } of files) {
    const rest = bytes.length % RECORD;
    if (rest !== 0 || bytes.length === 0) {
      throw new DataError(
        `${path}: each image takes ${RECORD} bytes, but the last one, at byte ${bytes.length - rest}, has ${rest}`,
      );
    }
    for (let offset = 0; offset < bytes.length; offset += RECORD) {
      const label = bytes[offset] as number;
      if (label >= classes)
        throw new DataError(`${path}: labels must be below ${classes}, got ${label} at byte ${offset}`);
      labels[at] = label;
      images.set(bytes.subarray(offset + 1, offset + RECORD), at * (RECORD - 1));
      at++;
    }
  }
  return { count, channels, height, width, images, labels };
}

/** Batch files in `data` or in its subfolder `cifar-10`. */
function inFolder(data: string): Batch[] {
  const inner = join(data, remote.name);
  const folder = existsSync(inner) ? inner : data;
  if (!existsSync(folder)) throw new DataError(`--data: there is no folder ${folder}`);
  const names = readdirSync(folder);
  // A batch present both plain and gzipped counts once.
  const chosen = names.filter((name) => !(name.endsWith('.gz') && names.includes(name.slice(0, -'.gz'.length))));
  return chosen.map((name) => {
    const path = join(folder, name);
    return { name, path, read: () => readPacked(path) };
  });
}

async function archived(folder: string): Promise<Batch[]> {
  const path = join(folder, archive);
  return parseTar(await readPacked(path)).map(({ name, data }) => ({
    name: name.slice(name.lastIndexOf('/') + 1),
    path: join(path, name),
    read: async () => data ?? new Uint8Array(),
  }));
}
