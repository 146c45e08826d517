// Labelled images as the data sets hold them, and chosen pixels of them as numbers for a model.

export interface LabelledImages {
  readonly count: number;
  /** 1 for grey; 3 for red, green and blue. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [count, channels, height, width]; of grey ones 0 is the background. */
  readonly images: Uint8Array;
  /** [count], indices into the names of the classes. */
  readonly labels: Uint8Array;
}

/** Numbers by rows, outside the runtime's memory. */
export interface Matrix {
  readonly shape: readonly [rows: number, columns: number];
  readonly data: Float32Array;
}

/** Pixels from 0 to 1: a row for each of the images `rows`, in it the pixels `columns`, by default all of them. */
export function pixelsOf(
  { images, channels, height, width }: LabelledImages,
  rows: Uint32Array,
  columns?: Uint32Array,
): Matrix {
  const size = channels * height * width;
  const chosen = columns ?? Uint32Array.from({ length: size }, (_, i) => i);
  const data = new Float32Array(rows.length * chosen.length);
  let at = 0;
  for (const row of rows) for (const column of chosen) data[at++] = (images[row * size + column] as number) / 255;
  return { shape: [rows.length, chosen.length], data };
}

/** `a` and then `b`. */
export function together(a: LabelledImages, b: LabelledImages): LabelledImages {
  const images = new Uint8Array(Buffer.concat([a.images, b.images]));
  return { ...a, count: a.count + b.count, images, labels: new Uint8Array(Buffer.concat([a.labels, b.labels])) };
}
