// Selection of prototypes from a training set, and their accuracy as a nearest-prototype classifier.
import type { Random } from 'tapehead';
import { nearestRows, rowsOf } from '../../tools/nearest-rows.js';
import { classNames } from '../data/fashion-mnist.js';
import type { LabelledImages } from '../data/images.js';
import { pixelsOf } from '../data/images.js';

/** Iterations of k-means, enough to converge here. */
const ITERATIONS = 10;

/**
 * Picks `each` prototypes per class, ordered by class: [10·each, height·width]. A prototype is the image nearest to a
 * centre that k-means finds among the first `sample` images of the class.
 */
export function pickPrototypes(images: LabelledImages, each: number, sample: number, random: Random): Float32Array[] {
  return classNames.flatMap((_, label) => {
    const own = [...images.labels.keys()].filter((i) => images.labels[i] === label);
    const points = pixelRows(images, Uint32Array.from(own.slice(0, sample)));
    return kMeans(points, each, random).map((centre) => points[nearest(points, centre)] as Float32Array);
  });
}

/** Accuracy of classifying each image by its nearest prototype; `prototypes` as `pickPrototypes` returns them. */
export function nearestPrototypeAccuracy(images: LabelledImages, prototypes: readonly Float32Array[]): number {
  const each = prototypes.length / classNames.length;
  const points = pixelRows(
    images,
    Uint32Array.from({ length: images.count }, (_, i) => i),
  );
  const right = points.filter((point, i) => Math.floor(nearest(prototypes, point) / each) === images.labels[i]);
  return right.length / images.count;
}

/** Cluster centres by k-means, initialised with random points. */
function kMeans(points: readonly Float32Array[], count: number, random: Random): Float32Array[] {
  let centres = [...random.permutation(points.length).slice(0, count)].map((i) => points[i] as Float32Array);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const clusters = centres.map((): Float32Array[] => []);
    for (const point of points) clusters[nearest(centres, point)]?.push(point);
    centres = clusters.map((cluster, i) => (cluster.length === 0 ? (centres[i] as Float32Array) : mean(cluster)));
  }
  return centres;
}

function nearest(candidates: readonly Float32Array[], point: Float32Array): number {
  return nearestRows(candidates, point, 1)[0] as number;
}

function mean(points: readonly Float32Array[]): Float32Array {
  const total = new Float64Array(points[0]?.length ?? 0);
  for (const point of points)
    for (let p = 0; p < total.length; p++) total[p] = (total[p] as number) + (point[p] as number);
  return Float32Array.from(total, (value) => value / points.length);
}

function pixelRows(images: LabelledImages, rows: Uint32Array): Float32Array[] {
  const { data, shape } = pixelsOf(images, rows);
  return rowsOf(data, shape[1]);
}
