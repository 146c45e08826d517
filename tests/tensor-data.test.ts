// Data for tensors: nested arrays, typed arrays of any realm, holes and strings refused, shapes copied in and frozen out.
import vm from 'node:vm';
import test from 'ava';
import { load, Parameters, type Shape, scale, sum, type TensorData } from '../index.js';

const runtime = await load();

function valuesOf(data: TensorData, shape?: Shape): number[] {
  return [...runtime.tensor(data, shape).toArray()];
}

/** Evaluates in another realm: its arrays are no instances of this realm's classes. */
function foreign(code: string): never {
  return vm.runInNewContext(code) as never;
}

const accepted: Record<string, [data: TensorData, shape: number[], values: number[]]> = {
  'a number': [7, [], [7]],
  'negative zero': [-0, [], [-0]],
  'an array': [[1, 2, 3], [3], [1, 2, 3]],
  'an empty array': [[], [0], []],
  'a matrix': [
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
    [2, 3],
    [1, 2, 3, 4, 5, 6],
  ],
  'three dimensions': [
    [
      [[1], [2]],
      [[3], [4]],
    ],
    [2, 2, 1],
    [1, 2, 3, 4],
  ],
  'empty rows': [[[], [], []], [3, 0], []],
  'rows that are typed arrays': [
    [Float32Array.of(1, 2), Int8Array.of(3, 4)],
    [2, 2],
    [1, 2, 3, 4],
  ],
  'special values': [[Number.NaN, Infinity, -Infinity], [3], [Number.NaN, Infinity, -Infinity]],
  'numbers beyond float32': [[1e39, -1e39, 1e-50], [3], [Infinity, -Infinity, 0]],
  'a Float64Array': [Float64Array.of(1.5, 2.5), [2], [1.5, 2.5]],
  'a Uint8ClampedArray': [Uint8ClampedArray.of(1, 300), [2], [1, 255]],
  'a Uint32Array': [Uint32Array.of(2 ** 32 - 1), [1], [2 ** 32]],
  'shared memory': [new Float32Array(new SharedArrayBuffer(8)), [2], [0, 0]],
  'an array of another realm': [foreign('[1, 2]'), [2], [1, 2]],
  'a matrix of another realm': [foreign('[[1, 2], [3, 4]]'), [2, 2], [1, 2, 3, 4]],
  'a Float32Array of another realm': [foreign('new Float32Array([1, 2])'), [2], [1, 2]],
  'rows of another realm': [foreign('[new Float32Array([1, 2])]'), [1, 2], [1, 2]],
  'an array-like object': [{ length: 2, 0: 1, 1: 2 }, [2], [1, 2]],
};

for (const [name, [data, shape, values]] of Object.entries(accepted)) {
  test(`${name} is taken with its shape`, (t) => {
    const tensor = runtime.tensor(data);
    t.deepEqual([...tensor.shape], shape);
    t.deepEqual([...tensor.toArray()], values);
    t.deepEqual([...runtime.zeros(shape).set(data).toArray()], values);
  });
}

test('nested arrays must have the shape that is given, flat ones its size', (t) => {
  t.deepEqual(valuesOf([1, 2, 3, 4], [2, 2]), [1, 2, 3, 4]);
  t.deepEqual(
    valuesOf(
      [
        [1, 2],
        [3, 4],
      ],
      [2, 2],
    ),
    [1, 2, 3, 4],
  );
  t.deepEqual(valuesOf(5, [1, 1]), [5]);
  t.throws(
    () =>
      valuesOf(
        [
          [1, 2],
          [3, 4],
        ],
        [4],
      ),
    {
      instanceOf: RangeError,
      message: 'Runtime.tensor: data must have shape [4], got [2, 2]',
    },
  );
  t.throws(() => valuesOf([[1, 2, 3, 4]], [2, 2]), { instanceOf: RangeError });
  t.throws(() => valuesOf([1, 2, 3], [2, 2]), { message: 'Runtime.tensor: data must hold 4 numbers, got 3' });
  t.throws(() => valuesOf(5, [2]), { message: 'Runtime.tensor: data must hold 2 numbers, got 1' });
});

const { port1 } = new MessageChannel();
const detached = new Float32Array(4);
port1.postMessage(null, [detached.buffer]);
port1.close();

const refused: Record<string, [data: unknown, message: string]> = {
  undefined: [undefined, 'must be an array of numbers, got undefined'],
  null: [null, 'must be an array of numbers, got null'],
  'a string': ['12', 'must be an array of numbers, got "12"'],
  'a boolean': [true, 'must be an array of numbers, got true'],
  'a bigint': [1n, 'must be an array of numbers, got 1n'],
  'a symbol': [Symbol('s'), 'must be an array of numbers, got Symbol(s)'],
  'a function': [() => 1, 'must be an array of numbers, got a function'],
  'an object': [{}, 'must be an array of numbers, got an Object'],
  'a Map': [new Map(), 'must be an array of numbers, got a Map'],
  'a Set': [new Set([1]), 'must be an array of numbers, got a Set'],
  'an ArrayBuffer': [new ArrayBuffer(4), 'must be an array of numbers, got an ArrayBuffer'],
  'a DataView': [new DataView(new ArrayBuffer(4)), 'must be an array of numbers, got a DataView'],
  'an object of negative length': [{ length: -1 }, 'must be an array of numbers, got an Object'],
  'a tensor': [runtime.zeros([2]), 'must be an array of numbers, got a Tensor'],
  strings: [['a', 'b'], 'must hold numbers, got "a" at index 0'],
  'numeric strings': [[1, '2'], 'must hold numbers, got "2" at index 1'],
  'undefined elements': [[1, undefined], 'must hold numbers, got undefined at index 1'],
  'null elements': [[null], 'must hold numbers, got null at index 0'],
  booleans: [[1, true], 'must hold numbers, got true at index 1'],
  bigints: [[1n, 2n], 'must hold numbers, got 1n at index 0'],
  'a hole': [Object.assign(new Array(3), { 0: 1, 2: 3 }), 'must hold numbers, got a hole at index 1'],
  holes: [new Array(2), 'must hold numbers, got a hole at index 0'],
  'objects that convert to numbers': [[{ valueOf: () => 1 }], 'must hold numbers, got an Object at index 0'],
  'a BigInt64Array': [BigInt64Array.of(1n), 'must hold numbers, got a BigInt64Array of length 1'],
  'ragged rows': [[[1, 2], [3]], 'must hold arrays of equal lengths, got 1'],
  'a row that is a number': [[[1], 2], 'must hold arrays of equal depth, got 2'],
  'a row that is a string': [[[1], '2'], 'must hold arrays of equal depth, got "2"'],
  'a missing row': [[[1], undefined], 'must hold arrays of equal depth, got undefined'],
  'numbers before rows': [[1, [2]], 'must hold numbers, got [2] at index 1'],
  'deeper rows later': [[[1], [[2]]], 'must hold numbers, got [2] at index 0'],
  'strings in rows': [
    [
      [1, 2],
      [3, 'x'],
    ],
    'must hold numbers, got "x" at index 1',
  ],
  'a transferred buffer': [detached, 'must hold numbers, but its buffer has been transferred'],
  'a row whose buffer is transferred': [[[], detached], 'must hold numbers, but its buffer has been transferred'],
  'too many numbers': [{ length: 2 ** 40 }, 'must hold at most 2^30 numbers, got 1099511627776'],
  'rows of bigints': [[BigInt64Array.of(1n)], 'must hold numbers, got 1n at index 0'],
};

for (const [name, [data, message]] of Object.entries(refused)) {
  test(`${name}: refused before any work`, (t) => {
    const kept = runtime.tensor([1, 2]);
    const used = runtime.memory.used;
    for (const [op, call] of [
      ['Runtime.tensor', () => runtime.tensor(data as never)],
      ['Tensor.set', () => kept.set(data as never)],
    ] as const) {
      const error = t.throws(call, { message: `${op}: data ${message}` })!;
      t.true(error instanceof TypeError || error instanceof RangeError);
    }
    t.is(runtime.memory.used, used);
    t.deepEqual([...kept.toArray()], [1, 2]);
  });
}

test('an array that holds itself, and a very deep one, are refused', (t) => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  let deep: unknown = [1];
  for (let i = 0; i < 100_000; i++) deep = [deep];
  for (const data of [cyclic, deep]) {
    const error = t.throws(() => runtime.tensor(data as never), {
      message: /^Runtime\.tensor: data must have at most 32 /,
    })!;
    t.true(error.message.length <= 200);
  }
});

test('elements that are computed are read once', (t) => {
  let reads = 0;
  const computed = new Proxy([1, 2], {
    get: (target, key) => (key === '1' && ++reads > 1 ? 9n : Reflect.get(target, key)),
  });
  t.deepEqual([...runtime.tensor(computed).toArray()], [1, 2]);
  const kept = runtime.tensor([5, 6]);
  t.throws(() => kept.set(computed), { message: 'Tensor.set: data must hold numbers, got 9n at index 1' });
  t.deepEqual([...kept.toArray()], [5, 6]);
});

const shapes: Record<string, [shape: unknown, message: RegExp]> = {
  'a number': [3, /shape must be an array of dimensions, got 3/],
  null: [null, /shape must be an array of dimensions, got null/],
  'a typed array': [Int32Array.of(2), /shape must be an array of dimensions/],
  'a negative size': [[-1], /shape must hold non-negative integers, got \[-1\]/],
  'a fraction': [[1.5], /non-negative integers/],
  NaN: [[Number.NaN], /non-negative integers/],
  infinity: [[Infinity, 0], /non-negative integers/],
  'a string': [['2'], /non-negative integers/],
  'a hole': [new Array(1), /non-negative integers/],
  'a bigint': [[2n], /non-negative integers/],
  'too many dimensions': [new Array(33).fill(1), /shape must have at most 32 dimensions/],
  'too many elements': [[2 ** 31], /at most 2\^30 elements/],
  'a product that overflows 32 bits': [[2 ** 16, 2 ** 16], /at most 2\^30 elements/],
  'a product that overflows a float': [new Array(30).fill(2 ** 50), /at most 2\^30 elements/],
  'too many empty rows': [[2 ** 31, 0], /at most 2\^30 elements, empty dimensions aside/],
  'a product of 2^64': [[2 ** 32, 2 ** 32], /at most 2\^30 elements/],
};

for (const [name, [shape, message]] of Object.entries(shapes)) {
  test(`a shape with ${name} is refused`, (t) => {
    const used = runtime.memory.used;
    const parameters = new Parameters(runtime);
    for (const call of [
      () => runtime.zeros(shape as never),
      () => runtime.tensor([1], shape as never),
      () => parameters.create('w', shape as never),
      () => parameters.createBuffer('b', shape as never),
    ]) {
      t.throws(call, { message });
    }
    t.is(runtime.memory.used, used);
  });
}

test('shapes are copied in and frozen out', (t) => {
  const shape = [2, 3];
  const parameters = new Parameters(runtime);
  const made = [
    runtime.tensor([1, 2, 3, 4, 5, 6], shape),
    runtime.zeros(shape),
    parameters.create('w', shape),
    parameters.createBuffer('b', shape),
  ];
  shape[0] = 4;
  for (const tensor of made) {
    t.deepEqual([...tensor.shape], [2, 3]);
    t.throws(() => ((tensor.shape as number[])[0] = 6), { instanceOf: TypeError });
    t.throws(() => (tensor.shape as number[]).push(1), { instanceOf: TypeError });
    t.is(tensor.size, 6);
  }
  const entry = parameters.stateDict().get('w')!;
  t.throws(() => ((entry.shape as number[])[0] = 6), { instanceOf: TypeError });
  runtime.step(() => {
    const y = scale(made[0]!, 2);
    t.throws(() => ((y.shape as number[])[0] = 6), { instanceOf: TypeError });
    t.is(sum(y).item(), 42);
  });
});

test('values read out are copies', (t) => {
  const tensor = runtime.tensor([1, 2], [2], { requiresGrad: true });
  tensor.toArray().fill(9);
  tensor.grad!.fill(9);
  t.deepEqual(
    [[...tensor.toArray()], [...tensor.grad!]],
    [
      [1, 2],
      [0, 0],
    ],
  );
});

test('options of new tensors are checked', (t) => {
  t.throws(() => runtime.tensor([1], [1], { requireGrad: true } as never), {
    message: 'Runtime.tensor: unknown option "requireGrad"; options are requiresGrad',
  });
  t.throws(() => runtime.zeros([1], true as never), { message: /^Runtime\.zeros: options must be an object/ });
  t.throws(() => runtime.zeros([1], { requiresGrad: 1 as never }), { message: /^Runtime\.zeros: requiresGrad must/ });
});
