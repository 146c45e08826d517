// Training curves, downsampled so that they can be drawn however long training runs.
import type { Measures } from './messages.js';

const MAX_POINTS = 400;

/** Means over intervals of equal length: one update at first, twice as many whenever there are too many points. */
export class History {
  #points: Measures[] = [];
  #pending: Measures[] = [];
  #interval = 1;

  get points(): readonly Measures[] {
    return this.#points;
  }

  add(measures: Measures): void {
    this.#pending.push(measures);
    if (this.#pending.length < this.#interval) return;
    this.#points.push(mean(this.#pending));
    this.#pending = [];
    if (this.#points.length < MAX_POINTS) return;
    this.#points = this.#points.flatMap((_, i, all) => (i % 2 === 0 ? [mean(all.slice(i, i + 2))] : []));
    this.#interval *= 2;
  }
}

function mean(all: readonly Measures[]): Measures {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, all.reduce((sum, measures) => sum + (measures[name] ?? 0), 0) / all.length]),
  );
}
