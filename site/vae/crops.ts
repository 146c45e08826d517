// Batches of squares cut from pictures, each from a picture and a place drawn at random.
import type { Random, Tensor } from 'tapehead';
import type { Picture } from './pictures.js';

/** Pixels of a crop across and down; no picture is smaller. */
export const CROP = 32;

/** `size` crops as numbers from 0 to 1: [size, 3, 32, 32]. */
export function drawCrops(random: Random, pictures: readonly Picture[], size: number): Tensor {
  const pixels = new Float32Array(size * 3 * CROP * CROP);
  for (let i = 0; i < size; i++) {
    const picture = pictures[random.integer(0, pictures.length)] as Picture;
    const left = random.integer(0, picture.width - CROP + 1);
    const top = random.integer(0, picture.height - CROP + 1);
    pixels.set(crop(picture, left, top, CROP, CROP), i * 3 * CROP * CROP);
  }
  return random.runtime.tensor(pixels, [size, 3, CROP, CROP]);
}

/** A part of a picture as numbers from 0 to 1, color by color. */
export function crop({ width: across, data }: Picture, left: number, top: number, width: number, height: number) {
  const pixels = new Float32Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * ((top + y) * across + left + x);
      for (let c = 0; c < 3; c++) pixels[(c * height + y) * width + x] = (data[from + c] as number) / 255;
    }
  }
  return pixels;
}

/** Variance of all pixels, around one mean. */
export function varianceOf(pictures: readonly Picture[]): number {
  let [count, sum, squares] = [0, 0, 0];
  for (const { data } of pictures) {
    for (const byte of data) {
      sum += byte;
      squares += byte * byte;
    }
    count += data.length;
  }
  return (squares / count - (sum / count) * (sum / count)) / (255 * 255);
}
