// Values in closed form: against a float64 solve, gradients against differences, near-singular and hopeless matrices.
import test from 'ava';
import { KernelMemory, linear, load, NormalEquations, Random, type Runtime } from '../index.js';
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

function equations(
  runtime: Runtime,
  w: Float64Array,
  x: Float64Array,
  [rows, size, columns]: number[],
  batch: number,
  center = false,
) {
  const found = new NormalEquations(runtime, size!, columns!, { center });
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

/** Smooth targets around a mean, in which little is left over, as of a fit that has gone well. */
function smooth(w: Float64Array, size: number, columns: number, mean: number) {
  const random = seeded(columns);
  const values = Float64Array.from({ length: size * columns }, () => mean + gaussian(random));
  return Float64Array.from({ length: (w.length / size) * columns }, (_, at) => {
    const [r, c] = [Math.floor(at / columns), at % columns];
    let read = 1e-3 * gaussian(random);
    for (let j = 0; j < size; j++) read += w[r * size + j]! * values[j * columns + c]!;
    return Math.fround(read);
  });
}

/** As ridgeReference, with a penalty on deviations from the mean of the first 256 targets. */
function centeredReference(w: Float64Array, x: Float64Array, size: number, columns: number, ridge: number) {
  const count = Math.min(w.length / size, 256);
  const mean = Float64Array.from({ length: columns }, (_, c) => {
    let sum = 0;
    for (let r = 0; r < count; r++) sum += x[r * columns + c]!;
    return Math.fround(sum / count);
  });
  const centered = x.map((value, at) => {
    const row = Math.floor(at / columns) * size;
    const sum = w.subarray(row, row + size).reduce((a, b) => a + b);
    return value - sum * mean[at % columns]!;
  });
  const { values, loss } = ridgeReference(w, centered, size, columns, ridge);
  return { values: values.map((value, i) => value + mean[i % columns]!), loss };
}

for (const [rows, size, columns, mean] of [
  [50, 4, 3, 1000],
  [300, 13, 7, 1000],
  [300, 13, 7, -1e5],
  // More than 2^24 products, of few columns and of many.
  [4500, 60, 64, 1000],
  [3000, 80, 75, 1000],
] as const) {
  for (const center of [false, true]) {
    const title = `${rows} rows, M = ${size}, n = ${columns}, around ${mean}${center ? ', centred' : ''}`;
    const { w, random } = draw(rows, size, columns);
    const x = smooth(w, size, columns, mean);
    const reference = () => (center ? centeredReference : ridgeReference)(w, x, size, columns, 1e-6);

    test(`loss and values of ${title}`, (t) => {
      const expected = reference();
      runtime.step(() => {
        const { values, loss } = equations(runtime, w, x, [rows, size, columns], rows, center).solve(1e-6);
        // Of many columns WᵀX is not summed in float64 alone, and only a millionth of the targets' squares is left
        // over.
        const limit = columns > 64 ? 2e-3 : 1e-4;
        t.true(Math.abs(loss / expected.loss - 1) < limit, `loss ${loss}, expected ${expected.loss}`);
        const error = worst(values.toArray(), expected.values);
        t.true(error < 1e-5, `values: ${error}`);
      });
    });

    test(`gradient of ${title}`, (t) => {
      const { values } = reference();
      // The weights go on to sum to 1, as those of a softmax do: what all of a row have in common does not count.
      const direction = w.map(() => gaussian(random));
      for (let r = 0; r < rows; r++) {
        const row = direction.subarray(r * size, (r + 1) * size);
        const sum = row.reduce((a, b) => a + b);
        for (let j = 0; j < size; j++) row[j]! -= sum / size;
      }
      const squares = (h: number) => {
        const moved = w.map((value, i) => value + h * direction[i]!);
        return squaredErrorReference(moved, x, values, size, columns);
      };
      const difference = (squares(1e-4) - squares(-1e-4)) / 2e-4;
      runtime.step(() => {
        const found = equations(runtime, w, x, [rows, size, columns], rows, center);
        found.solve(1e-6);
        const weights = runtime.tensor(w, [rows, size], { requiresGrad: true });
        found.loss(weights, runtime.tensor(x, [rows, columns])).backward();
        const slope = weights.grad!.reduce((sum, value, i) => sum + value * direction[i]!, 0);
        const error = Math.abs(slope - difference) / (Math.hypot(...direction) * Math.sqrt(columns));
        t.true(error < (center ? 1e-6 : 1e-8 * Math.abs(mean)), `slope ${slope}, expected ${difference}: ${error}`);
      });
    });
  }
}

test('with center, a constant added to the targets is added to the values, whatever the ridge', (t) => {
  const { w } = draw(70, 13, 6);
  const x = Float64Array.from({ length: 70 * 6 }, (_, i) => (i * 7919) % 127);
  for (const ridge of [1e-6, 0.1, 10]) {
    const solve = (shift: number) =>
      runtime.step(() => {
        const moved = x.map((value) => value + shift);
        const { values, loss } = equations(runtime, w, moved, [70, 13, 6], 70, true).solve(ridge);
        return { values: values.toArray().map((value) => value - shift), loss };
      });
    const [near, far] = [solve(0), solve(4096)];
    t.true(worst(far.values, near.values) < 1e-4, `ridge ${ridge}: ${worst(far.values, near.values)}`);
    t.true(Math.abs(far.loss / near.loss - 1) < 1e-6);
  }
});

test('without center, the penalty is on the values, wherever the targets lie', (t) => {
  const { w } = draw(70, 13, 6);
  const x = smooth(w, 13, 6, 50);
  const expected = ridgeReference(w, x, 13, 6, 0.1);
  runtime.step(() => {
    const { values, loss } = equations(runtime, w, x, [70, 13, 6], 70).solve(0.1);
    t.true(worst(values.toArray(), expected.values) < 1e-5);
    t.true(Math.abs(loss / expected.loss - 1) < 1e-5, `${loss}, expected ${expected.loss}`);
  });
});

test('weights need not sum to 1', (t) => {
  const random = seeded(5);
  const w = Float64Array.from({ length: 90 * 7 }, () => Math.fround(10 * gaussian(random)));
  const x = Float64Array.from({ length: 90 * 3 }, () => Math.fround(1000 + gaussian(random)));
  const expected = ridgeReference(w, x, 7, 3, 0.01);
  for (const center of [false, true]) {
    runtime.step(() => {
      const { values, loss } = equations(runtime, w, x, [90, 7, 3], 90, center).solve(0.01);
      t.true(worst(values.toArray(), expected.values) < 1e-5);
      t.true(Math.abs(loss / expected.loss - 1) < 1e-6);
    });
  }
});

test('the loss of a million rows is what the values leave over', (t) => {
  const [rows, size] = [1_000_000, 3];
  const random = seeded(8);
  const w = new Float32Array(rows * size);
  const x = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    const row = w.subarray(r * size, (r + 1) * size);
    for (let j = 0; j < size; j++) row[j] = random() + 0.01;
    const total = row.reduce((a, b) => a + b);
    for (let j = 0; j < size; j++) row[j]! /= total;
    x[r] = 1000 + Math.sin(10 * row[0]!) + 0.01 * row[1]!;
  }
  const { values, loss } = runtime.step(() => {
    const found = new NormalEquations(runtime, size, 1, { center: true });
    found.add(runtime.tensor(w, [rows, size]), runtime.tensor(x, [rows, 1]));
    const solution = found.solve(1e-6);
    return { values: solution.values.toArray(), loss: solution.loss };
  });
  let squares = 0;
  for (let r = 0; r < rows; r++) {
    let read = 0;
    for (let j = 0; j < size; j++) read += w[r * size + j]! * values[j]!;
    squares += (x[r]! - read) ** 2;
  }
  t.true(Math.abs(loss / (squares / 2) - 1) < 1e-5, `${loss}, expected ${squares / 2}`);
});

test('a solution makes packed copies of its values stale', (t) => {
  const found = new NormalEquations(runtime, 4, 2);
  const reads = runtime.step(() => {
    const weights = runtime.tensor([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [4, 4]);
    return [1, 5].map((value) => {
      found.reset();
      found.add(weights, runtime.tensor(new Array(8).fill(value), [4, 2]));
      // Five rows are enough for linear to pack the weight.
      return linear(runtime.zeros([5, 2]).set(new Array(10).fill(1)), found.solve(0).values).toArray();
    });
  });
  t.true(reads[0]!.every((value) => Math.abs(value - 2) < 1e-5));
  t.true(reads[1]!.every((value) => Math.abs(value - 10) < 1e-5));
});

test('disposed equations give their memory back', (t) => {
  const before = runtime.memory.used;
  const found = new NormalEquations(runtime, 300, 200);
  t.true(runtime.memory.used > before);
  found.dispose();
  t.is(runtime.memory.used, before);
  for (const use of [
    () => found.reset(),
    () => runtime.step(() => found.solve(0)),
    () => runtime.step(() => found.add(runtime.zeros([1, 300]), runtime.zeros([1, 200]))),
  ]) {
    t.throws(use, { instanceOf: ReferenceError, message: /^NormalEquations\.\w+: the equations/ });
  }
  found.dispose();
});

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
      message: /^NormalEquations\.add: weights must have shape \[\*, 3\], got/,
    });
    t.throws(() => found.add(weights, runtime.zeros([4, 2])), {
      message: /^NormalEquations\.add: targets must have shape \[5, 2\], got/,
    });
    t.throws(() => found.solve(-1), { message: 'NormalEquations.solve: ridge must be a finite number ≥ 0, got -1' });
    t.throws(() => found.loss(weights, runtime.zeros([5, 2])), {
      message: /^NormalEquations\.loss: the equations must be solved first/,
    });
    found.add(runtime.tensor(new Array(15).fill(NaN), [5, 3]), runtime.zeros([5, 2]));
    t.throws(() => found.solve(1), { message: 'NormalEquations.solve: the weights must be finite, got NaN' });
    return found;
  });
  t.throws(() => new NormalEquations(runtime, 0, 2), {
    message: /^NormalEquations: memorySize must be an integer/,
  });
  t.throws(() => runtime.step(() => escaped.solve(1)), { instanceOf: ReferenceError });
});

for (const [rows, mean, columns] of [
  [500, 0, 3],
  [500, 1000, 3],
  [500, -1e5, 1],
  [13_200, 1000, 20],
  [3500, 1000, 80],
] as const) {
  test(`a kernel memory reports the error of its reads: ${rows} targets of ${columns} around ${mean}`, async (t) => {
    const random = new Random(runtime, 3);
    const q = random.uniform([rows, 2], { low: -1, high: 1 }).toArray();
    const x = Float32Array.from({ length: rows * columns }, (_, i) => {
      const [r, c] = [Math.floor(i / columns), i % columns];
      return mean + Math.sin(3 * q[2 * r]! + c) * Math.cos(2 * q[2 * r + 1]! - c);
    });
    const [Q, X] = [
      { shape: [rows, 2], data: q },
      { shape: [rows, columns], data: x },
    ];
    const sizes = { memorySize: 64, similarity: 'l2', strength: 4, initialKeys: 'rows' } as const;
    const memory = await KernelMemory.fit(runtime, Q, X, { ...sizes, iterations: 2, random });
    const read = memory.predict(Q);
    const rmse = Math.sqrt(read.reduce((sum, value, i) => sum + (value - x[i]!) ** 2, 0) / read.length);
    t.true(Math.abs(memory.report!.rmse / rmse - 1) < 1e-5, `${memory.report!.rmse}, expected ${rmse}`);
    // Of numbers around 100,000, float32 tells apart those that differ by 0.008.
    t.true(rmse < (Math.abs(mean) > 1000 ? 0.02 : 0.004), `${rmse}`);
  });
}

test('the error of every iteration of a fit is that of its reads', (t) => {
  const random = new Random(runtime, 4);
  const q = random.uniform([400, 2], { low: -1, high: 1 }).toArray();
  const x = Float32Array.from({ length: 400 }, (_, r) => 1000 + Math.sin(4 * q[2 * r]!) * q[2 * r + 1]!);
  const [Q, X] = [
    { shape: [400, 2], data: q },
    { shape: [400, 1], data: x },
  ];
  const fit = KernelMemory.startFit(runtime, Q, X, { memorySize: 12, similarity: 'l2', strength: 4, random });
  while (fit.iteration < 5) {
    const { rmse } = fit.step();
    const read = fit.memory.predict(Q);
    const expected = Math.sqrt(read.reduce((sum, value, i) => sum + (value - x[i]!) ** 2, 0) / read.length);
    t.true(Math.abs(rmse / expected - 1) < 1e-3, `${rmse}, expected ${expected}`);
  }
  fit.dispose();
});
