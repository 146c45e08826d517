// Pictures that a visitor brings: what the browser can decode, an IDX file of grey pictures, or a binary batch of CIFAR-10.
import { readIdx } from 'tapehead';
import { idxBytes } from '../shell/pictures.js';
import { CROP, varianceOf } from './crops.js';
import type { Picture } from './pictures.js';

/** What the shorter side of a photograph becomes: a crop then shows enough of it to be recognized. */
const SHORTER = 64;
const LONGER = 2 * SHORTER;
const MOST = 2000;
/** A smaller variance leaves nothing to learn. */
const PLAIN = 1e-6;
/** A label, and a CIFAR-10 picture color by color. */
const CIFAR_RECORD = 1 + 3 * CROP * CROP;

/** At most the first 2,000 pictures. Rejects with an Error whose message says what is wrong with the files. */
export async function readPictures(files: readonly File[]): Promise<Picture[]> {
  const pictures: Picture[] = [];
  for (const file of files.slice(0, MOST)) pictures.push(...(await picturesOf(file)));
  if (varianceOf(pictures) < PLAIN) throw new RangeError('the pictures must not be of one color, got nothing else');
  return pictures.slice(0, MOST);
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
  return Array.from({ length: Math.min(MOST, bytes.length / CIFAR_RECORD) }, (_, i) => {
    const color = bytes.subarray(i * CIFAR_RECORD + 1, (i + 1) * CIFAR_RECORD);
    const data = Uint8Array.from(color, (_, j) => color[(j % 3) * plane + Math.floor(j / 3)] as number);
    return { width: CROP, height: CROP, data };
  });
}

/** Grey pictures, with black around them where they are smaller than a crop. */
function fromIdx(bytes: Uint8Array): Picture[] {
  const { shape, data } = readIdx(bytes);
  const [count = 0, height = 0, width = 0, ...rest] = shape;
  if (count === 0 || Math.min(height, width) === 0 || Math.max(height, width) > CROP || rest.length > 0) {
    throw new RangeError(
      `an IDX file must hold pictures of at most ${CROP} by ${CROP}, got shape [${shape.join(', ')}]`,
    );
  }
  const [left, top] = [(CROP - width) >> 1, (CROP - height) >> 1];
  return Array.from({ length: Math.min(MOST, count) }, (_, i) => {
    const framed = new Uint8Array(3 * CROP * CROP);
    for (const [j, grey] of data.subarray(i * height * width, (i + 1) * height * width).entries()) {
      const place = (top + Math.floor(j / width)) * CROP + left + (j % width);
      framed.fill(grey, 3 * place, 3 * place + 3);
    }
    return { width: CROP, height: CROP, data: framed };
  });
}

/** The middle of a picture, at most twice as long as wide, made small; sides are multiples of 4, as the networks want them. */
async function decoded(file: File): Promise<Picture> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new RangeError(
      `${file.name} must be a picture that this browser can decode, an IDX file or a CIFAR-10 batch`,
    );
  });
  const scale = SHORTER / Math.min(bitmap.width, bitmap.height);
  const [width, height] = [bitmap.width, bitmap.height].map((side) =>
    Math.min(LONGER, 4 * Math.round((scale * side) / 4)),
  );
  const canvas = new OffscreenCanvas(width as number, height as number);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  context.imageSmoothingQuality = 'high';
  const [across, down] = [canvas.width / scale, canvas.height / scale];
  // What is transparent becomes black.
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(
    bitmap,
    (bitmap.width - across) / 2,
    (bitmap.height - down) / 2,
    across,
    down,
    0,
    0,
    canvas.width,
    canvas.height,
  );
  bitmap.close();
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return { width: canvas.width, height: canvas.height, data: new Uint8Array(data.filter((_, i) => i % 4 !== 3)) };
}
