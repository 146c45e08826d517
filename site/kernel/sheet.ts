// Labelled rows of small pictures.
import { color } from '../shell/charts.js';
import { PIXELS, SIDE } from '../shell/pictures.js';

export interface SheetRow {
  readonly name: string;
  /** [·, 28·28], 0 black and 1 white; none if they are not known yet. */
  readonly pictures?: Float32Array;
  /** Pixels to show. Default: all. */
  readonly only?: readonly number[];
}

const GAP = 2;
/** Blue of unknown pixels, unlike any grey. */
const UNKNOWN = [28, 52, 92];

/** Fills `place` with rows of `count` pictures, labelled for screen readers. */
export function showSheet(place: HTMLElement, count: number, rows: readonly SheetRow[]): void {
  place.role = 'img';
  const known = rows.filter(({ pictures }) => pictures !== undefined);
  place.ariaLabel = `${count} images, from top to bottom: ${known.map(({ name }) => name).join(', ')}`;
  place.replaceChildren(
    ...rows.flatMap((row) => {
      const name = document.createElement('span');
      name.textContent = row.name;
      return [name, strip(count, row)];
    }),
  );
}

function strip(count: number, { pictures, only }: SheetRow): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement('canvas'), { width: count * (SIDE + GAP) - GAP, height: SIDE });
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  context.fillStyle = color('plot');
  for (let i = 0; i < count; i++) {
    if (pictures === undefined) context.fillRect(i * (SIDE + GAP), 0, SIDE, SIDE);
    else {
      const picture = new ImageData(SIDE, SIDE);
      draw(picture.data, pictures.subarray(i * PIXELS, (i + 1) * PIXELS), only);
      context.putImageData(picture, i * (SIDE + GAP), 0);
    }
  }
  return canvas;
}

function draw(rgba: Uint8ClampedArray, picture: Float32Array, only: SheetRow['only']): void {
  const shown = only && new Set(only);
  for (const [pixel, value] of picture.entries()) {
    const grey = 255 * value;
    rgba.set([...(shown === undefined || shown.has(pixel) ? [grey, grey, grey] : UNKNOWN), 255], 4 * pixel);
  }
}
