// Fashion-MNIST: 70,000 grey 28×28 images of clothes in ten classes (Xiao, Rasul, Vollgraf 2017; MIT licence).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Idx, readIdx } from 'tapehead';
import { DataError } from '../../tools/data-error.js';
import { fetchIntoCache, type RemoteSet } from './cache.js';
import type { RemoteFile } from './fetch-file.js';
import type { LabelledImages } from './images.js';
import { readPacked } from './read-packed.js';

export const classNames = [
  ...['T-shirt/top', 'trouser', 'pullover', 'dress', 'coat'],
  ...['sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
];

const [height, width] = [28, 28];
/** Bytes before the first label: the magic number and the number of labels. */
const LABELS_OFFSET = 8;

const remote: RemoteSet = {
  name: 'fashion-mnist',
  files: [
    official('train-images', 26421880, '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84'),
    official('train-labels', 29515, 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845'),
    official('t10k-images', 4422102, '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073'),
    official('t10k-labels', 5148, '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5'),
  ],
};

/**
 * Reads the official training set (60,000 images) and test set (10,000). `data` is a folder with `fashion-mnist/` or
 * its four files, gzipped or not; without it they are fetched into the cache. Rejects with a DataError.
 */
export async function fashionMnist(data: string | undefined): Promise<{ train: LabelledImages; test: LabelledImages }> {
  const folder = data === undefined ? await fetchIntoCache(remote) : folderOf(data);
  return { train: await readPart(folder, 'train'), test: await readPart(folder, 't10k') };
}

async function readPart(folder: string, part: string): Promise<LabelledImages> {
  const images = await readFrom(folder, `${part}-images-idx3-ubyte`);
  const labels = await readFrom(folder, `${part}-labels-idx1-ubyte`);
  const [count = 0, ...size] = images.shape;
  if (count === 0 || size.length !== 2 || size[0] !== height || size[1] !== width) {
    throw new DataError(
      `${images.path}: images must be ${height}×${width}, but the header says ${images.shape.join('×')} (from byte 4)`,
    );
  }
  if (labels.shape.length !== 1 || labels.data.length !== count) {
    throw new DataError(
      `${labels.path}: needs one label for each of ${count} images, but the header says ${labels.shape.join('×')} (from byte 4)`,
    );
  }
  const invalid = labels.data.findIndex((label) => label >= classNames.length);
  if (invalid >= 0) {
    const at = LABELS_OFFSET + invalid;
    throw new DataError(
      `${labels.path}: labels must be below ${classNames.length}, got ${labels.data[invalid]} at byte ${at}`,
    );
  }
  return { count, channels: 1, height, width, images: images.data, labels: labels.data };
}

/** The folder of the files: `data` or its subfolder `fashion-mnist`. */
function folderOf(data: string): string {
  const inner = join(data, remote.name);
  return existsSync(inner) ? inner : data;
}

/** Reads the IDX file of that name, gzipped or not. */
async function readFrom(folder: string, name: string): Promise<Idx & { path: string }> {
  const plain = join(folder, name);
  const path = existsSync(plain) ? plain : `${plain}.gz`;
  if (!existsSync(path)) throw new DataError(`--data: found neither ${name} nor ${name}.gz in ${folder}`);
  const bytes = await readPacked(path);
  try {
    return { path, ...readIdx(bytes) };
  } catch (error) {
    throw new DataError(`${path}: ${(error as Error).message}`);
  }
}

/** A file in the repository of the authors. */
function official(name: string, bytes: number, sha256: string): RemoteFile {
  const file = `${name}-idx${name.endsWith('images') ? 3 : 1}-ubyte.gz`;
  const url = `https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/${file}`;
  return { name: file, url, bytes, sha256 };
}
