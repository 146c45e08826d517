// Pictures from the user: files that the browser can decode, IDX files of grey images, and binary batches of CIFAR-10.
import { readIdx } from 'tapehead';
import { pixelVariance } from '../../tools/pixel-variance.js';
import { idxBytes } from '../shell/pictures.js';
import { CROP } from './crops.js';
import type { Picture } from './pictures.js';

/** Shorter side of a decoded picture: a crop then shows enough of it. */
const SHORT_SIDE = 64;
const MAX_LONG_SIDE = 2 * SHORT_SIDE;
const MAX_PICTURES = 2000;
/** With a smaller variance there is nothing to learn. */
const MIN_VARIANCE = 1e-6;
/** Bytes of a CIFAR-10 record: the label, then the red, green and blue plane. */
const CIFAR_RECORD = 1 + 3 * CROP * CROP;

/** Reads at most the first 2,000 pictures. Rejects with an Error that says what is wrong with the files. */
export async function readPictures(files: readonly File[]): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const file of files.slice(0, MAX_PICTURES)) pictures.push(...(await picturesOf(file)));
  if (pixelVariance(pictures.map(({ data }) => data)) < MIN_VARIANCE) {
    throw new RangeError('all pixels have the same color');
  }
  return pictures.slice(0, MAX_PICTURES);
}

async function picturesOf(file: File): Promise<Picture[]> {
  if (file.name.endsWith('.bin')) return fromCifar(file.name, new Uint8Array(await file.arrayBuffer()));
  const idx = await idxBytes(file);
  return idx === undefined ? [await decoded(file)] : fromIdx(idx);
}

function fromCifar(name: string, bytes: Uint8Array): Picture[] {
  if (bytes.length === 0 || bytes.length % CIFAR_RECORD !== 0) {
    throw new RangeError(`${name} must hold CIFAR-10 records of ${CIFAR_RECORD} bytes, got ${bytes.length} bytes`);
  }
  const plane = CROP * CROP;
  return Array.from({ length: Math.min(MAX_PICTURES, bytes.length / CIFAR_RECORD) }, (_, i) => {
    const color = bytes.subarray(i * CIFAR_RECORD + 1, (i + 1) * CIFAR_RECORD);
    const data = Uint8Array.from(color, (_, j) => color[(j % 3) * plane + Math.floor(j / 3)] as number);
    return { width: CROP, height: CROP, data };
  });
}

/** Grey images, padded with black to the size of a crop. */
function fromIdx(bytes: Uint8Array): Picture[] {
  const { shape, data } = readIdx(bytes);
  const [count = 0, height = 0, width = 0, ...rest] = shape;
  if (count === 0 || Math.min(height, width) === 0 || Math.max(height, width) > CROP || rest.length > 0) {
    throw new RangeError(`an IDX file must hold images of at most ${CROP}×${CROP}, got shape [${shape.join(', ')}]`);
  }
  const [left, top] = [(CROP - width) >> 1, (CROP - height) >> 1];
  return Array.from({ length: Math.min(MAX_PICTURES, count) }, (_, i) => {
    const padded = new Uint8Array(3 * CROP * CROP);
    for (const [j, grey] of data.subarray(i * height * width, (i + 1) * height * width).entries()) {
      const pixel = (top + Math.floor(j / width)) * CROP + left + (j % width);
      padded.fill(grey, 3 * pixel, 3 * pixel + 3);
    }
    return { width: CROP, height: CROP, data: padded };
  });
}

/** Decodes and downscales a picture, cropped to at most 2:1; the networks need sides that are multiples of 4. */
async function decoded(file: File): Promise<Picture> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new RangeError(
      `${file.name} is neither an image that this browser can decode nor an IDX file nor a CIFAR-10 batch`,
    );
  });
  const scale = SHORT_SIDE / Math.min(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width, bitmap.height].map((side) =>
    Math.min(MAX_LONG_SIDE, 4 * Math.round((scale * side) / 4)),
  );
  const canvas = new OffscreenCanvas(width as number, height as number);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.imageSmoothingQuality = 'high';
  const [sourceWidth, sourceHeight] = [canvas.width / scale, canvas.height / scale];
  // Transparent pixels become black.
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(
    bitmap,
    (bitmap.width - sourceWidth) / 2,
    (bitmap.height - sourceHeight) / 2,
    sourceWidth,
    sourceHeight,
    0,
    0,
    canvas.width,
    canvas.height,
  );
  bitmap.close();
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { width: canvas.width, height: canvas.height, data: new Uint8Array(data.filter((_, i) => i % 4 !== 3)) };
}
