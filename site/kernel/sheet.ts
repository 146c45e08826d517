// Rows of small pictures, with a word before each row.
import { PIXELS, SIDE } from '../shell/pictures.js';

export interface SheetRow {
  readonly name: string;
  /** [·, 28·28], 0 black and 1 white. */
  readonly pictures: Float32Array;
  /** The pixels to show, if not all. */
  readonly only?: readonly number[];
}

const GAP = 2;
/** What is not shown: a blue that no grey can be taken for. */
const UNSEEN = [28, 52, 92];

/** Puts the rows into `place`, with `label` for those who do not see them. */
export function showSheet(place: HTMLElement, label: string, rows: readonly SheetRow[]): void {
  place.role = 'img';
  place.ariaLabel = label;
  place.replaceChildren(
    ...rows.flatMap((row) => {
      const name = document.createElement('span');
      name.textContent = row.name;
      return [name, strip(row)];
    }),
  );
}

function strip({ pictures, only }: SheetRow): HTMLCanvasElement {
  const count = pictures.length / PIXELS;
  const canvas = Object.assign(document.createElement('canvas'), { width: count * (SIDE + GAP) - GAP, height: SIDE });
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  for (let i = 0; i < count; i++) {
    const picture = new ImageData(SIDE, SIDE);
    draw(picture.data, pictures.subarray(i * PIXELS, (i + 1) * PIXELS), only);
    context.putImageData(picture, i * (SIDE + GAP), 0);
  }
  return canvas;
}

function draw(rgba: Uint8ClampedArray, picture: Float32Array, only: SheetRow['only']): void {
  const shown = new Set(only ?? picture.keys());
  for (const [pixel, value] of picture.entries()) {
    const grey = 255 * value;
    rgba.set([...(shown.has(pixel) ? [grey, grey, grey] : UNSEEN), 255], 4 * pixel);
  }
}
