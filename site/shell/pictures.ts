// Pictures that a visitor brings: an IDX file, packed or not, or pictures that the browser can decode. All become 28 by 28 and grey.
import { readIdx } from 'tapehead';

export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
const MOST = 2000;
/** Fewer cannot be split into pictures to learn from and others to test with. */
const FEWEST = 30;

/** Pictures [count, 28·28], a row each, 0 black and 255 white. */
export interface Pictures {
  readonly count: number;
  readonly data: Uint8Array;
}

/** At most the first 2,000 pictures. Rejects with an Error whose message says what is wrong with the files. */
export async function readPictures(files: readonly File[]): Promise<Pictures> {
  const [first] = files;
  const idx = first && files.length === 1 ? await idxBytes(first) : undefined;
  const pictures = idx === undefined ? await decoded(files.slice(0, MOST)) : fromIdx(idx);
  if (pictures.count < FEWEST) throw new RangeError(`there must be at least ${FEWEST} pictures, got ${pictures.count}`);
  return pictures;
}

/** The unpacked bytes of an IDX file; undefined where it is none, nor packed. */
export async function idxBytes(file: File): Promise<Uint8Array | undefined> {
  const [a, b] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (a === 0 && b === 0) return new Uint8Array(await file.arrayBuffer());
  if (a !== 0x1f || b !== 0x8b) return undefined;
  try {
    const unpacked = file.stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch {
    throw new RangeError(`${file.name} must be a whole gzip file, got one that is damaged`);
  }
}

function fromIdx(bytes: Uint8Array): Pictures {
  const { shape, data } = readIdx(bytes);
  const [all = 0, height, width, ...rest] = shape;
  if (height !== SIDE || width !== SIDE || rest.length > 0) {
    throw new RangeError(`an IDX file must hold pictures of ${SIDE} by ${SIDE}, got shape [${shape.join(', ')}]`);
  }
  const count = Math.min(all, MOST);
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

/** The middle square of a picture, in grey. */
async function greyOf(file: File, context: OffscreenCanvasRenderingContext2D): Promise<Uint8Array> {
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new RangeError(`${file.name} must be a picture that this browser can decode, or an IDX file`);
  });
  const { width, height } = bitmap;
  const side = Math.min(width, height);
  // What is transparent becomes black.
  context.fillRect(0, 0, SIDE, SIDE);
  context.drawImage(bitmap, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
  bitmap.close();
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const channel = (i: number, c: number) => data[4 * i + c] as number;
  return Uint8Array.from({ length: PIXELS }, (_, i) =>
    Math.round(0.299 * channel(i, 0) + 0.587 * channel(i, 1) + 0.114 * channel(i, 2)),
  );
}
