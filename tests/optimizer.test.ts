// Optimizers: states, the learning rate, gradient clipping, options.
import test from 'ava';
import {
  Adam,
  AdamW,
  clipGradNorm,
  clipGradValue,
  load,
  type Optimizer,
  type Parameters,
  RMSprop,
  SGD,
} from '../index.js';
import { cases, gradientsOf, makeParameters, numbers, setGradients, shapes, size, valuesOf } from './cases/optim.js';
import { seeded } from './support/random-numbers.js';

const runtime = await load();
const { arena } = runtime;

for (const [name, { make }] of Object.entries(cases)) {
  test(`${name}: a saved state continues bit for bit`, (t) => {
    const random = seeded(2);
    const gradients = Array.from({ length: 10 }, () => numbers(size, random));
    const run = (parameters: Parameters, optimizer: Optimizer, from: number, to: number) => {
      for (const gradient of gradients.slice(from, to)) {
        setGradients(parameters, gradient);
        optimizer.step();
      }
    };
    const first = makeParameters(runtime, numbers(size, random));
    const optimizer = make(first);
    run(first, optimizer, 0, 5);
    const [values, state] = [valuesOf(first), optimizer.stateDict()];
    run(first, optimizer, 5, 10);
    const second = makeParameters(runtime, values);
    const resumed = make(second);
    resumed.loadStateDict(state);
    run(second, resumed, 5, 10);
    t.deepEqual(valuesOf(second), valuesOf(first));
    t.deepEqual(resumed.stateDict(), optimizer.stateDict());
  });
}

test('the learning rate may change between steps', (t) => {
  const parameters = makeParameters(runtime, new Float64Array(size));
  const optimizer = new SGD(parameters, { lr: 1 });
  setGradients(parameters, new Float64Array(size).fill(1));
  optimizer.step();
  optimizer.learningRate /= 4;
  optimizer.step();
  t.is(optimizer.learningRate, 0.25);
  t.deepEqual(valuesOf(parameters), new Array<number>(size).fill(-1.25));
  t.throws(() => (optimizer.learningRate = Number.NaN), {
    instanceOf: RangeError,
    message: 'SGD: lr must be a finite number ≥ 0, got NaN',
  });
  optimizer.zeroGrad();
  t.deepEqual(gradientsOf(parameters), new Array<number>(size).fill(0));
});

test('clipGradNorm returns the norm, and scales down to maxNorm alone', (t) => {
  const gradient = numbers(size, seeded(5));
  const norm = Math.hypot(...gradient);
  for (const [scale, maxNorm] of [
    [1, 1],
    [1, 0],
    [1e-3, 1],
    [1e30, 5],
    [0, 1],
  ] as const) {
    const parameters = makeParameters(runtime, gradient);
    const scaled = gradient.map((value) => Math.fround(value * scale));
    setGradients(parameters, scaled);
    const found = clipGradNorm(parameters, maxNorm);
    t.true(Math.abs(found - norm * scale) <= 1e-6 * norm * scale);
    const factor = Math.min(1, maxNorm / (found + 1e-6));
    for (const [i, value] of gradientsOf(parameters).entries()) {
      t.true(Math.abs(value - scaled[i]! * factor) <= 2e-7 * Math.abs(scaled[i]! * factor));
    }
  }
});

test('a gradient that is NaN stays visible', (t) => {
  const parameters = makeParameters(runtime, new Float64Array(size));
  setGradients(parameters, [Number.NaN, Infinity, -3, ...new Array<number>(size - 3).fill(2)]);
  clipGradValue(parameters, 1.5);
  t.deepEqual(gradientsOf(parameters).slice(0, 4), [Number.NaN, 1.5, -1.5, 1.5]);
  t.is(clipGradNorm(parameters, 1), Number.NaN);
  t.true(gradientsOf(parameters).every(Number.isNaN));
});

test('a state is checked whole before anything changes', (t) => {
  const parameters = makeParameters(runtime, numbers(size, seeded(6)));
  const optimizer = new Adam(parameters);
  setGradients(parameters, numbers(size, seeded(7)));
  optimizer.step();
  const good = optimizer.stateDict();
  const names = Object.keys(shapes).flatMap((name) => [`${name}.exp_avg`, `${name}.exp_avg_sq`]);
  t.deepEqual([...good.keys()], ['step', ...names]);
  t.deepEqual(good.get('step'), { shape: [], data: Float32Array.of(1) });
  const faults: [string, { shape: number[]; data: number[] } | null, RegExp][] = [
    ['bias.exp_avg', null, /^loadStateDict: state must hold bias.exp_avg, got "nothing of that name"$/],
    ['other', { shape: [], data: [1] }, /^loadStateDict: state must hold only step and the moments .* got "other"$/],
    ['step', { shape: [], data: [0.5] }, /^loadStateDict: step must be an integer ≥ 0, got 0.5$/],
    ['step', { shape: [1], data: [1] }, /^loadStateDict: step must have shape \[\], got \[1\]$/],
    ['bias.exp_avg', { shape: [4, 4], data: [] }, /^loadStateDict: bias.exp_avg must have shape \[16\], got \[4, 4\]$/],
    ['bias.exp_avg_sq', { shape: [16], data: [1] }, /^loadStateDict: bias.exp_avg_sq must hold 16 numbers, got 1$/],
  ];
  for (const [name, entry, message] of faults) {
    const state: Map<string, { shape: readonly number[]; data: ArrayLike<number> }> = new Map(
      [...good].map(([key, { shape, data }]) => [key, { shape, data: data.map((value) => value + 1) }]),
    );
    if (entry === null) state.delete(name);
    else state.set(name, entry);
    t.throws(() => optimizer.loadStateDict(state), { instanceOf: RangeError, message });
    t.deepEqual(optimizer.stateDict(), good);
  }
});

test('an optimizer made first thing in a step keeps its memory', (t) => {
  const parameters = makeParameters(runtime, new Float64Array(size));
  const optimizer = runtime.step(() => new SGD(parameters, { momentum: 0.5 }));
  const before = optimizer.stateDict();
  runtime.step(() => runtime.tensor(new Float32Array(1000).fill(7)));
  t.deepEqual(optimizer.stateDict(), before);
});

test('options are checked', (t) => {
  const parameters = makeParameters(runtime, new Float64Array(size));
  const betas = (first: number, second: number): [number, number] => [first, second];
  const faults: [() => unknown, RegExp][] = [
    [() => new SGD(parameters, { lr: -1 }), /^SGD: lr must be a finite number ≥ 0, got -1$/],
    [() => new SGD(parameters, { momentum: -1 }), /^SGD: momentum must be a finite number/],
    [() => new SGD(parameters, { dampening: Number.NaN }), /^SGD: dampening must be a finite number/],
    [() => new SGD(parameters, { weightDecay: -1 }), /^SGD: weightDecay must be a finite number/],
    [() => new SGD(parameters, { nesterov: true }), /^SGD: momentum must be above 0 with nesterov, got 0$/],
    [
      () => new SGD(parameters, { nesterov: true, momentum: 1, dampening: 1 }),
      /^SGD: dampening must be 0 with nesterov/,
    ],
    [() => new Adam(parameters, { betas: betas(1, 0.9) }), /^Adam: betas must be in \[0, 1\), got 1$/],
    [() => new AdamW(parameters, { betas: betas(0.9, -0.1) }), /^AdamW: betas must be in \[0, 1\), got -0.1$/],
    [() => new Adam(parameters, { eps: 0 }), /^Adam: eps must be a finite number ≥ 1e-30, got 0$/],
    [() => new AdamW(parameters, { weightDecay: -1 }), /^AdamW: weightDecay must be a finite number/],
    [() => new RMSprop(parameters, { alpha: 1 }), /^RMSprop: alpha must be in \[0, 1\), got 1$/],
    [() => new RMSprop(parameters, { eps: -1 }), /^RMSprop: eps must be a finite number/],
    [() => new RMSprop(parameters, { momentum: Infinity }), /^RMSprop: momentum must be a finite number/],
    [() => new RMSprop(parameters, { weightDecay: -1 }), /^RMSprop: weightDecay must be a finite number/],
    [() => clipGradNorm(parameters, -1), /^clipGradNorm: maxNorm must be a finite number ≥ 0, got -1$/],
    [() => clipGradValue(parameters, Number.NaN), /^clipGradValue: clipValue must be a finite number/],
    [() => runtime.step(() => [runtime.zeros([1]), new Adam(parameters)]), /must be made outside runtime.step/],
  ];
  const before = arena.bytesInUse;
  for (const [call, message] of faults) t.throws(call, { instanceOf: RangeError, message });
  t.throws(() => new Adam(parameters, { betas: [0.9] as never }), {
    instanceOf: TypeError,
    message: /^Adam: betas must be two numbers/,
  });
  t.true(arena.bytesInUse - before <= 1024, 'a refused optimizer takes no memory');
});
