// Random crops of pictures.
import type { Random, Tensor } from 'tapehead';
import type { Picture } from './pictures.js';

/** Side of a crop in pixels; no picture is smaller. */
export const CROP = 32;

/** Draws `size` crops at random positions of random pictures, scaled to [0, 1]: [size, 3, 32, 32]. */
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

/** Crops a picture and scales it to [0, 1]: [3, height, width]. */
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
