// The simulation: prey and predators over time (Lotka 1925, Volterra 1926), integrated by the Runge-Kutta method.
import type { Random } from 'tapehead';
import type { Matrix } from '../data/images.js';

/** Range of each uniformly drawn rate: growth of prey, predation, growth of predators per prey, death of predators. */
const ranges = [
  [0.8, 1.4],
  [0.3, 0.7],
  [0.1, 0.4],
  [0.5, 1.1],
] as const;

/** Number of samples of the prey over `DURATION`. */
export const TIMES = 50;
/** Simulated time. */
export const DURATION = 15;
/** Integration steps between two samples. */
const STEPS = 40;

/**
 * Runs `count` simulations: `inputs` are the rates, scaled to [−1, 1]; `outputs` the number of prey at `TIMES` times.
 */
export function simulate(random: Random, count: number): { inputs: Matrix; outputs: Matrix } {
  const size = ranges.length;
  const drawn = random.uniform([count, size], { low: -1, high: 1 }).toArray();
  const data = new Float32Array(count * TIMES);
  for (let i = 0; i < count; i++) data.set(prey(drawn.subarray(i * size, (i + 1) * size)), i * TIMES);
  return { inputs: { shape: [count, size], data: drawn }, outputs: { shape: [count, TIMES], data } };
}

/** Number of prey at `TIMES` times. */
function prey(drawn: Float32Array): Float32Array {
  const rates = ranges.map(([low, high], i) => low + ((high - low) * ((drawn[i] as number) + 1)) / 2);
  const [growth, predation, feeding, death] = rates as [number, number, number, number];
  const derivative = ([x, y]: Pair): Pair => [x * (growth - predation * y), y * (feeding * x - death)];
  const step = DURATION / TIMES / STEPS;
  const counts = new Float32Array(TIMES);
  let state: Pair = [2, 1];
  for (let time = 0; time < TIMES; time++) {
    for (let i = 0; i < STEPS; i++) state = rungeKutta(state, derivative, step);
    counts[time] = state[0];
  }
  return counts;
}

type Pair = readonly [prey: number, predators: number];

/** One step of the classical fourth-order method. */
function rungeKutta(state: Pair, derivative: (state: Pair) => Pair, step: number): Pair {
  const along = (slope: Pair, share: number): Pair => [
    state[0] + share * step * slope[0],
    state[1] + share * step * slope[1],
  ];
  const a = derivative(state);
  const b = derivative(along(a, 0.5));
  const c = derivative(along(b, 0.5));
  const d = derivative(along(c, 1));
  return along([(a[0] + 2 * b[0] + 2 * c[0] + d[0]) / 6, (a[1] + 2 * b[1] + 2 * c[1] + d[1]) / 6], 1);
}
