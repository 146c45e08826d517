// Tensors as text: numbers as PyTorch prints them, then shape and requiresGrad.
import { inspect } from 'node:util';
import test from 'ava';
import { load, Parameters, scale } from '../index.js';

const runtime = await load();

/** What PyTorch prints, without the closing parenthesis, for data of a shape. */
const printed: Record<string, [data: readonly number[], shape: readonly number[], text: string]> = {
  'a scalar': [[Math.PI], [], 'tensor(3.1416'],
  'an integer scalar': [[-7], [], 'tensor(-7.'],
  integers: [[1, 2, 3], [3], 'tensor([1., 2., 3.]'],
  'integers of different widths': [[-1, 20, 300], [3], 'tensor([ -1.,  20., 300.]'],
  zeros: [[0, 0], [2], 'tensor([0., 0.]'],
  'negative zero': [[-0, 0], [2], 'tensor([-0., 0.]'],
  'negative zero among decimals': [[-0, 0.5], [2], 'tensor([-0.0000, 0.5000]'],
  decimals: [[0.5, -1.25, 10], [3], 'tensor([ 0.5000, -1.2500, 10.0000]'],
  'a third': [[1 / 3], [1], 'tensor([0.3333]'],
  'halves, which are rounded to even': [[1 / 32, 3 / 32], [2], 'tensor([0.0312, 0.0938]'],
  'small numbers': [[1e-5, 1], [2], 'tensor([1.0000e-05, 1.0000e+00]'],
  'magnitudes that differ by more than 1000': [[1, 10000], [2], 'tensor([1.0000e+00, 1.0000e+04]'],
  'magnitudes that differ by 1000': [[0.5, 500], [2], 'tensor([  0.5000, 500.0000]'],
  'large integers': [[2e8], [1], 'tensor([2.0000e+08]'],
  'an integer of nine digits': [[1e8], [1], 'tensor([100000000.]'],
  'halves in scientific notation': [[100005, 0.5], [2], 'tensor([1.0000e+05, 5.0000e-01]'],
  'NaN and infinities among integers': [[1, Number.NaN, Infinity, -Infinity], [4], 'tensor([1., nan, inf, -inf]'],
  'NaN and infinities among decimals': [
    [1.5, Number.NaN, Infinity, -Infinity],
    [4],
    'tensor([1.5000,    nan,    inf,   -inf]',
  ],
  'nothing but NaN': [[Number.NaN], [], 'tensor(nan'],
  'a matrix': [[1, 2, 3, 4, 5, 6], [2, 3], 'tensor([[1., 2., 3.],\n        [4., 5., 6.]]'],
  'a column': [[0.5, 1], [2, 1], 'tensor([[0.5000],\n        [1.0000]]'],
  'three dimensions': [
    [1, 2, 3, 4, 5, 6, 7, 8],
    [2, 2, 2],
    'tensor([[[1., 2.],\n         [3., 4.]],\n\n        [[5., 6.],\n         [7., 8.]]]',
  ],
  'a long row, in lines of 80 characters': [
    Array.from({ length: 30 }, (_, i) => i / 4),
    [30],
    `tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.2500, 1.5000, 1.7500, 2.0000,
        2.2500, 2.5000, 2.7500, 3.0000, 3.2500, 3.5000, 3.7500, 4.0000, 4.2500,
        4.5000, 4.7500, 5.0000, 5.2500, 5.5000, 5.7500, 6.0000, 6.2500, 6.5000,
        6.7500, 7.0000, 7.2500]`,
  ],
  'more than 1000 elements': [new Array(1001).fill(1), [1001], 'tensor([1., 1., 1.,  ..., 1., 1., 1.]'],
  'a large matrix': [
    Array.from({ length: 2000 }, (_, i) => i % 100),
    [20, 100],
    `tensor([[ 0.,  1.,  2.,  ..., 97., 98., 99.],
        [ 0.,  1.,  2.,  ..., 97., 98., 99.],
        [ 0.,  1.,  2.,  ..., 97., 98., 99.],
        ...,
        [ 0.,  1.,  2.,  ..., 97., 98., 99.],
        [ 0.,  1.,  2.,  ..., 97., 98., 99.],
        [ 0.,  1.,  2.,  ..., 97., 98., 99.]]`,
  ],
  'a large matrix of few columns': [
    new Array(1002).fill(0.5),
    [501, 2],
    `tensor([[0.5000, 0.5000],
        [0.5000, 0.5000],
        [0.5000, 0.5000],
        ...,
        [0.5000, 0.5000],
        [0.5000, 0.5000],
        [0.5000, 0.5000]]`,
  ],
};

for (const [name, [data, shape, text]] of Object.entries(printed)) {
  test(`${name}: printed as PyTorch does`, (t) => {
    const tensor = runtime.tensor(data, shape);
    t.is(`${tensor}`, `${text}, shape=[${shape.join(', ')}])`);
    t.is(inspect(tensor), `${tensor}`, 'console.log in Node');
  });
}

test('an empty tensor, requiresGrad, views and parameters', (t) => {
  t.is(`${runtime.zeros([0])}`, 'tensor([], shape=[0])');
  t.is(`${runtime.zeros([3, 0, 2])}`, 'tensor([], shape=[3, 0, 2])');
  const w = new Parameters(runtime).create('w', [1]).set([2]);
  t.is(`${w}`, 'tensor([2.], shape=[1], requiresGrad=true)');
  t.is(`${w.detach()}`, 'tensor([2.], shape=[1])');
  runtime.step(() => t.is(inspect({ y: scale(w, 2) }), '{ y: tensor([4.], shape=[1], requiresGrad=true) }'));
});

test('a dead tensor says why it has no values, and never throws', (t) => {
  const dead = runtime.step(() => runtime.zeros([2]));
  t.is(`${dead}`, 'tensor(its step has ended, shape=[2])');
  const disposed = runtime.zeros([2]);
  disposed.dispose();
  t.is(inspect([disposed]), '[ tensor(it has been disposed, shape=[2]) ]');
});

test('consoles without Node\u2019s inspect show the tag and the shape', (t) => {
  const tensor = runtime.zeros([2, 3]);
  t.is(Object.prototype.toString.call(tensor), '[object Tensor]');
  t.is(JSON.stringify([...tensor.shape]), '[2,3]');
});

test('a tensor of many elements is printed fast', (t) => {
  const tensor = runtime.zeros([1000, 1000]);
  const start = performance.now();
  t.true(`${tensor}`.length < 500);
  t.true(performance.now() - start < 1000);
});
