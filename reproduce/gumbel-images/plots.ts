// The plot of gumbel-images: test images next to the prototypes read for them.
import type { TopLevelSpec } from 'vega-lite';
import { classNames } from '../data/fashion-mnist.js';
import type { LabelledImages } from '../data/images.js';
import { pixelsOf } from '../data/images.js';
import { grey, type Picture, sheet } from '../sheet.js';
import type { Predictions } from './train.js';

const PAIRS = 6;
/** Width in pixels of the frame, and of the gap between the images of a pair. */
const BORDER = 2;
/** Orange frame of a misclassified image. */
const WRONG = [213, 94, 0];

/** The first test images of every class, each next to the prototype read for it. */
export function readsSheet(
  data: LabelledImages,
  prototypes: readonly Float32Array[],
  { classes, addresses }: Predictions,
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
    title: 'Test images and the prototype read for each',
    subtitle: `the first ${PAIRS} test images of each class, prototype on the right; orange frame: misclassified`,
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
