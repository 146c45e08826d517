// Values in closed form: against a float64 solve, gradients against differences, near-singular and hopeless matrices.
import test from 'ava';
import { load, NormalEquations, type Runtime } from '../index.js';
import { ridgeReference, squaredErrorReference } from './reference/attention.js';
import { gaussian, seeded } from './support/random-numbers.js';

const runtime = await load();

/** Positive rows that sum to 1, as weights of a memory do, and targets. */
function draw(rows: number, size: number, columns: number) {
  const random = seeded(rows + 10 * size + 100 * columns);
  const w = Float64Array.from({ length: rows * size }, () => Math.exp(3 * gaussian(random)));
  for (let r = 0; r < rows; r++) {
    const total = w.subarray(r * size, (r + 1) * size).reduce((a, b) => a + b);
    for (let j = 0; j < size; j++) w[r * size + j] = Math.fround(w[r * size + j]! / total);
  }
  const x = Float64Array.from({ length: rows * columns }, () => Math.fround(gaussian(random)));
  return { w, x, random };
}

/** Largest |a − b| / (1 + |b|). */
function worst(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(b, (value, i) => Math.abs(a[i]! - value) / (1 + Math.abs(value))));
}

function equations(runtime: Runtime, w: Float64Array, x: Float64Array, [rows, size, columns]: number[], batch: number) {
  const found = new NormalEquations(runtime, size!, columns!);
  for (let row = 0; row < rows!; row += batch) {
    const count = Math.min(batch, rows! - row);
    const weights = runtime.tensor(w.subarray(row * size!, (row + count) * size!), [count, size!]);
    found.add(weights, runtime.tensor(x.subarray(row * columns!, (row + count) * columns!), [count, columns!]));
  }
  return found;
}

for (const sizes of [
  [1, 1, 1],
  [7, 2, 3],
  [20, 3, 1],
  [20, 4, 4],
  [33, 5, 9],
  [70, 13, 6],
  [300, 17, 21],
  [600, 66, 5],
  [4000, 60, 75],
]) {
  const [rows, size, columns] = sizes as [number, number, number];
  test(`values of ${rows} rows, M = ${size}, n = ${columns}, and their gradient`, (t) => {
    const { w, x, random } = draw(rows, size, columns);
    const expected = ridgeReference(w, x, size, columns, 0.01);
    const direction = w.map(() => gaussian(random));
    const at = (h: number) => w.map((value, i) => value + h * direction[i]!);
    const squares = (h: number) => squaredErrorReference(at(h), x, expected.values, size, columns);
    runtime.step(() => {
      const found = equations(runtime, w, x, sizes, rows);
      const { values, loss, ridge } = found.solve(0.01);
      t.is(ridge, 0.01);
      t.true(worst(values.toArray(), expected.values) < 2e-5, `values: ${worst(values.toArray(), expected.values)}`);
      t.true(Math.abs(loss - expected.loss) < 1e-6 * (1 + expected.loss), `loss ${loss}, expected ${expected.loss}`);
      const weights = runtime.tensor(w, [rows, size], { requiresGrad: true });
      found.loss(weights, runtime.tensor(x, [rows, columns])).backward();
      const slope = weights.grad!.reduce((sum, value, i) => sum + value * direction[i]!, 0);
      const difference = (squares(1e-4) - squares(-1e-4)) / 2e-4;
      const scale = Math.hypot(...weights.grad!) * Math.hypot(...direction) + 1;
      t.true(Math.abs(slope - difference) < 2e-5 * scale, `slope ${slope}, expected ${difference}`);
    });
  });
}

test('batches add up to the same values', (t) => {
  const sizes = [100, 10, 7];
  const { w, x } = draw(100, 10, 7);
  runtime.step(() => {
    const whole = equations(runtime, w, x, sizes, 100).solve(1e-6);
    const parts = equations(runtime, w, x, sizes, 13).solve(1e-6);
    t.true(worst(parts.values.toArray(), whole.values.toArray()) < 1e-5);
    t.true(Math.abs(parts.loss - whole.loss) < 1e-6 * whole.loss);
  });
});

test('a small ridge keeps its meaning where columns are nearly equal', (t) => {
  // The second column differs from the first by 1e-4: what is left of it has a square of 1e-8 a row.
  const rows = 200;
  const random = seeded(3);
  const w = Float64Array.from({ length: 2 * rows }, (_, i) =>
    Math.fround(i % 2 === 0 ? 0.5 : 0.5 + 1e-4 * gaussian(random)),
  );
  const x = Float64Array.from({ length: rows }, (_, r) => Math.fround(w[2 * r + 1]! - w[2 * r]!));
  const expected = ridgeReference(w, x, 2, 1, 1e-9);
  runtime.step(() => {
    const { values, condition, ridge } = equations(runtime, w, x, [rows, 2, 1], rows).solve(1e-9);
    t.is(ridge, 1e-9);
    t.true(worst(values.toArray(), expected.values) < 1e-2, `${values.toArray()} for ${expected.values}`);
    t.true(condition > 1e6 && condition < 1e11, `condition ${condition}`);
  });
});

test('the condition is estimated from below, within a factor of three', (t) => {
  // Diagonal equations of known condition: row i has the weight 10^-i in column i.
  runtime.step(() => {
    const w = Float64Array.from({ length: 25 }, (_, i) => (i % 6 === 0 ? 10 ** -(i / 6) : 0));
    const { condition } = equations(runtime, w, new Float64Array(5), [5, 5, 1], 5).solve(0);
    t.true(condition <= 1.01e8 && condition > 0.33e8, `condition ${condition}`);
  });
});

test('a matrix that is not positive definite gets a larger ridge, and the solution says so', (t) => {
  runtime.step(() => {
    const twice = equations(runtime, new Float64Array(20).fill(0.5), new Float64Array(10).fill(1), [10, 2, 1], 10);
    const { values, ridge } = twice.solve(0);
    t.true(ridge > 0 && ridge < 1e-6, `ridge ${ridge}`);
    t.true(values.toArray().every((value) => Math.abs(value - 1) < 1e-3));
    const nothing = equations(runtime, new Float64Array(4), new Float64Array(2), [2, 2, 1], 2).solve(0);
    t.true(nothing.ridge > 0);
    t.deepEqual([...nothing.values.toArray()], [0, 0]);
  });
});

test('wrong arguments say what was wrong', (t) => {
  const escaped = runtime.step(() => {
    const found = new NormalEquations(runtime, 3, 2);
    const weights = runtime.zeros([5, 3]);
    t.throws(() => found.add(runtime.zeros([5, 2]), weights), {
      message: /^add: weights must have shape \[\*, 3\], got/,
    });
    t.throws(() => found.add(weights, runtime.zeros([4, 2])), {
      message: /^add: targets must have shape \[5, 2\], got/,
    });
    t.throws(() => found.solve(-1), { message: 'solve: ridge must be a finite number ≥ 0, got -1' });
    t.throws(() => found.loss(weights, runtime.zeros([5, 2])), {
      message: /^loss: the equations must be solved first/,
    });
    found.add(runtime.tensor(new Array(15).fill(NaN), [5, 3]), runtime.zeros([5, 2]));
    t.throws(() => found.solve(1), { message: 'solve: the weights must be finite, got NaN' });
    return found;
  });
  t.throws(() => new NormalEquations(runtime, 0, 2), {
    message: /^NormalEquations: memorySize must be an integer/,
  });
  t.throws(() => runtime.step(() => escaped.solve(1)), { instanceOf: ReferenceError });
});
