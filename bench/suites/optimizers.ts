// Optimizer updates and gradient clipping of a million parameters.
import { Adam, AdamW, clipGradNorm, Parameters, RMSprop, SGD, scale } from 'tapehead';
import { type BenchCase, numbers } from '../bench-case.js';

const n = 1_000_000;

/** `floats` is the number of floats read and written per parameter. */
function update(name: string, floats: number, make: (parameters: Parameters) => () => void): BenchCase {
  return {
    name: `${name} ${n}`,
    bytes: 4 * floats * n,
    prepare: (runtime) => {
      const parameters = new Parameters(runtime);
      const p = parameters.create('p', [n]).set(numbers([n], [-1, 1]));
      runtime.step(() => runtime.backward([scale(p, 1)], [numbers([n], [-1, 1])]));
      return { run: make(parameters), result: () => p.toArray() };
    },
  };
}

const lr = 1e-4;

export const optimizersSuite: readonly BenchCase[] = [
  update('SGD momentum', 5, (p) => stepping(new SGD(p, { lr, momentum: 0.9 }))),
  update('Adam', 7, (p) => stepping(new Adam(p, { lr }))),
  update('Adam amsgrad', 9, (p) => stepping(new Adam(p, { lr, amsgrad: true }))),
  update('AdamW', 7, (p) => stepping(new AdamW(p, { lr }))),
  update('RMSprop centered momentum', 9, (p) => stepping(new RMSprop(p, { lr, centered: true, momentum: 0.9 }))),
  update('clipGradNorm', 1, (p) => () => void clipGradNorm(p, 1e9)),
];

function stepping(optimizer: { step(): void }): () => void {
  return () => optimizer.step();
}
