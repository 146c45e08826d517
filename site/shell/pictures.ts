// Images from the user: an IDX file, gzipped or not, or files that the browser can decode, all converted to grey 28×28.
import { readIdx } from 'tapehead';
import { gunzipLimit } from '../../tools/gunzip-limit.js';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
const MAX_PICTURES = 2000;
/** Fewer are too few to split into training and test images. */
const MIN_PICTURES = 30;

/** Images [count, 28·28], 0 black and 255 white. */
export interface Pictures {
  readonly count: number;
  readonly data: Uint8Array;
}

/** Reads at most the first 2,000 images. Rejects with an Error that says what is wrong with the files. */
export async function readPictures(files: readonly File[]): Promise<Pictures> {
  const [first] = files;
  const idx = first && files.length === 1 ? await idxBytes(first) : undefined;
  const pictures = idx === undefined ? await decoded(files.slice(0, MAX_PICTURES)) : fromIdx(idx);
  if (pictures.count < MIN_PICTURES) {
    throw new RangeError(`at least ${MIN_PICTURES} images are needed, got ${pictures.count}`);
  }
  return pictures;
}

/** The bytes of an IDX file, unpacked; undefined if the file is neither IDX nor gzip. */
export async function idxBytes(file: File): Promise<Uint8Array | undefined> {
  const [a, b] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (a === 0 && b === 0) return new Uint8Array(await file.arrayBuffer());
  if (a !== 0x1f || b !== 0x8b) return undefined;
  const limit = gunzipLimit(file.size);
  let length = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      length += chunk.length;
      if (length > limit) controller.error();
      else controller.enqueue(chunk);
    },
  });
  try {
    const unpacked = file.stream().pipeThrough(new DecompressionStream('gzip')).pipeThrough(counter);
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch {
    throw new RangeError(
      length > limit
        ? `${file.name} unpacks to more than ${limit.toLocaleString('en')} bytes`
        : `${file.name} is not a complete gzip file`,
    );
  }
}

function fromIdx(bytes: Uint8Array): Pictures {
  const { shape, data } = readIdx(bytes);
  const [all = 0, height, width, ...rest] = shape;
  if (height !== SIDE || width !== SIDE || rest.length > 0) {
    throw new RangeError(`an IDX file must hold ${SIDE}×${SIDE} images, got shape [${shape.join(', ')}]`);
  }
  const count = Math.min(all, MAX_PICTURES);
  return { count, data: data.slice(0, count * PIXELS) };
}

async function decoded(files: readonly File[]): Promise<Pictures> {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d', { willReadFrequently: true }) as OffscreenCanvasRenderingContext2D;
  context.imageSmoothingQuality = 'high';
  const data = new Uint8Array(files.length * PIXELS);
  for (const [i, file] of files.entries()) data.set(await greyOf(file, context), i * PIXELS);
  return { count: files.length, data };
}

/** The central square of a picture, in grey. */
async function greyOf(file: File, context: OffscreenCanvasRenderingContext2D): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new RangeError(`${file.name} is neither an image that this browser can decode nor an IDX file`);
  });
  const { width, height } = bitmap;
  const side = Math.min(width, height);
  // Transparent pixels become black.
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(bitmap, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const channel = (i: number, c: number) => data[4 * i + c] as number;
  return Uint8Array.from({ length: PIXELS }, (_, i) =>
    Math.round(0.299 * channel(i, 0) + 0.587 * channel(i, 1) + 0.114 * channel(i, 2)),
  );
}
