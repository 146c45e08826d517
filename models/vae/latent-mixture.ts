// New images from a trained auto-encoder: a Gaussian mixture over its latent maps, fitted after training.

import { add } from '../../bindings/ops/elementwise.js';
import { matmul } from '../../bindings/ops/matmul.js';
import { reshape, split, stack } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import { expectInteger, fail } from '../../bindings/tensor/check.js';
import { expectShape } from '../../bindings/tensor/check-tensor.js';
import type { Runtime } from '../../bindings/tensor/runtime.js';
import { type Shape, sizeOf } from '../../bindings/tensor/shape.js';
import { expectEntry, type StateDict, type StateEntry, type StateSource } from '../../bindings/tensor/state.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { kMeans, nearest } from './clusters.js';

/** A memory VAE, a VQ-VAE or a Gaussian VAE: latent maps of images, and images from latent maps. */
export interface LatentModel {
  /** Where the model lives. */
  readonly runtime: Runtime;
  /** `images: [N, C, H, W] → [N, D, H/4, W/4]`. */
  encode(images: Tensor): Tensor;
  /** `z: [N, D, h, w] → images: [N, C, 4h, 4w]`. */
  decode(z: Tensor): Tensor;
}

/** Options of LatentMixture.fit. */
export interface LatentMixtureOptions {
  /** Source of the clusters' starts. */
  random: Random;
  /** Gaussians, from 1 to the number of images. Default 20. */
  components?: number;
}

/** A Gaussian by the maps it was fitted to: standard normal numbers times `deviations` have their covariance. */
interface Component {
  /** [D, h, w]. */
  readonly mean: StateEntry;
  /** (map − mean) / √n of its n maps: [n, D·h·w]. */
  readonly deviations: StateEntry;
}

const IMAGES_AT_A_TIME = 50;

/**
 * A mixture of Gaussians over whole latent maps, and with it over what they read: each drawn map goes through the model's own read of
 * its memory (or takes its nearest codes), so that its weights are weights of the memory, none below 0 and their sum 1.
 *
 * k-means finds the components; a component has the mean and the whole covariance of its maps, kept as these maps, so a sample is its
 * mean and a random sum of deviations from it. Keys: `0.mean`, `0.deviations`, …. Source: Ghosh et al. 2020, 'From Variational to
 * Deterministic Autoencoders' (density estimation after training).
 */
export class LatentMixture {
  readonly #model: LatentModel;
  readonly #components: readonly Component[];

  private constructor(model: LatentModel, components: readonly Component[]) {
    this.#model = model;
    this.#components = components;
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
    const chosen = nearest(model.runtime, maps, width, kMeans(model.runtime, maps, width, components, random));
    const members = Array.from({ length: components }, (_, i) =>
      [...chosen.keys()].filter((row) => chosen[row] === i).map((row) => maps.subarray(row * width, (row + 1) * width)),
    );
    return new LatentMixture(
      model,
      members.filter(({ length }) => length > 0).map((rows) => componentOf(rows, shape)),
    );
  }

  /** The mixture of a `stateDict()`, for the model it was fitted to. Throws a RangeError where the state holds something else. */
  static load(model: LatentModel, state: StateSource): LatentMixture {
    const shapeOf = (name: string) =>
      state.get(name)?.shape ?? fail('load', 'state', `hold ${name}`, 'nothing of that name');
    const shape = shapeOf('0.mean');
    const entry = (name: string, shape: Shape) => ({ shape, data: Float32Array.from(expectEntry(state, name, shape)) });
    const components = Array.from({ length: state.size / 2 }, (_, i) => {
      const [count = 0] = shapeOf(`${i}.deviations`);
      expectInteger('load', `${i}.deviations`, count, 1);
      return {
        mean: entry(`${i}.mean`, shape),
        deviations: entry(`${i}.deviations`, [count, sizeOf(shape)]),
      };
    });
    return new LatentMixture(model, components);
  }

  /** What `load` needs beside the model, for example for `writeSafetensors`. */
  stateDict(): StateDict {
    return new Map(
      this.#components.flatMap(({ mean, deviations }, i) => [
        [`${i}.mean`, mean],
        [`${i}.deviations`, deviations],
      ]),
    );
  }

  /** `count` new images: [count, C, H, W]. */
  sample(count: number, random: Random): Tensor {
    expectInteger('sample', 'count', count, 1);
    const { runtime } = this.#model;
    const maps = Array.from({ length: count }, () => {
      const { mean, deviations } = this.#draw(random);
      return runtime.noGrad(() => {
        const [count, width] = deviations.shape as [number, number];
        const sum = matmul(random.normal([1, count]), runtime.tensor(deviations.data, deviations.shape));
        return reshape(add(runtime.tensor(mean.data, [1, width]), sum), mean.shape);
      });
    });
    return this.#model.decode(stack(maps));
  }

  /** A component, as often as it has maps. */
  #draw(random: Random): Component {
    const counts = this.#components.map(({ deviations }) => deviations.shape[0] as number);
    let place = random.integer(
      0,
      counts.reduce((sum, count) => sum + count, 0),
    );
    const drawn = counts.findIndex((count) => {
      place -= count;
      return place < 0;
    });
    return this.#components[drawn] as Component;
  }
}

/** The latent maps of the images, one after another, and the shape of one. */
function encodeAll(model: LatentModel, images: Tensor): { maps: Float32Array; shape: Shape } {
  const count = images.shape[0] as number;
  const sizes = Array.from({ length: Math.ceil(count / IMAGES_AT_A_TIME) }, (_, i) =>
    Math.min(IMAGES_AT_A_TIME, count - i * IMAGES_AT_A_TIME),
  );
  const encode = (part: Tensor) =>
    model.runtime.noGrad(() => {
      const z = model.encode(part);
      return { numbers: z.toArray(), shape: z.shape.slice(1) };
    });
  const parts = model.runtime.noGrad(() => split(images, sizes, 0).map(encode));
  const { numbers: first, shape } = parts[0] as (typeof parts)[0];
  const maps = new Float32Array(count * sizeOf(shape));
  for (const [i, { numbers }] of parts.entries()) maps.set(numbers, i * first.length);
  return { maps, shape };
}

/** The Gaussian of these maps. */
function componentOf(maps: readonly Float32Array[], shape: Shape): Component {
  const [count, width] = [maps.length, sizeOf(shape)];
  const sums = new Float64Array(width);
  for (const map of maps) for (const [c, value] of map.entries()) sums[c] = (sums[c] as number) + value;
  const mean = Float32Array.from(sums, (sum) => sum / count);
  const deviations = new Float32Array(count * width);
  for (const [row, map] of maps.entries()) {
    deviations.set(
      map.map((value, c) => (value - (mean[c] as number)) / Math.sqrt(count)),
      row * width,
    );
  }
  return { mean: { shape, data: mean }, deviations: { shape: [count, width], data: deviations } };
}
