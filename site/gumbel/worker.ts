// Trains the Gumbel memory to read x² from a bank of numbers, as reproduce/gumbel-quadratic does.
import { Adam, GumbelMemory, mseLoss, Random, type Runtime, type Tensor } from 'tapehead';
import { noisySquares } from '../../tools/noisy-squares.js';
import type { Frames } from '../shell/charts.js';
import type { Measures, Settings } from '../shell/messages.js';
import { serve, type Trainee } from '../shell/trainer.js';
import { type BankName, banks } from './banks.js';

export interface GumbelSettings extends Settings {
  readonly seed: number;
  /** Number of values in the bank, evenly spaced in [0, 1]. */
  readonly rows: number;
  /** Number of training points; every update uses all of them. */
  readonly points: number;
}

export interface GumbelView {
  readonly bank: BankName;
  readonly values: readonly number[];
  /** Evenly spaced in [−1, 1]. */
  readonly x: Float32Array;
  readonly addresses: ArrayLike<number>;
  /** Attention weights for each x, at the current temperature and without noise. */
  readonly weights: Frames;
  /** Training points. */
  readonly points: { readonly x: Float32Array; readonly y: Float32Array };
}

export type GumbelQuestion = { readonly temperature: number } | { readonly bank: BankName };

const LEARNING_RATE = 0.03;
/** Number of updates over which the learning rate decays linearly to a fiftieth. */
const DECAY = 1000;
/** Standard deviation of the noise on the points' y. */
const NOISE = 0.05;
/** Number of points at which the page shows the function. */
const RESOLUTION = 401;

class QuadraticTask implements Trainee<GumbelView, GumbelQuestion> {
  readonly #model: GumbelMemory;
  readonly #optimizer: Adam;
  readonly #points: { readonly x: Tensor; readonly y: Tensor };
  readonly #grid: Tensor;
  readonly #trainingBank: Tensor;
  #bank: BankName = 'square';
  #temperature = 2;

  constructor(
    readonly runtime: Runtime,
    { seed, rows, points }: GumbelSettings,
  ) {
    this.#trainingBank = runtime.tensor(Float32Array.from({ length: rows }, (_, i) => i / (rows - 1)));
    const random = new Random(runtime, seed);
    this.#model = new GumbelMemory(runtime, { bank: this.#trainingBank, inputSize: 1, random });
    const { x, y } = noisySquares(new Random(runtime, seed + 2 ** 20), points, NOISE);
    this.#points = { x: runtime.tensor(x, [points, 1]), y: runtime.tensor(y) };
    const grid = Float32Array.from({ length: RESOLUTION }, (_, i) => -1 + (2 * i) / (RESOLUTION - 1));
    this.#grid = runtime.tensor(grid, [RESOLUTION, 1]);
    this.#optimizer = new Adam(this.#model.parameters);
  }

  get parameters() {
    return this.#model.parameters;
  }

  update(done: number): Measures {
    const { x, y } = this.#points;
    this.#optimizer.learningRate = LEARNING_RATE * Math.max(1 - done / DECAY, 0.02);
    this.#model.swap(this.#trainingBank);
    return this.runtime.step(() => {
      const { read } = this.#model.forward(x, { training: true, tau: this.#temperature });
      const loss = mseLoss(read, y);
      loss.backward();
      this.#optimizer.step();
      this.#optimizer.zeroGrad();
      return { loss: loss.item() };
    });
  }

  /** Reads from the selected bank, without retraining. */
  view(): GumbelView {
    const { runtime } = this;
    const trained = this.#trainingBank.toArray();
    return runtime.noGrad(() => {
      const values = Array.from(trained, banks[this.#bank].value);
      this.#model.swap(runtime.tensor(values));
      const { addresses, weights } = this.#model.forward(this.#grid, { training: false, tau: this.#temperature });
      return {
        bank: this.#bank,
        values,
        x: this.#grid.toArray(),
        addresses,
        weights: { data: weights.toArray(), rows: RESOLUTION, columns: trained.length },
        points: { x: this.#points.x.toArray(), y: this.#points.y.toArray() },
      };
    });
  }

  ask(question: GumbelQuestion): void {
    if ('bank' in question) this.#bank = question.bank;
    else this.#temperature = question.temperature;
  }
}

serve<GumbelView, GumbelQuestion>({
  create: (runtime, settings) => new QuadraticTask(runtime, settings as GumbelSettings),
  settingsOf: (shapeOf) => ({ rows: shapeOf('memory')[0] as number }),
});
