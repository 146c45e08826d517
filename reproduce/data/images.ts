// Labelled images of a data set, and their conversion to inputs of a model.

export interface LabelledImages {
  readonly count: number;
  /** 1 for grey, 3 for RGB. */
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** [count, channels, height, width]. */
  readonly images: Uint8Array;
  /** Class indices, [count]. */
  readonly labels: Uint8Array;
}

/** A row-major matrix outside the runtime's memory. */
export interface Matrix {
  readonly shape: readonly [rows: number, columns: number];
  readonly data: Float32Array;
}

/** Pixels scaled to [0, 1], one row for each image index in `rows`; `columns` selects pixels. Default: all. */
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

/** Concatenates two sets. */
export function concatenated(a: LabelledImages, b: LabelledImages): LabelledImages {
  const images = new Uint8Array(Buffer.concat([a.images, b.images]));
  return { ...a, count: a.count + b.count, images, labels: new Uint8Array(Buffer.concat([a.labels, b.labels])) };
}
