// What updates told, kept short enough to draw however long training runs.
import type { Measures } from './messages.js';

const MOST_POINTS = 400;

/** Means over equal stretches of training. Stretches begin with one update and double whenever there are too many. */
export class History {
  #points: Measures[] = [];
  #open: Measures[] = [];
  #stretch = 1;

  get points(): readonly Measures[] {
    return this.#points;
  }

  add(measures: Measures): void {
    this.#open.push(measures);
    if (this.#open.length < this.#stretch) return;
    this.#points.push(mean(this.#open));
    this.#open = [];
    if (this.#points.length < MOST_POINTS) return;
    this.#points = this.#points.flatMap((_, i, all) => (i % 2 === 0 ? [mean(all.slice(i, i + 2))] : []));
    this.#stretch *= 2;
  }
}

function mean(all: readonly Measures[]): Measures {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, all.reduce((sum, measures) => sum + (measures[name] ?? 0), 0) / all.length]),
  );
}
