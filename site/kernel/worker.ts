// Fits kernel memories of increasing size, one after another, to recall images from a few of their pixels.
import { Random, type Runtime } from 'tapehead';
import type { Measures, Settings } from '../shell/messages.js';
import { PIXELS, type Pictures } from '../shell/pictures.js';
import { serve, type Trainee } from '../shell/trainer.js';
import { type Pattern, pickPixels, readPixels } from './pixels.js';
import { type Examples, Recall, SIMILARITY } from './recall.js';
import { shapes } from './shapes.js';

export interface KernelSettings extends Settings {
  readonly seed: number;
  /** Number of keys of the first memory; each one has twice as many as the one before. */
  readonly smallest: number;
  /** Number of keys of the last memory. */
  readonly largest: number;
  /** Number of updates of each memory; the last one continues. */
  readonly iterations: number;
  readonly pattern: Pattern;
  /** Number of query pixels. */
  readonly count: number;
  /** Custom query pixels, comma-separated. */
  readonly chosen: string;
  readonly source: 'shapes' | 'dropped';
}

/** Results of one memory. */
export interface Entry {
  readonly memorySize: number;
  /** Root mean square error of a pixel of the training images. */
  readonly fitted: number;
  /** Root mean square error of a pixel of the test images. */
  readonly heldOut: number;
  /** Recalls of the first training images, then of the first test images. */
  readonly recalled: Float32Array;
}

export interface KernelView {
  readonly pixels: readonly number[];
  /** Number of training images. */
  readonly fitted: number;
  /** Number of test images. */
  readonly heldOut: number;
  /** The originals of the recalls. */
  readonly originals: Float32Array;
  readonly sizes: readonly number[];
  /** Results by size, the last one still training; none before the first update. */
  readonly entries: readonly Entry[];
}

/** Images that the next reset uses if `source` is `dropped`. */
export type KernelQuestion = Pictures;

const SHOWN = 6;
const SHAPES = 2000;
/** Number of training images per test image. */
const FITTED_TO_ONE = 4;

let dropped: Pictures | undefined;

class RecallTraining implements Trainee<KernelView, KernelQuestion> {
  readonly #settings: KernelSettings;
  readonly #pixels: readonly number[];
  readonly #fitted: Examples;
  readonly #heldOut: Examples;
  readonly #shown: Examples;
  readonly #sizes: readonly number[];
  readonly #done: Entry[] = [];
  #recall: Recall;

  constructor(
    readonly runtime: Runtime,
    settings: KernelSettings,
  ) {
    const { seed, pattern, count, chosen } = settings;
    this.#settings = settings;
    const random = new Random(runtime, seed);
    this.#pixels = pickPixels(pattern, count, chosen, random);
    const images = imagesOf(settings.source, random);
    const fitted = Math.ceil((images.length / PIXELS / (FITTED_TO_ONE + 1)) * FITTED_TO_ONE);
    const between = (from: number, to?: number) =>
      this.#examples(images.subarray(PIXELS * from, to === undefined ? to : PIXELS * to));
    this.#fitted = between(0, fitted);
    this.#heldOut = between(fitted);
    const shown = new Float32Array(2 * SHOWN * PIXELS);
    shown.set(images.subarray(0, SHOWN * PIXELS));
    shown.set(images.subarray(PIXELS * fitted, PIXELS * (fitted + SHOWN)), SHOWN * PIXELS);
    this.#shown = this.#examples(shown);
    this.#sizes = doubled(Math.min(settings.smallest, fitted), Math.min(settings.largest, fitted));
    this.#recall = this.#next();
  }

  get parameters() {
    return this.#recall.memory.parameters;
  }

  /** Metadata for KernelMemory.load and for this page. */
  get metadata() {
    return { similarity: SIMILARITY, pixels: this.#pixels.join() };
  }

  update(done: number): Measures {
    const { iterations } = this.#settings;
    const last = this.#sizes.length - 1;
    const at = Math.min(Math.floor(done / iterations), last);
    while (this.#done.length < at) {
      this.#recall.finish();
      this.#done.push(this.#entry());
      this.#recall = this.#next();
    }
    return { loss: this.#recall.update(done / iterations - at) };
  }

  view(): KernelView {
    return {
      pixels: this.#pixels,
      fitted: this.#fitted.images.shape[0] as number,
      heldOut: this.#heldOut.images.shape[0] as number,
      originals: this.#shown.images.toArray(),
      sizes: this.#sizes,
      entries: this.#recall.empty ? this.#done : [...this.#done, this.#entry()],
    };
  }

  ask(pictures: KernelQuestion): void {
    dropped = pictures;
  }

  #next(): Recall {
    const at = this.#done.length;
    return new Recall(this.#fitted, this.#sizes[at] as number, this.#settings.seed + (at + 1) * 2 ** 20);
  }

  #entry(): Entry {
    const { memory } = this.#recall;
    return {
      memorySize: memory.keys.shape[0] as number,
      fitted: this.#recall.error(this.#fitted),
      heldOut: this.#recall.error(this.#heldOut),
      recalled: this.runtime.noGrad(() => memory.read(this.#shown.given).toArray()),
    };
  }

  #examples(data: Float32Array): Examples {
    const { runtime } = this;
    const [count, m] = [data.length / PIXELS, this.#pixels.length];
    const given = new Float32Array(count * m);
    for (let i = 0; i < count; i++) {
      for (const [j, pixel] of this.#pixels.entries()) given[i * m + j] = data[i * PIXELS + pixel] as number;
    }
    return { given: runtime.tensor(given, [count, m]), images: runtime.tensor(data, [count, PIXELS]) };
  }
}

/** `first` and its doubles up to `last`, which is always included. */
function doubled(first: number, last: number): number[] {
  const sizes: number[] = [];
  for (let size = first; size < last; size *= 2) sizes.push(size);
  return [...sizes, last];
}

/** The images [·, 28·28], shuffled. */
function imagesOf(source: KernelSettings['source'], random: Random): Float32Array {
  if (source === 'shapes') return shapes(random, SHAPES);
  if (dropped === undefined) throw new RangeError('drop images first');
  const { count, data } = dropped;
  const images = new Float32Array(count * PIXELS);
  for (const [i, row] of random.permutation(count).entries()) {
    images.set(data.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS);
  }
  return images.map((byte) => byte / 255);
}

serve<KernelView, KernelQuestion>({
  create: (runtime, settings) => new RecallTraining(runtime, settings as KernelSettings),
  settingsOf(shapeOf, { similarity, pixels }) {
    if (similarity !== SIMILARITY) throw new RangeError(`similarity must be ${SIMILARITY}, got ${similarity}`);
    const memorySize = shapeOf('keys')[0] as number;
    const sizes = { smallest: memorySize, largest: memorySize };
    if (pixels === undefined) return sizes;
    return { ...sizes, pattern: 'chosen', chosen: pixels, count: readPixels(pixels).length };
  },
});
