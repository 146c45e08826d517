// New images from a trained auto-encoder: a Gaussian mixture over its latent maps, fitted after training.

import { add } from '../../bindings/ops/elementwise.js';
import { matmul } from '../../bindings/ops/matmul.js';
import { reshape, split, stack } from '../../bindings/ops/shaping.js';
import type { Random } from '../../bindings/random.js';
import {
  expectDimensions,
  expectInteger,
  expectOptions,
  fail,
  failType,
  isObject,
  type OptionKeys,
} from '../../bindings/tensor/check.js';
import { expectShape } from '../../bindings/tensor/check-tensor.js';
import { Runtime } from '../../bindings/tensor/runtime.js';
import { type Shape, sizeOf } from '../../bindings/tensor/shape.js';
import {
  expectEntry,
  expectStateMap,
  type StateDict,
  type StateEntry,
  type StateSource,
} from '../../bindings/tensor/state.js';
import type { Tensor } from '../../bindings/tensor/tensor.js';
import { allOrNothing, expectRandom, expectSameRuntime, expectSizes } from '../layers/check-model.js';
import { kMeans, nearest } from './clusters.js';

/** An auto-encoder of images: `MemoryVAE`, `VQVAE`, `GaussianVAE` or your own. */
export interface LatentModel {
  /** Runtime of the model. */
  readonly runtime: Runtime;
  /**
   * Encodes images to latent maps.
   *
   * @param images Images, [N, C, H, W].
   * @returns Latent maps, [N, D, H/4, W/4].
   */
  encode(images: Tensor): Tensor;
  /**
   * Decodes latent maps to images.
   *
   * @param z Latent maps, [N, D, h, w].
   * @returns Images, [N, C, 4h, 4w].
   */
  decode(z: Tensor): Tensor;
}

/** Options of `LatentMixture.fit`. */
export interface LatentMixtureOptions {
  /** Source of the initial cluster centers. */
  random: Random;
  /** Number of Gaussians, from 1 to the number of images. Default 20. */
  components?: number;
}

/** A Gaussian, given by the maps it was fitted to: standard normal numbers times `deviations` have their covariance. */
interface Component {
  /** [D, h, w]. */
  readonly mean: StateEntry;
  /** (map − mean) / √n of its n maps, [n, D·h·w]. */
  readonly deviations: StateEntry;
}

const KEYS: OptionKeys<LatentMixtureOptions> = { random: true, components: true };
const BATCH_IMAGES = 50;
/** Floats that the smallest tensor takes. */
const MIN_FLOATS = 16;

/**
 * Mixture of Gaussians over the latent maps of a trained auto-encoder, which makes it generate images: a sampled map goes through the
 * model's own read of its memory (or takes its nearest codes) and through its decoder.
 *
 * k-means finds the components. Each has the mean and the full covariance of its maps, which are kept: a sample is the mean plus a random
 * combination of the deviations from it. State: `0.mean`, `0.deviations`, `1.mean`, …. Source: Ghosh et al. 2020, 'From Variational to
 * Deterministic Autoencoders' (density estimation after training).
 *
 * @example
 * ```ts
 * import { LatentMixture, load, MemoryVAE, Random } from 'tapehead';
 *
 * const runtime = await load();
 * const random = new Random(runtime, 1);
 * const model = new MemoryVAE(runtime, { channels: 1, narrow: 8, wide: 16, residual: 8, memorySize: 32, random });
 * runtime.noGrad(() => {
 *   const mixture = LatentMixture.fit(model, random.uniform([40, 1, 16, 16]), { random, components: 4 });
 *   console.log(mixture.sample(3, random).shape); // → [ 3, 1, 16, 16 ]
 * });
 * ```
 */
export class LatentMixture {
  readonly #model: LatentModel;
  readonly #components: readonly Component[];

  private constructor(model: LatentModel, components: readonly Component[]) {
    this.#model = model;
    this.#components = components;
  }

  /**
   * Fits a mixture to images, and keeps their latent maps: N·D·H/4·W/4 numbers.
   *
   * @param model Trained auto-encoder.
   * @param images Images, [N, C, H, W], at least as many as components.
   * @param options Number of components and the source of random numbers.
   * @returns The fitted mixture.
   * @throws {RangeError} There are fewer images than components, `components` is out of range, or an object belongs to another runtime.
   * @throws {TypeError} `model`, `images` or `options` is missing or of another kind, or an option is unknown.
   */
  static fit(model: LatentModel, images: Tensor, options: LatentMixtureOptions): LatentMixture {
    const op = 'LatentMixture.fit';
    expectModel(op, model);
    const { random, components = 20 } = expectOptions(op, options, KEYS);
    expectRandom(op, 'random', random, model.runtime);
    expectSizes(op, { components });
    expectShape(op, 'images', images, -1, -1, -1, -1);
    expectSameRuntime(op, 'images', images, model.runtime);
    const count = images.shape[0] as number;
    if (components > count) fail(op, 'components', `be at most the number of images (${count})`, components);
    const { maps, shape } = encodeAll(model, images);
    const width = sizeOf(shape);
    const chosen = allOrNothing(random, () =>
      nearest(model.runtime, maps, width, kMeans(model.runtime, maps, width, components, random)),
    );
    const members = Array.from({ length: components }, (_, i) =>
      [...chosen.keys()].filter((row) => chosen[row] === i).map((row) => maps.subarray(row * width, (row + 1) * width)),
    );
    return new LatentMixture(
      model,
      members.filter(({ length }) => length > 0).map((rows) => componentOf(rows, shape)),
    );
  }

  /**
   * Restores a mixture from its state.
   *
   * @param model The auto-encoder that the mixture was fitted to.
   * @param state What `stateDict` returned, or the tensors of a safetensors file.
   * @returns The mixture.
   * @throws {RangeError} An entry is missing or has another shape.
   * @throws {TypeError} `model` or `state` is missing or of another kind.
   */
  static load(model: LatentModel, state: StateSource): LatentMixture {
    const op = 'LatentMixture.load';
    expectModel(op, model);
    expectStateMap(op, state);
    const shapeOf = (name: string): Shape => {
      const shape = state.get(name)?.shape;
      if (shape === undefined) throw new RangeError(`${op}: missing key "${name}"`);
      return shape;
    };
    const shape = shapeOf('0.mean');
    if (shape.length !== 3) fail(op, '0.mean', 'have 3 dimensions [D, h, w]', shape);
    const entry = (name: string, shape: Shape) => ({ shape, data: Float32Array.from(expectEntry(state, name, shape)) });
    const components = Array.from({ length: Math.ceil(state.size / 2) }, (_, i) => {
      const [count = 0] = shapeOf(`${i}.deviations`);
      expectInteger(op, `rows of ${i}.deviations`, count, 1);
      return {
        mean: entry(`${i}.mean`, shape),
        deviations: entry(`${i}.deviations`, [count, sizeOf(shape)]),
      };
    });
    return new LatentMixture(model, components);
  }

  /**
   * Returns a copy of the state, which `load` restores and `writeSafetensors` writes.
   *
   * @returns Mean, [D, h, w], and deviations, [n, D·h·w], of every component.
   */
  stateDict(): StateDict {
    const copy = ({ shape, data }: StateEntry): StateEntry => ({ shape, data: data.slice() });
    return new Map(
      this.#components.flatMap(({ mean, deviations }, i) => [
        [`${i}.mean`, copy(mean)],
        [`${i}.deviations`, copy(deviations)],
      ]),
    );
  }

  /**
   * Generates images. Components are chosen in proportion to their number of maps.
   *
   * @param count Number of images, at least 1.
   * @param random Source of random numbers, of the runtime of the model.
   * @returns Images, [count, C, H, W].
   * @throws {RangeError} `count` is out of range, or `random` belongs to another runtime.
   * @throws {TypeError} `random` is not a Random.
   */
  sample(count: number, random: Random): Tensor {
    const { runtime } = this.#model;
    expectSizes('LatentMixture.sample', { count });
    expectRandom('LatentMixture.sample', 'random', random, runtime);
    const { mean } = this.#components[0] as Component;
    expectDimensions('LatentMixture.sample', 'the latent maps', [count, ...mean.shape]);
    runtime.expectStep('LatentMixture.sample');
    runtime.expectRoom(count * (sizeOf(mean.shape) + MIN_FLOATS));
    const draw = () => {
      const { mean, deviations } = this.#draw(random);
      return runtime.noGrad(() => {
        const [count, width] = deviations.shape as [number, number];
        const sum = matmul(random.normal([1, count]), runtime.tensor(deviations.data, deviations.shape));
        return reshape(add(runtime.tensor(mean.data, [1, width]), sum), mean.shape);
      });
    };
    return allOrNothing(random, () => this.#model.decode(stack(Array.from({ length: count }, draw))));
  }

  /** Draws a component in proportion to its number of maps. */
  #draw(random: Random): Component {
    const counts = this.#components.map(({ deviations }) => deviations.shape[0] as number);
    let index = random.integer(
      0,
      counts.reduce((sum, count) => sum + count, 0),
    );
    const drawn = counts.findIndex((count) => {
      index -= count;
      return index < 0;
    });
    return this.#components[drawn] as Component;
  }
}

/** The latent maps of the images, concatenated, and the shape of one. */
function encodeAll(model: LatentModel, images: Tensor): { maps: Float32Array; shape: Shape } {
  const count = images.shape[0] as number;
  const sizes = Array.from({ length: Math.ceil(count / BATCH_IMAGES) }, (_, i) =>
    Math.min(BATCH_IMAGES, count - i * BATCH_IMAGES),
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

/** The Gaussian with mean and covariance of these maps. */
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

/** `model` must be an auto-encoder. */
function expectModel(op: string, model: LatentModel): void {
  const { runtime, encode, decode } = (isObject(model) ? model : {}) as Partial<LatentModel>;
  if (runtime instanceof Runtime && typeof encode === 'function' && typeof decode === 'function') return;
  failType(op, 'model', 'be an auto-encoder with runtime, encode and decode', model);
}
