// Prototypes picked from a training set, and what they are worth by themselves: the class of the nearest one.
import type { Random } from 'tapehead';
import { classNames, type LabelledImages } from '../data/fashion-mnist.js';
import { pixelsOf } from '../data/pixels.js';

/** Rounds of k-means; the centres hardly move any more. */
const ROUNDS = 10;

/**
 * The prototypes, `each` a class, class after class, [10·each, height·width]: the images nearest to the centres that
 * k-means finds among the first `sample` images of the class.
 */
export function pickPrototypes(images: LabelledImages, each: number, sample: number, random: Random): Float32Array[] {
  return classNames.flatMap((_, label) => {
    const own = [...images.labels.keys()].filter((i) => images.labels[i] === label);
    const points = rowsOf(images, Uint32Array.from(own.slice(0, sample)));
    return centres(points, each, random).map((centre) => points[nearest(points, centre)] as Float32Array);
  });
}

/** Share of the images whose nearest prototype has their class; prototypes as `pickPrototypes` returns them. */
export function nearestPrototypeAccuracy(images: LabelledImages, prototypes: readonly Float32Array[]): number {
  const each = prototypes.length / classNames.length;
  const points = rowsOf(
    images,
    Uint32Array.from({ length: images.count }, (_, i) => i),
  );
  const right = points.filter((point, i) => Math.floor(nearest(prototypes, point) / each) === images.labels[i]);
  return right.length / images.count;
}

/** The centres of k-means, from points drawn at random. */
function centres(points: readonly Float32Array[], count: number, random: Random): Float32Array[] {
  let found = [...random.permutation(points.length).slice(0, count)].map((i) => points[i] as Float32Array);
  for (let round = 0; round < ROUNDS; round++) {
    const groups = found.map((): Float32Array[] => []);
    for (const point of points) groups[nearest(found, point)]?.push(point);
    found = groups.map((group, i) => (group.length === 0 ? (found[i] as Float32Array) : mean(group)));
  }
  return found;
}

/** The place of the candidate nearest to `point`. */
function nearest(candidates: readonly Float32Array[], point: Float32Array): number {
  let [best, least] = [0, Infinity];
  for (const [i, candidate] of candidates.entries()) {
    let distance = 0;
    for (let p = 0; p < point.length; p++) distance += ((point[p] as number) - (candidate[p] as number)) ** 2;
    if (distance < least) [best, least] = [i, distance];
  }
  return best;
}

function mean(points: readonly Float32Array[]): Float32Array {
  const total = new Float64Array(points[0]?.length ?? 0);
  for (const point of points)
    for (let p = 0; p < total.length; p++) total[p] = (total[p] as number) + (point[p] as number);
  return Float32Array.from(total, (value) => value / points.length);
}

function rowsOf(images: LabelledImages, rows: Uint32Array): Float32Array[] {
  const { data, shape } = pixelsOf(images, rows);
  return Array.from(rows, (_, i) => data.subarray(i * shape[1], (i + 1) * shape[1]));
}
