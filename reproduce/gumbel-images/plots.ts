// The sheet of gumbel-images: inputs, and beside each the image that was read for it.
import type { TopLevelSpec } from 'vega-lite';
import { classNames, type LabelledImages } from '../data/fashion-mnist.js';
import { pixelsOf } from '../data/pixels.js';
import { grey, type Picture, sheet } from '../sheet.js';
import type { Answers } from './train.js';

const PAIRS = 6;
/** Pixels of a frame, and between the images of a pair. */
const BORDER = 2;
/** Orange: a wrong class. */
const WRONG = [213, 94, 0];

/** The first images of every class, and what was read for each. */
export function readsSheet(
  data: LabelledImages,
  prototypes: readonly Float32Array[],
  { classes, addresses }: Answers,
): TopLevelSpec {
  const { height, width, labels } = data;
  const pairOf = (row: number): Picture => {
    const input = grey(pixelsOf(data, Uint32Array.of(row)).data, height, width);
    const read = grey(prototypes[addresses[row] as number] as Float32Array, height, width);
    return pair(input, read, classes[row] === labels[row] ? [255, 255, 255] : WRONG);
  };
  const rows = classNames.map((name, label) => {
    const own = [...labels.keys()].filter((row) => labels[row] === label).slice(0, PAIRS);
    return [name, own.map(pairOf)] as const;
  });
  return sheet(Object.fromEntries(rows), {
    title: 'Inputs, and the one image read for each',
    subtitle: `the first ${PAIRS} test images of each class, each with its reading on the right; framed: a wrong class`,
    scale: 2,
  });
}

/** Two pictures side by side in a frame. */
function pair(left: Picture, right: Picture, frame: readonly number[]): Picture {
  const { height, width } = left;
  const whole = { height: height + 2 * BORDER, width: 2 * width + 3 * BORDER };
  const rgb = new Uint8Array(3 * whole.height * whole.width).map((_, i) => frame[i % 3] as number);
  for (const [i, picture] of [left, right].entries()) {
    for (let y = 0; y < height; y++) {
      const row = picture.rgb.subarray(3 * y * width, 3 * (y + 1) * width);
      rgb.set(row, 3 * ((y + BORDER) * whole.width + BORDER + i * (width + BORDER)));
    }
  }
  return { ...whole, rgb };
}
