// Trains the Gumbel memory to read x² from a few numbers, as reproduce/gumbel-quadratic does.
import { Adam, GumbelMemory, mseLoss, Random, type Runtime, type Tensor } from 'tapehead';
import type { Frames } from '../shell/charts.js';
import type { Measures, Settings } from '../shell/messages.js';
import { serve, type Trainee } from '../shell/trainer.js';
import { type BankName, banks } from './banks.js';

export interface GumbelSettings extends Settings {
  readonly seed: number;
  /** Numbers in the bank, even in [0, 1]. */
  readonly rows: number;
  /** Points to learn from, all of them in every update. */
  readonly points: number;
}

export interface GumbelView {
  readonly bank: BankName;
  readonly values: readonly number[];
  /** Even in [−1, 1]. */
  readonly x: Float32Array;
  readonly addresses: ArrayLike<number>;
  /** What each address weighs for each x, at the temperature and without noise. */
  readonly weights: Frames;
  /** What is learned from. */
  readonly points: { readonly x: Float32Array; readonly y: Float32Array };
}

export type GumbelQuestion = { readonly temperature: number } | { readonly bank: BankName };

const LEARNING_RATE = 0.03;
/** Updates over which the learning rate falls to a fiftieth. */
const DECAY = 1000;
/** Standard deviation of the noise on the points' y. */
const NOISE = 0.05;
const SHOWN = 401;

class Reading implements Trainee<GumbelView, GumbelQuestion> {
  readonly #model: GumbelMemory;
  readonly #optimizer: Adam;
  readonly #points: { readonly x: Tensor; readonly y: Tensor };
  readonly #shown: Tensor;
  /** The bank to learn with. */
  readonly #learned: Tensor;
  #bank: BankName = 'square';
  #temperature = 2;

  constructor(
    readonly runtime: Runtime,
    { seed, rows, points }: GumbelSettings,
  ) {
    this.#learned = runtime.tensor(Float32Array.from({ length: rows }, (_, i) => i / (rows - 1)));
    const random = new Random(runtime, seed);
    this.#model = new GumbelMemory(runtime, { bank: this.#learned, inputSize: 1, random });
    this.#points = noisySquares(new Random(runtime, seed + 2 ** 20), points);
    const x = Float32Array.from({ length: SHOWN }, (_, i) => -1 + (2 * i) / (SHOWN - 1));
    this.#shown = runtime.tensor(x, [SHOWN, 1]);
    this.#optimizer = new Adam(this.#model.parameters);
  }

  get parameters() {
    return this.#model.parameters;
  }

  update(done: number): Measures {
    const { x, y } = this.#points;
    this.#optimizer.learningRate = LEARNING_RATE * Math.max(1 - done / DECAY, 0.02);
    this.#model.swap(this.#learned);
    return this.runtime.step(() => {
      const { read } = this.#model.forward(x, { training: true, tau: this.#temperature });
      const loss = mseLoss(read, y);
      loss.backward();
      this.#optimizer.step();
      this.#optimizer.zeroGrad();
      return { loss: loss.item() };
    });
  }

  /** Reads from the chosen bank, on which nothing was ever trained. */
  view(): GumbelView {
    const { runtime } = this;
    const learned = this.#learned.toArray();
    return runtime.noGrad(() => {
      const values = Array.from(learned, banks[this.#bank].value);
      this.#model.swap(runtime.tensor(values));
      const { addresses, weights } = this.#model.forward(this.#shown, { training: false, tau: this.#temperature });
      return {
        bank: this.#bank,
        values,
        x: this.#shown.toArray(),
        addresses,
        weights: { data: weights.toArray(), rows: SHOWN, columns: learned.length },
        points: { x: this.#points.x.toArray(), y: this.#points.y.toArray() },
      };
    });
  }

  ask(question: GumbelQuestion): void {
    if ('bank' in question) this.#bank = question.bank;
    else this.#temperature = question.temperature;
  }
}

/** x even over [−1, 1], y = x² and normal noise. */
function noisySquares(random: Random, count: number): { x: Tensor; y: Tensor } {
  const { runtime } = random;
  const { x, y } = runtime.step(() => {
    const x = random.uniform([count], { low: -1, high: 1 }).toArray();
    const offsets = random.normal([count], { std: NOISE }).toArray();
    return { x, y: x.map((value, i) => value * value + (offsets[i] as number)) };
  });
  return { x: runtime.tensor(x, [count, 1]), y: runtime.tensor(y) };
}

serve<GumbelView, GumbelQuestion>({
  create: (runtime, settings) => new Reading(runtime, settings as GumbelSettings),
  settingsOf: (shapeOf) => ({ rows: shapeOf('memory')[0] as number }),
});
