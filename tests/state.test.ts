// State dicts: strict and partial loading, prefixes, kinds of numbers, all or nothing.
import test from 'ava';
import { Adam, load, Parameters, readSafetensors, SGD, type StateSource, sum, writeSafetensors } from '../index.js';

const runtime = await load();

/** Parameters `encoder.weight` [2, 2], `encoder.bias` [2] and the buffer `mean` [1], filled with `value`. */
function model(value: number): Parameters {
  const parameters = new Parameters(runtime);
  const encoder = parameters.scope('encoder');
  encoder.create('weight', [2, 2]).set(new Float32Array(4).fill(value));
  encoder.create('bias', [2]).set([value, value]);
  parameters.createBuffer('mean', [1]).set([value]);
  return parameters;
}

function valuesOf(parameters: Parameters): number[] {
  return [...parameters.stateDict().values()].flatMap(({ data }) => [...data]);
}

const all = (value: number) => new Array(7).fill(value);

test('a state dict is a copy, in the order of creation', (t) => {
  const parameters = model(3);
  const state = parameters.stateDict();
  t.deepEqual([...state.keys()], ['encoder.weight', 'encoder.bias', 'mean']);
  state.get('mean')!.data.fill(9);
  t.throws(() => ((state.get('mean')!.shape as number[])[0] = 2), { instanceOf: TypeError });
  t.deepEqual(valuesOf(parameters), all(3));
  t.deepEqual(parameters.loadStateDict(model(4).stateDict()), { missing: [], unexpected: [] });
  t.deepEqual(valuesOf(parameters), all(4));
});

test('strict is false: what is missing and unexpected is returned, what fits is loaded', (t) => {
  const parameters = model(0);
  const state = new Map([
    ...model(5).stateDict(),
    ['decoder.weight', { shape: [1], data: Float32Array.of(1) }],
  ] as never);
  state.delete('encoder.bias');
  t.deepEqual(parameters.loadStateDict(state as StateSource, { strict: false }), {
    missing: ['encoder.bias'],
    unexpected: ['decoder.weight'],
  });
  t.deepEqual(valuesOf(parameters), [5, 5, 5, 5, 0, 0, 5]);
  t.deepEqual(parameters.loadStateDict(new Map(), { strict: false }).missing, [
    'encoder.weight',
    'encoder.bias',
    'mean',
  ]);
});

test('a prefix selects and strips names', (t) => {
  const parameters = model(0);
  const state = new Map([...model(6).stateDict()].map(([name, entry]) => [`student.${name}`, entry]));
  state.set('teacher.mean', { shape: [1], data: Float32Array.of(1) });
  t.deepEqual(parameters.loadStateDict(state, { prefix: 'student.' }), { missing: [], unexpected: [] });
  t.deepEqual(valuesOf(parameters), all(6));
  state.delete('student.mean');
  state.set('student.extra', { shape: [1], data: Float32Array.of(1) });
  t.deepEqual(parameters.loadStateDict(state, { prefix: 'student.', strict: false }), {
    missing: ['student.mean'],
    unexpected: ['student.extra'],
  });
  t.throws(() => parameters.loadStateDict(state, { prefix: 'student.' }), {
    instanceOf: RangeError,
    message: 'loadStateDict: missing key "student.mean"',
  });
  t.throws(() => parameters.loadStateDict(state, { prefix: 1 as never }), {
    instanceOf: TypeError,
    message: 'loadStateDict: prefix must be a string, got 1',
  });
});

/** States that must be refused, each a change of one that fits. */
const wrong: Record<string, (state: Map<unknown, unknown>) => unknown> = {
  'a missing key': (state) => state.delete('mean'),
  'an unexpected key': (state) => state.set('other', state.get('mean')),
  'a key that is a symbol': (state) => state.set(Symbol('other'), state.get('mean')),
  'another shape': (state) => state.set('mean', { shape: [2], data: [1, 2] }),
  'too few numbers': (state) => state.set('mean', { shape: [1], data: [] }),
  'too many numbers': (state) => state.set('encoder.weight', { shape: [2, 2], data: [1, 2, 3, 4, 5] }),
  strings: (state) => state.set('mean', { shape: [1], data: ['1'] }),
  'a string': (state) => state.set('mean', { shape: [1], data: '1' }),
  undefined: (state) => state.set('mean', undefined),
  null: (state) => state.set('mean', null),
  'no shape': (state) => state.set('mean', { data: [1] }),
  'no data': (state) => state.set('mean', { shape: [1] }),
  'numbers and bigints': (state) => state.set('encoder.bias', { shape: [2], data: [1, 2n] }),
  'bigints and numbers': (state) => state.set('encoder.bias', { shape: [2], data: [1n, 2] }),
  'a hole': (state) => state.set('encoder.bias', { shape: [2], data: new Array(2) }),
  'ragged arrays': (state) => state.set('encoder.weight', { shape: [2, 2], data: [[1, 2], [3]] }),
  'nested arrays of another shape': (state) => state.set('encoder.weight', { shape: [2, 2], data: [[1, 2, 3, 4]] }),
};

for (const [name, change] of Object.entries(wrong)) {
  test(`${name}: refused, and nothing is loaded`, (t) => {
    for (const strict of [true, false]) {
      const parameters = model(1);
      const state = new Map<unknown, unknown>(model(2).stateDict());
      change(state);
      if (!strict && /key|undefined/.test(name)) continue;
      const error = t.throws(() => parameters.loadStateDict(state as StateSource, { strict }), {
        message: /^loadStateDict: /,
      })!;
      t.true(error instanceof RangeError || error instanceof TypeError);
      t.true(error.message.length <= 200);
      t.deepEqual(valuesOf(parameters), all(1));
    }
  });
}

test('what is no Map, and options that do not exist, are named', (t) => {
  const parameters = model(1);
  for (const state of [undefined, null, {}, [], 'state', new WeakMap(), Object.entries({ mean: 1 })]) {
    t.throws(() => parameters.loadStateDict(state as never), {
      instanceOf: TypeError,
      message: /^loadStateDict: state must be a Map, got /,
    });
  }
  const state = parameters.stateDict();
  t.throws(() => parameters.loadStateDict(state, { strct: false } as never), {
    message: 'loadStateDict: unknown option "strct"; options are strict, prefix',
  });
  t.throws(() => parameters.loadStateDict(state, false as never), {
    message: /^loadStateDict: options must be an object/,
  });
  t.throws(() => parameters.loadStateDict(state, { strict: 0 as never }), { message: /strict must be true or false/ });
});

test('typed arrays of every kind, nested arrays and 64-bit integers are loaded', (t) => {
  for (const data of [
    [1, 2, 3, 4],
    [
      [1, 2],
      [3, 4],
    ],
    Float64Array.of(1, 2, 3, 4),
    Int8Array.of(1, 2, 3, 4),
    BigInt64Array.of(1n, 2n, 3n, 4n),
    [1n, 2n, 3n, 4n],
  ]) {
    const parameters = model(0);
    const state = new Map([['encoder.weight', { shape: [2, 2], data: data as never }]]);
    parameters.loadStateDict(state, { strict: false });
    t.deepEqual([...parameters.get('encoder.weight').toArray()], [1, 2, 3, 4]);
  }
});

test('a state dict goes through safetensors to another runtime', async (t) => {
  const other = await load({ threads: 1 });
  const parameters = new Parameters(other);
  parameters.create('encoder.weight', [2, 2]);
  parameters.create('encoder.bias', [2]);
  parameters.createBuffer('mean', [1]);
  parameters.loadStateDict(readSafetensors(writeSafetensors(model(7).stateDict())).tensors);
  t.deepEqual(valuesOf(parameters), all(7));
  parameters.loadStateDict(model(8).stateDict());
  t.deepEqual(valuesOf(parameters), all(8));
});

test('an optimizer loads all of its state or nothing', (t) => {
  const parameters = model(1);
  const optimizer = new Adam(parameters, { lr: 0.1 });
  const update = () =>
    runtime.step(() => {
      sum(parameters.get('encoder.weight')).backward();
      optimizer.step();
    });
  update();
  const saved = optimizer.stateDict();
  update();
  const before = optimizer.stateDict();
  const entry = saved.get('encoder.bias.exp_avg_sq')!;
  for (const change of [
    (state: Map<string, unknown>) => state.delete('encoder.bias.exp_avg_sq'),
    (state: Map<string, unknown>) => state.set('other', entry),
    (state: Map<string, unknown>) => state.set('encoder.bias.exp_avg_sq', { ...entry, data: [1n, 2] }),
    (state: Map<string, unknown>) => state.set('encoder.bias.exp_avg_sq', { ...entry, data: ['a', 2] }),
    (state: Map<string, unknown>) => state.set('step', { shape: [], data: [1.5] }),
    (state: Map<string, unknown>) => state.set('step', { shape: [], data: [-1] }),
    (state: Map<string, unknown>) => state.set('step', { shape: [], data: [Number.NaN] }),
  ]) {
    const state = new Map<string, unknown>(saved);
    change(state);
    t.throws(() => optimizer.loadStateDict(state as StateSource), { message: /^loadStateDict: / });
    t.deepEqual(optimizer.stateDict(), before);
  }
  optimizer.loadStateDict(saved);
  t.deepEqual(optimizer.stateDict(), saved);
  t.throws(() => new SGD(parameters, { momentum: 0.9 }).loadStateDict(saved), { message: /^loadStateDict: / });
});
