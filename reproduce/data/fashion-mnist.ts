// Fashion-MNIST: 70,000 grey images of clothes, 28×28, in ten classes (Xiao, Rasul, Vollgraf 2017; MIT licence).
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
/** Bytes before the first label: the magic number, and how many there are. */
const LABELS_FROM = 8;

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
 * The official training set (60,000) and test set (10,000). `data` is a folder that holds `fashion-mnist/` or its four
 * files, packed or not; without it they are fetched into the cache. Rejects with a DataError.
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
      `${images.path}: it must hold images of ${height}×${width}, got ${images.shape.join('×')} bytes from byte 4 on`,
    );
  }
  if (labels.shape.length !== 1 || labels.data.length !== count) {
    throw new DataError(
      `${labels.path}: there must be ${count} labels, one an image, got ${labels.shape.join('×')} from byte 4 on`,
    );
  }
  const stray = labels.data.findIndex((label) => label >= classNames.length);
  if (stray >= 0) {
    const at = LABELS_FROM + stray;
    throw new DataError(
      `${labels.path}: labels must be below ${classNames.length}, got ${labels.data[stray]} at byte ${at}`,
    );
  }
  return { count, channels: 1, height, width, images: images.data, labels: labels.data };
}

/** Where the files are: in `data` or in its folder `fashion-mnist`. */
function folderOf(data: string): string {
  const inner = join(data, remote.name);
  return existsSync(inner) ? inner : data;
}

/** The IDX file of that name, packed or not. */
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

/** A file in the repository of the data set's authors. */
function official(name: string, bytes: number, sha256: string): RemoteFile {
  const file = `${name}-idx${name.endsWith('images') ? 3 : 1}-ubyte.gz`;
  const url = `https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/${file}`;
  return { name: file, url, bytes, sha256 };
}
