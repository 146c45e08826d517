// Training data of the Gumbel memory: noisy points of x².
import type { Random } from 'tapehead';

/** `count` points: x uniform in [−1, 1), y = x² plus normal noise of standard deviation `std`. */
export function noisySquares(random: Random, count: number, std: number): { x: Float32Array; y: Float32Array } {
  return random.runtime.step(() => {
    const x = random.uniform([count], { low: -1, high: 1 }).toArray();
    const noise = random.normal([count], { std }).toArray();
    return { x, y: x.map((value, i) => value * value + (noise[i] as number)) };
  });
}
