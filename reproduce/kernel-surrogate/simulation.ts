// The costly function: how prey fare over time among predators, for drawn rates (Lotka 1925, Volterra 1926), by Runge and Kutta's method.
import type { Random } from 'tapehead';
import type { Matrix } from '../data/images.js';

/** What is drawn, each evenly between two ends: growth of prey, hunting, growth of predators by prey, their dying. */
const ranges = [
  [0.8, 1.4],
  [0.3, 0.7],
  [0.1, 0.4],
  [0.5, 1.1],
] as const;

/** Prey are counted so often … */
export const TIMES = 50;
/** … over this long, … */
export const DURATION = 15;
/** … with so many steps of the simulation in between. */
const STEPS = 40;

/** `count` simulations: the drawn numbers, each scaled to [−1, 1], and prey at `TIMES` times. */
export function simulate(random: Random, count: number): { inputs: Matrix; outputs: Matrix } {
  const size = ranges.length;
  const drawn = random.uniform([count, size], { low: -1, high: 1 }).toArray();
  const data = new Float32Array(count * TIMES);
  for (let i = 0; i < count; i++) data.set(prey(drawn.subarray(i * size, (i + 1) * size)), i * TIMES);
  return { inputs: { shape: [count, size], data: drawn }, outputs: { shape: [count, TIMES], data } };
}

/** Numbers of prey at `TIMES` times. */
function prey(drawn: Float32Array): Float32Array {
  const rates = ranges.map(([low, high], i) => low + ((high - low) * ((drawn[i] as number) + 1)) / 2);
  const [growth, hunting, feeding, dying] = rates as [number, number, number, number];
  const change = ([x, y]: Pair): Pair => [x * (growth - hunting * y), y * (feeding * x - dying)];
  const step = DURATION / TIMES / STEPS;
  const counts = new Float32Array(TIMES);
  let state: Pair = [2, 1];
  for (let time = 0; time < TIMES; time++) {
    for (let i = 0; i < STEPS; i++) state = rungeKutta(state, change, step);
    counts[time] = state[0];
  }
  return counts;
}

type Pair = readonly [prey: number, predators: number];

/** One step of the classical method of fourth order. */
function rungeKutta(state: Pair, change: (state: Pair) => Pair, step: number): Pair {
  const along = (slope: Pair, share: number): Pair => [
    state[0] + share * step * slope[0],
    state[1] + share * step * slope[1],
  ];
  const a = change(state);
  const b = change(along(a, 0.5));
  const c = change(along(b, 0.5));
  const d = change(along(c, 1));
  return along([(a[0] + 2 * b[0] + 2 * c[0] + d[0]) / 6, (a[1] + 2 * b[1] + 2 * c[1] + d[1]) / 6], 1);
}
