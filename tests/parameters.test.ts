// Parameters: names, flat layout, state dicts.
import test from 'ava';
import { load, Parameters, SGD, sum } from '../index.js';

const runtime = await load();

test('parameters share one buffer and gradients another, whatever is allocated in between', (t) => {
  const parameters = new Parameters(runtime);
  const a = parameters.scope('layer').create('weight', [3, 5]).set(new Float32Array(15).fill(1));
  runtime.tensor([1, 2, 3]);
  const b = parameters.create('bias', [20]).set(new Float32Array(20).fill(2));
  const { pointer, gradPointer, length } = parameters.flat();
  t.is(a.pointer, pointer);
  t.is(b.pointer, pointer + 64);
  t.is(b.gradPointer, gradPointer + 64);
  t.is(length, 16 + 32);
  t.is(parameters.count, 35);
  t.deepEqual([...a.toArray()], new Array(15).fill(1));
  t.deepEqual([...b.toArray()], new Array(20).fill(2));
});

test('backward fills the gradients and zeroGrad clears them', (t) => {
  const parameters = new Parameters(runtime);
  const w = parameters.create('w', [3]);
  runtime.step(() => sum(w).backward());
  t.deepEqual([...w.grad!], [1, 1, 1]);
  parameters.zeroGrad();
  t.deepEqual([...w.grad!], [0, 0, 0]);
});

test('a state dict restores parameters and buffers', (t) => {
  const parameters = new Parameters(runtime);
  parameters.create('w', [2, 2]).set([1, 2, 3, 4]);
  parameters.createBuffer('mean', [1]).set([5]);
  const state = parameters.stateDict();
  t.deepEqual([...state.keys()], ['w', 'mean']);
  parameters.get('w').set([0, 0, 0, 0]);
  parameters.get('mean').set([0]);
  parameters.loadStateDict(state);
  t.deepEqual([...parameters.get('w').toArray()], [1, 2, 3, 4]);
  t.is(parameters.get('mean').item(), 5);
  t.deepEqual(
    [...parameters.entries()].map(([name]) => name),
    ['w'],
  );
});

test('a state dict that does not match is refused and changes nothing', (t) => {
  const parameters = new Parameters(runtime);
  parameters.create('a', [1]).set([1]);
  parameters.create('b', [2]).set([2, 3]);
  const one = { shape: [1], data: [9] };
  const two = { shape: [2], data: [9, 9] };
  const wrong = [
    new Map([['a', one]]),
    new Map([
      ['a', one],
      ['b', one],
    ]),
    new Map([
      ['a', one],
      ['b', { shape: [2], data: [9] }],
    ]),
    new Map([
      ['a', one],
      ['b', two],
      ['c', one],
    ]),
  ];
  for (const state of wrong) t.throws(() => parameters.loadStateDict(state), { instanceOf: RangeError });
  t.deepEqual([...parameters.get('a').toArray(), ...parameters.get('b').toArray()], [1, 2, 3]);
});

test('names are unique, and none can be created once an optimizer trains the parameters', (t) => {
  const parameters = new Parameters(runtime);
  parameters.create('w', [1]);
  t.throws(() => parameters.create('w', [1]), {
    instanceOf: RangeError,
    message: 'Parameters.create: duplicate parameter name "w"',
  });
  runtime.step(() => 0);
  parameters.create('later', [1]);
  new SGD(parameters);
  t.throws(() => parameters.create('late', [1]), {
    instanceOf: RangeError,
    message: 'Parameters.create: name must be created before an optimizer is, got "late"',
  });
  t.throws(() => parameters.get('none'), { instanceOf: RangeError });
});
