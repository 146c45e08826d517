// Optimizers: state dicts, the learning rate, gradient clipping, refused arguments.
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
    message: 'SGD: learningRate must be a finite number ≥ 0, got NaN',
  });
  optimizer.zeroGrad();
  t.deepEqual(gradientsOf(parameters), new Array<number>(size).fill(0));
});

test('clipGradNorm returns the norm and scales gradients above maxNorm only', (t) => {
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

test('NaN gradients survive clipping', (t) => {
  const parameters = makeParameters(runtime, new Float64Array(size));
  setGradients(parameters, [Number.NaN, Infinity, -3, ...new Array<number>(size - 3).fill(2)]);
  clipGradValue(parameters, 1.5);
  t.deepEqual(gradientsOf(parameters).slice(0, 4), [Number.NaN, 1.5, -1.5, 1.5]);
  t.is(clipGradNorm(parameters, 1), Number.NaN);
  t.true(gradientsOf(parameters).every(Number.isNaN));
});

test('loadStateDict checks the whole state before it changes anything', (t) => {
  const parameters = makeParameters(runtime, numbers(size, seeded(6)));
  const optimizer = new Adam(parameters);
  setGradients(parameters, numbers(size, seeded(7)));
  optimizer.step();
  const good = optimizer.stateDict();
  const names = Object.keys(shapes).flatMap((name) => [`${name}.exp_avg`, `${name}.exp_avg_sq`]);
  t.deepEqual([...good.keys()], ['step', ...names]);
  t.deepEqual(good.get('step'), { shape: [], data: Float32Array.of(1) });
  const faults: [string, { shape: number[]; data: number[] } | null, RegExp][] = [
    ['bias.exp_avg', null, /^loadStateDict: .*bias\.exp_avg/],
    ['other', { shape: [], data: [1] }, /^loadStateDict: unexpected key "other"$/],
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

test('an optimizer created in a step keeps its memory', (t) => {
  const parameters = makeParameters(runtime, new Float64Array(size));
  const optimizer = runtime.step(() => [runtime.zeros([9]), new SGD(parameters, { momentum: 0.5 })][1] as SGD);
  const before = optimizer.stateDict();
  runtime.step(() => runtime.tensor(new Float32Array(1000).fill(7)));
  t.deepEqual(optimizer.stateDict(), before);
});

test('options out of range are refused', (t) => {
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
    [() => new Adam(parameters, { lr: 1e39 }), /^Adam: lr must be within the range of float32, got 1e\+39$/],
    [() => new Adam(parameters, { betas: betas(1, 0.9) }), /^Adam: betas\[0\] must be in \[0, 1\), got 1$/],
    [() => new AdamW(parameters, { betas: betas(0.9, -0.1) }), /^AdamW: betas\[1\] must be in \[0, 1\), got -0.1$/],
    [() => new Adam(parameters, { betas: ['0.9', 0.9] as never }), /^Adam: betas\[0\] must be .* got "0.9"$/],
    [() => new Adam(parameters, { eps: 0 }), /^Adam: eps must be a finite number ≥ 1e-30, got 0$/],
    [() => new AdamW(parameters, { weightDecay: -1 }), /^AdamW: weightDecay must be a finite number/],
    [() => new RMSprop(parameters, { alpha: 1 }), /^RMSprop: alpha must be in \[0, 1\), got 1$/],
    [() => new RMSprop(parameters, { eps: -1 }), /^RMSprop: eps must be a finite number/],
    [() => new RMSprop(parameters, { momentum: Infinity }), /^RMSprop: momentum must be a finite number/],
    [() => new RMSprop(parameters, { weightDecay: -1 }), /^RMSprop: weightDecay must be a finite number/],
    [() => clipGradNorm(parameters, -1), /^clipGradNorm: maxNorm must be a finite number ≥ 0, got -1$/],
    [() => clipGradValue(parameters, Number.NaN), /^clipGradValue: clipValue must be a finite number/],
  ];
  const before = arena.bytesInUse;
  for (const [call, message] of faults) t.throws(call, { instanceOf: RangeError, message });
  t.true(arena.bytesInUse - before <= 1024, 'a refused optimizer takes no memory');
});

test('arguments of the wrong kind are refused by name', (t) => {
  const parameters = makeParameters(runtime, new Float64Array(size));
  const model = { parameters };
  const faults: [() => unknown, RegExp][] = [
    [() => new Adam(parameters, 0.5 as never), /^Adam: options must be an object, got 0.5$/],
    [() => new AdamW(parameters, null as never), /^AdamW: options must be an object, got null$/],
    [
      () => new SGD(parameters, { learningRate: 1 } as never),
      /^SGD: unknown option "learningRate"; options are lr, mom/,
    ],
    [() => new Adam(parameters, { beta1: 0.9 } as never), /^Adam: unknown option "beta1"; options are lr, betas, eps/],
    [() => new RMSprop(parameters, { eps2: 1 } as never), /^RMSprop: unknown option "eps2"; options are lr, alpha/],
    [() => new Adam(parameters, { betas: [0.9] as never }), /^Adam: betas must be two numbers, got \[0.9\]$/],
    [() => new Adam(parameters, { amsgrad: 1 as never }), /^Adam: amsgrad must be true or false, got 1$/],
    [() => new SGD(parameters, { nesterov: 'no' as never }), /^SGD: nesterov must be true or false, got "no"$/],
    [() => new RMSprop(parameters, { centered: 0 as never }), /^RMSprop: centered must be true or false, got 0$/],
    [() => new RMSprop(parameters, { epsInsideRoot: 0 as never }), /^RMSprop: epsInsideRoot must be true or false/],
    [() => new Adam(undefined as never), /^Adam: parameters must be a Parameters object, got undefined$/],
    [() => new SGD(model as never), /^SGD: parameters must be a Parameters object, got an Object$/],
    [() => clipGradNorm(model as never, 1), /^clipGradNorm: parameters must be a Parameters object, got an Object$/],
    [() => clipGradValue(null as never, 1), /^clipGradValue: parameters must be a Parameters object, got null$/],
    [() => new Adam(parameters).loadStateDict({} as never), /^loadStateDict: state must be a Map, got an Object$/],
  ];
  for (const [call, message] of faults) t.throws(call, { instanceOf: TypeError, message });
});
