// Content weights of vectors whose squared norms do not fit float32.
import test from 'ava';
import { contentWeights, load } from '../index.js';
import { gaussian, seeded } from './support/random-numbers.js';

const runtime = await load();

for (const [rows, width] of [
  [1, 1],
  [5, 3],
  [7, 20],
  [12, 33],
] as const) {
  for (const [keyScale, memoryScale] of [
    [1e20, 1],
    [1, 1e20],
    [1e25, 3e37],
    [1e19, 1e-19],
  ] as const) {
    test(`${rows} rows of ${width}, a key of ${keyScale} and a memory of ${memoryScale}`, (t) => {
      const random = seeded(rows + width);
      const [key, memory] = [1, rows].map((count) =>
        Float32Array.from({ length: count * width }, () => gaussian(random)),
      );
      const weights = (keyFactor: number, memoryFactor: number) =>
        runtime.step(() => {
          const k = runtime.tensor(
            key!.map((x) => x * keyFactor),
            [1, width],
            { requiresGrad: true },
          );
          const m = runtime.tensor(
            memory!.map((x) => x * memoryFactor),
            [1, rows, width],
            { requiresGrad: true },
          );
          const w = contentWeights(k, runtime.tensor([3], [1, 1]), m);
          runtime.backward([w], [memory!.subarray(0, rows)]);
          t.true(k.grad!.every(Number.isFinite) && m.grad!.every(Number.isFinite));
          return w.toArray();
        });
      const expected = weights(1, memoryScale < 1e-8 ? memoryScale : 1);
      for (const [i, value] of weights(keyScale, memoryScale).entries()) {
        t.true(Math.abs(value - expected[i]!) < 1e-6, `${value}, expected ${expected[i]}`);
      }
    });
  }
}
