// Fréchet distance between two sets of images, on Gaussians fitted to pixels instead of features of a trained network.
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** Side in pixels of the blocks that are averaged. */
const BLOCK = 4;
/** Side in pixels of the patches. */
const PATCH = 8;

export type ImageShape = readonly [channels: number, height: number, width: number];

interface Moments {
  readonly mean: Float64Array;
  readonly covariance: Matrix;
}

/**
 * Statistics of a set of images: Gaussians of their block means (global layout) and of their patches (sharpness,
 * edges).
 */
export interface ImageStatistics {
  readonly blocks: Moments;
  readonly patches: Moments;
}

/** Computes the statistics of images [n, channels, height, width]. */
export function statisticsOf(images: Float32Array, shape: ImageShape): ImageStatistics {
  return { blocks: moments(...blocksOf(images, shape)), patches: moments(...patchesOf(images, shape)) };
}

/**
 * Computes the squared Fréchet distance of two Gaussians: ‖m₁ − m₂‖² + tr(S₁ + S₂ − 2 (S₁S₂)^½). Source: Dowson and
 * Landau 1982; on features of a trained network instead of pixels it is the FID of Heusel et al. 2017.
 */
export function frechetDistance(a: Moments, b: Moments): number {
  const shift = a.mean.reduce((sum, value, i) => sum + (value - (b.mean[i] as number)) ** 2, 0);
  const { eigenvectorMatrix: vectors, realEigenvalues: values } = eigen(a.covariance);
  const root = vectors.mmul(Matrix.diag(values.map(rootOf))).mmul(vectors.transpose());
  // S₁S₂ has the eigenvalues of S₁^½ S₂ S₁^½, which is symmetric.
  const product = eigen(root.mmul(b.covariance).mmul(root)).realEigenvalues;
  return (
    shift + a.covariance.trace() + b.covariance.trace() - 2 * product.reduce((sum, value) => sum + rootOf(value), 0)
  );
}

function eigen(matrix: Matrix): EigenvalueDecomposition {
  return new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
}

/** Square root of an eigenvalue; rounding can make small ones negative. */
function rootOf(eigenvalue: number): number {
  return Math.sqrt(Math.max(eigenvalue, 0));
}

/** Means of the 4×4 blocks, one row per image, and the length of a row. */
function blocksOf(images: Float32Array, [channels, height, width]: ImageShape): [Float64Array, number] {
  const [down, across] = [Math.floor(height / BLOCK), Math.floor(width / BLOCK)];
  const planes = images.length / (height * width);
  const means = new Float64Array(planes * down * across);
  for (let plane = 0; plane < planes; plane++) {
    for (let y = 0; y < down * BLOCK; y++) {
      for (let x = 0; x < across * BLOCK; x++) {
        const block = (plane * down + Math.floor(y / BLOCK)) * across + Math.floor(x / BLOCK);
        means[block] = at(means, block) + at(images, (plane * height + y) * width + x) / BLOCK ** 2;
      }
    }
  }
  return [means, channels * down * across];
}

/** Pixels of all non-overlapping 8×8 patches, one row per patch, and the length of a row. */
function patchesOf(images: Float32Array, [channels, height, width]: ImageShape): [Float64Array, number] {
  const [down, across] = [Math.floor(height / PATCH), Math.floor(width / PATCH)];
  const size = channels * height * width;
  const patches = new Float64Array((images.length / size) * down * across * channels * PATCH ** 2);
  let to = 0;
  for (let image = 0; image < images.length; image += size) {
    for (let patch = 0; patch < down * across; patch++) {
      const corner = image + Math.floor(patch / across) * PATCH * width + (patch % across) * PATCH;
      for (let pixel = 0; pixel < channels * PATCH ** 2; pixel++) {
        const [plane, y, x] = [Math.floor(pixel / PATCH ** 2), Math.floor(pixel / PATCH) % PATCH, pixel % PATCH];
        patches[to++] = at(images, corner + (plane * height + y) * width + x);
      }
    }
  }
  return [patches, channels * PATCH ** 2];
}

/** Mean and covariance of rows of `width` numbers. */
function moments(rows: Float64Array, width: number): Moments {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) mean[i % width] = at(mean, i % width) + at(rows, i) / count;
  const deviations = rows.map((value, i) => value - at(mean, i % width));
  const sums = new Float64Array(width * width);
  for (let row = 0; row < rows.length; row += width) {
    for (let i = 0; i < width; i++) {
      const deviation = at(deviations, row + i);
      for (let j = 0; j <= i; j++) sums[i * width + j] = at(sums, i * width + j) + deviation * at(deviations, row + j);
    }
  }
  const covariance = Matrix.zeros(width, width);
  for (let i = 0; i < width; i++) {
    for (let j = 0; j < width; j++)
      covariance.set(i, j, at(sums, Math.max(i, j) * width + Math.min(i, j)) / (count - 1));
  }
  return { mean, covariance };
}

function at(numbers: Float32Array | Float64Array, place: number): number {
  return numbers[place] as number;
}
