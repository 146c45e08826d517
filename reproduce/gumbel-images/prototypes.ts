// Selection of prototypes from a training set, and their accuracy as a nearest-prototype classifier.
import { kMeans, type Random } from 'tapehead';
import { nearestRows, rowsOf } from '../../tools/nearest-rows.js';
import { classNames } from '../data/fashion-mnist.js';
import { type LabelledImages, pixelsOf } from '../data/images.js';

/**
 * Picks `each` prototypes per class, ordered by class: [10·each, height·width]. A prototype is the image nearest to a center that k-means
 * finds among the first `sample` images of the class.
 */
export function pickPrototypes(images: LabelledImages, each: number, sample: number, random: Random): Float32Array[] {
  return classNames.flatMap((_, label) => {
    const own = [...images.labels.keys()].filter((i) => images.labels[i] === label);
    const pixels = pixelsOf(images, Uint32Array.from(own.slice(0, sample)));
    const [, width] = pixels.shape;
    const points = rowsOf(pixels.data, width);
    const centers = rowsOf(kMeans(random.runtime, pixels, each, random), width);
    return centers.map((center) => points[nearest(points, center)] as Float32Array);
  });
}

/** Accuracy of classifying each image by its nearest prototype; `prototypes` as `pickPrototypes` returns them. */
export function nearestPrototypeAccuracy(images: LabelledImages, prototypes: readonly Float32Array[]): number {
  const each = prototypes.length / classNames.length;
  const all = Uint32Array.from({ length: images.count }, (_, i) => i);
  const points = rowsOf(pixelsOf(images, all).data, images.height * images.width);
  const right = points.filter((point, i) => Math.floor(nearest(prototypes, point) / each) === images.labels[i]);
  return right.length / images.count;
}

function nearest(candidates: readonly Float32Array[], point: Float32Array): number {
  return nearestRows(candidates, point, 1)[0] as number;
}
