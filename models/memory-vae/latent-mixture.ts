// New images from a trained auto-encoder: a Gaussian mixture over its latent maps, fitted after training.
import { add } from '../../bindings/ops/elementwise.js';
import { matmul } from '../../bindings/ops/matmul.js';
import { reshape, split, stack } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import type { Runtime } from '../../bindings/runtime.js';
import { expectInteger, expectShape, fail, type Shape, sizeOf } from '../../bindings/shape.js';
import type { Tensor } from '../../bindings/tensor.js';
import { kMeans, nearest } from './clusters.js';

/** A memory VAE, a VQ-VAE or a Gaussian VAE: latent maps of images, and images from latent maps. */
export interface LatentModel {
  readonly runtime: Runtime;
  encode(images: Tensor): Tensor;
  decode(z: Tensor): Tensor;
}

export interface LatentMixtureOptions {
  /** Source of the clusters' starts. */
  random: Random;
  /** Gaussians, from 1 to the number of images. Default 20. */
  components?: number;
}

/** A Gaussian by the maps it was fitted to: what a normally distributed row of numbers makes of `deviations` has their covariance. */
interface Component {
  readonly mean: Float32Array;
  /** (map − mean) / √n, row by row. */
  readonly deviations: Float32Array;
  readonly count: number;
}

const IMAGES_AT_A_TIME = 50;

/**
 * A mixture of Gaussians over whole latent maps, and with it over what they read: each drawn map goes through the model's own read of
 * its memory (or takes its nearest codes), so that its weights are weights of the memory, none below 0 and their sum 1.
 *
 * k-means finds the components; a component has the mean and the whole covariance of its maps, kept as these maps, so a sample is its
 * mean and a random sum of deviations from it. Source: Ghosh et al. 2020, 'From Variational to Deterministic Autoencoders', 3.3
 * (density estimation after training).
 */
export class LatentMixture {
  readonly #model: LatentModel;
  readonly #shape: Shape;
  readonly #components: readonly Component[];
  /** Place of every map's component. */
  readonly #chosen: Uint32Array;

  private constructor(model: LatentModel, shape: Shape, components: readonly Component[], chosen: Uint32Array) {
    this.#model = model;
    this.#shape = shape;
    this.#components = components;
    this.#chosen = chosen;
  }

  /**
   * Fits to `images: [N, C, H, W]`, of which the latent maps are kept: N·D·H/4·W/4 numbers. Throws a RangeError where there are fewer
   * images than components.
   */
  static fit(model: LatentModel, images: Tensor, { random, components = 20 }: LatentMixtureOptions): LatentMixture {
    expectInteger('LatentMixture', 'components', components, 1);
    expectShape('LatentMixture', 'images', images, -1, -1, -1, -1);
    const count = images.shape[0] as number;
    if (components > count) fail('LatentMixture', 'images', `be at least ${components}`, count);
    const { maps, shape } = encodeAll(model, images);
    const width = sizeOf(shape);
    const centers = kMeans(model.runtime, maps, width, components, random);
    const chosen = nearest(model.runtime, maps, width, centers);
    const parts = Array.from({ length: components }, (_, i) => componentOf(maps, width, chosen, i));
    return new LatentMixture(model, shape, parts, chosen);
  }

  /** `count` new images: [count, C, H, W]. */
  sample(count: number, random: Random): Tensor {
    expectInteger('sample', 'count', count, 1);
    const { runtime } = this.#model;
    const maps = Array.from({ length: count }, () => {
      const place = this.#chosen[random.integer(0, this.#chosen.length)] as number;
      const { mean, deviations, count } = this.#components[place] as Component;
      return runtime.noGrad(() => {
        const sum = matmul(random.normal([1, count]), runtime.tensor(deviations, [count, mean.length]));
        return reshape(add(runtime.tensor(mean, [1, mean.length]), sum), this.#shape);
      });
    });
    return this.#model.decode(stack(maps));
  }
}

/** The latent maps of the images, one after another, and the shape of one. */
function encodeAll(model: LatentModel, images: Tensor): { maps: Float32Array; shape: Shape } {
  const left = images.shape[0] as number;
  const sizes = Array.from({ length: Math.ceil(left / IMAGES_AT_A_TIME) }, (_, i) =>
    Math.min(IMAGES_AT_A_TIME, left - i * IMAGES_AT_A_TIME),
  );
  const encode = (part: Tensor) =>
    model.runtime.noGrad(() => {
      const z = model.encode(part);
      return { numbers: z.toArray(), shape: z.shape.slice(1) };
    });
  const parts = model.runtime.noGrad(() => split(images, sizes, 0).map(encode));
  const { numbers: first, shape } = parts[0] as (typeof parts)[0];
  const maps = new Float32Array(left * sizeOf(shape));
  for (const [i, { numbers }] of parts.entries()) maps.set(numbers, i * first.length);
  return { maps, shape };
}

/** Mean and deviations of the maps that chose component `place`. */
function componentOf(maps: Float32Array, width: number, chosen: Uint32Array, place: number): Component {
  const rows = [...chosen.keys()].filter((row) => chosen[row] === place);
  const sums = new Float64Array(width);
  for (const row of rows) for (let c = 0; c < width; c++) sums[c] = (sums[c] as number) + at(maps, row * width + c);
  const mean = Float32Array.from(sums, (sum) => sum / rows.length);
  const deviations = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    for (let c = 0; c < width; c++) {
      deviations[i * width + c] = (at(maps, row * width + c) - at(mean, c)) / Math.sqrt(rows.length);
    }
  }
  return { mean, deviations, count: rows.length };
}

function at(numbers: Float32Array, place: number): number {
  return numbers[place] as number;
}
