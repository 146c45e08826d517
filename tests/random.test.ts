// Random: moments of the distributions, streams and their states, arguments.
import test from 'ava';
import { load, mul, Random, sum } from '../index.js';
import { philox } from './reference/philox.js';

const runtime = await load();

test('normal has the moments and the tails of the normal distribution', (t) => {
  const n = 1_000_000;
  const values = new Float64Array(runtime.step(() => new Random(runtime, 1).normal([n]).toArray()));
  const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / n;
  // The standard error of moment k is sqrt((E z^2k - (E z^k)²) / n); limits are four of them.
  for (const [power, expected, deviation] of [
    [1, 0, 1],
    [2, 1, Math.SQRT2],
    [3, 0, Math.sqrt(15)],
    [4, 3, Math.sqrt(96)],
  ] as const) {
    const error = Math.abs(moment(power) - expected);
    t.true(error <= (4 * deviation) / Math.sqrt(n), `moment ${power} is off by ${error}`);
  }
  for (const [limit, share] of [
    [1, 0.3173105],
    [2, 0.0455003],
    [3, 0.0026998],
    [4, 0.0000633],
  ] as const) {
    const found = values.filter((value) => Math.abs(value) > limit).length / n;
    t.true(Math.abs(found - share) <= 4 * Math.sqrt(share / n), `${found} beyond ${limit}`);
  }
  t.true(values.every((value) => Math.abs(value) < 6.67));
  // Neighbors share a radius, yet must be uncorrelated.
  const product = values.reduce((sum, value, i) => sum + value * (values[i + 1] ?? 0), 0) / n;
  t.true(Math.abs(product) <= 4 / Math.sqrt(n), `neighbors correlate by ${product}`);
});

test('all permutations are equally likely', (t) => {
  const random = new Random(runtime, 5);
  const counts = new Map<string, number>();
  const draws = 24_000;
  for (let i = 0; i < draws; i++) {
    const key = random.permutation(4).join();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  t.is(counts.size, 24);
  const expected = draws / 24;
  const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 23 degrees of freedom: 49.7 is passed once in a thousand.
  t.true(chiSquare < 49.7, `chi² is ${chiSquare}`);
});

test('integer is uniform over its range', (t) => {
  const random = new Random(runtime, 6);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 14_000; i++) {
    const value = random.integer(-3, 4);
    counts[value + 3]!++;
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0);
  // 6 degrees of freedom: 22.5 is passed once in a thousand.
  t.true(chiSquare < 22.5, `chi² is ${chiSquare}`);
  t.is(random.integer(9, 10), 9);
  const wide = Array.from({ length: 1000 }, () => random.integer(-(2 ** 52), 2 ** 52 - 1));
  t.true(wide.every((value) => Number.isSafeInteger(value) && value >= -(2 ** 52) && value < 2 ** 52 - 1));
  t.true(wide.some((value) => value < -(2 ** 51)) && wide.some((value) => value > 2 ** 51));
});

test('a seed gives the same bits everywhere', (t) => {
  const random = new Random(runtime, 42);
  runtime.step(() => {
    const bits = (x: Float32Array) => [...new Uint32Array(x.buffer)];
    t.deepEqual(bits(random.uniform([4]).toArray()), [0x3f1ceaf1, 0x3eefea92, 0x3d95fa88, 0x3eae8566]);
    t.deepEqual(bits(random.normal([4]).toArray()), [0xbd95e033, 0x3e0e7a13, 0xbf8da734, 0x3ea742fe]);
    t.deepEqual(random.permutation(8), Uint32Array.of(0, 2, 1, 7, 6, 3, 5, 4));
  });
});

test('methods fill tensors of the running step and persistent ones', (t) => {
  const random = new Random(runtime, 1);
  runtime.step(() => {
    const x = random.uniform([3, 5], { low: -2, high: -1 });
    t.deepEqual(x.shape, [3, 5]);
    t.true(x.toArray().every((value) => value >= -2 && value <= -1));
    const z = random.normal([200, 100], { mean: 10, std: 0.1 }).toArray();
    t.true(Math.abs(z.reduce((sum, value) => sum + value, 0) / z.length - 10) < 0.01);
    const ones = random.bernoulli([10_000], 0.25).toArray();
    t.true(Math.abs(ones.reduce((sum, value) => sum + value, 0) / 10_000 - 0.25) < 0.02);
    t.is(random.normal([0]).size, 0);
  });
  const weight = runtime.zeros([4, 3]);
  t.is(random.fillNormal(weight, 0, 1), weight);
  t.true(weight.toArray().every((value) => value !== 0));
  random.fillUniform(weight, 1, 2);
  t.true(weight.toArray().every((value) => value >= 1 && value <= 2));
});

test('a state continues the stream, also through JSON', (t) => {
  const random = new Random(runtime, 2 ** 53 - 1);
  const draw = (from: Random) =>
    runtime.step(() => [
      ...from.normal([7]).toArray(),
      ...from.permutation(11),
      from.integer(0, 1000),
      ...from.bernoulli([5], 0.5).toArray(),
    ]);
  draw(random);
  const state = JSON.parse(JSON.stringify(random.state));
  const expected = draw(random);
  const other = new Random(runtime, 0);
  other.setState(state);
  t.deepEqual(draw(other), expected);
  t.notDeepEqual(draw(other), expected);
  t.notDeepEqual(draw(new Random(runtime, 1)), draw(new Random(runtime, 2)));
  // The counter's upper word, and the key's.
  other.setState({ seed: 2 ** 53 - 1, counter: 2 ** 32 - 1 });
  const found = runtime.step(() => other.bernoulli([8], 0.5).toArray());
  const words = philox(8, [0xffffffff, 0x1fffff], [0xffffffff, 0, 0, 0]);
  t.deepEqual(
    found,
    Float32Array.from(words, (word) => Number(word < 2 ** 31)),
  );
});

test('a refused call leaves the stream unchanged', async (t) => {
  const random = new Random(runtime, 3);
  const [small, other] = [await load({ threads: 1, maxMemory: 2 ** 22 }), await load({ threads: 1 })];
  const cramped = new Random(small, 3);
  const before = random.state;
  const refusals: [() => unknown, RegExp][] = [
    [() => new Random(runtime, -1), /^Random: seed must be an integer ≥ 0, got -1$/],
    [() => new Random(runtime, 0.5), /^Random: seed must be an integer/],
    [() => new Random(undefined as never, 1), /^Random: runtime must be a Runtime, got undefined$/],
    [() => new Random({} as never, 1), /^Random: runtime must be a Runtime, got an Object$/],
    [() => random.uniform([2], { low: 1, high: 0 }), /^Random\.uniform: high must be a finite number ≥ 1, got 0$/],
    [() => random.uniform([2], { low: -3e38, high: 3e38 }), /^Random\.uniform: high must be within float32 range of/],
    [() => random.uniform([2], null as never), /^Random\.uniform: options must be an object, got null$/],
    [() => random.uniform([2], { min: 1 } as never), /^Random\.uniform: unknown option "min"; options are low, high$/],
    [
      () => random.uniform(undefined as never),
      /^Random\.uniform: shape must be an array of dimensions, got undefined$/,
    ],
    [() => random.uniform([2 ** 31]), /^Random\.uniform: shape must /],
    [() => random.normal([2], { std: -1 }), /^Random\.normal: std must be a finite number ≥ 0, got -1$/],
    [() => random.normal([2], { mean: Number.NaN }), /^Random\.normal: mean must be a finite number, got NaN$/],
    [() => random.normal([-1]), /^Random\.normal: shape must /],
    [() => random.bernoulli([2], 1.5), /^Random\.bernoulli: p must be a finite number in \[0, 1\], got 1.5$/],
    [
      () => random.bernoulli([2], undefined as never),
      /^Random\.bernoulli: p must be a finite number in \[0, 1\], got und/,
    ],
    [() => random.permutation(-1), /^Random\.permutation: n must be an integer in \[0, 1073741824\], got -1$/],
    [() => random.permutation(2 ** 31), /^Random\.permutation: n must be an integer in .*, got 2147483648$/],
    [() => random.permutation(2n as never), /^Random\.permutation: n must be an integer in .*, got 2n$/],
    [() => random.integer(3, 3), /^Random\.integer: highExclusive must be an integer ≥ 4, got 3$/],
    [() => random.integer(0.5, 3), /^Random\.integer: low must be an integer, got 0.5$/],
    [
      () => random.integer(-(2 ** 53 - 1), 2 ** 53 - 1),
      /^Random\.integer: highExclusive must be less than low \+ 2\^53/,
    ],
    [() => random.setState({ seed: 1, counter: -1 }), /^Random\.setState: counter must be an integer in .*, got -1$/],
    [() => random.setState({ seed: 1, counter: 2 ** 53 - 1 }), /^Random\.setState: counter must be an integer in/],
    [() => random.setState({ seed: Number.NaN, counter: 1 }), /^Random\.setState: seed must be an integer/],
    [
      () => random.setState({ seed: 1 } as never),
      /^Random\.setState: counter must be an integer in .*, got undefined$/,
    ],
    [() => random.setState(undefined as never), /^Random\.setState: state must be \{ seed, counter \}, got undefined$/],
    [() => random.setState('{}' as never), /^Random\.setState: state must be \{ seed, counter \}, got "\{\}"$/],
    [() => random.fillNormal(null as never, 0, 1), /^Random\.fillNormal: tensor must be a Tensor, got null$/],
    [
      () => random.fillNormal(runtime.zeros([2]), 0, -1),
      /^Random\.fillNormal: std must be a finite number ≥ 0, got -1$/,
    ],
    [
      () => random.fillUniform(runtime.zeros([2]), 1, 0),
      /^Random\.fillUniform: high must be a finite number ≥ 1, got 0$/,
    ],
    [() => cramped.permutation(2 ** 30), /out of memory: /],
    [() => cramped.normal([2 ** 29]), /out of memory: /],
  ];
  for (const [call, message] of refusals) {
    const error = t.throws(call, { message });
    t.true(error instanceof RangeError || error instanceof TypeError, `${error}`);
  }
  const dead = runtime.step(() => runtime.zeros([2]));
  t.throws(() => random.fillNormal(dead, 0, 1), { instanceOf: ReferenceError });
  t.throws(() => random.fillUniform(dead, 0, 1), { instanceOf: ReferenceError });
  const foreign = other.tensor([1, 2]);
  t.throws(() => random.fillNormal(foreign, 0, 1), {
    instanceOf: RangeError,
    message: 'Random.fillNormal: tensor belongs to another runtime',
  });
  t.throws(() => random.fillUniform(foreign, 0, 1), {
    message: 'Random.fillUniform: tensor belongs to another runtime',
  });
  t.deepEqual(foreign.toArray(), Float32Array.of(1, 2));
  t.deepEqual(random.state, before);
  t.deepEqual(cramped.state, before);
});

test('filling a tensor counts as a change of its values', (t) => {
  const random = new Random(runtime, 4);
  const x = runtime.tensor([1, 2], [2], { requiresGrad: true });
  runtime.step(() => {
    const loss = sum(mul(x, x));
    random.fillNormal(x, 0, 1);
    t.throws(() => loss.backward(), { message: /changed/ });
  });
});
