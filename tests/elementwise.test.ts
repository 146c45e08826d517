// Elementwise ops, sum and mean beyond their cases: repeated arguments, limits, refused arguments.
import test from 'ava';
import { add, div, exp, load, mean, mul, relu, scale, sub, sum } from '../index.js';

const runtime = await load();
const numbers = Float32Array.from({ length: 21 }, (_, i) => (i - 10) / 4 + 0.125);

test('an argument passed twice gets both gradients', (t) => {
  const gradient = (op: typeof mul): number[] =>
    runtime.step(() => {
      const x = runtime.tensor(numbers, [21], { requiresGrad: true });
      sum(op(x, x)).backward();
      return [...x.grad!];
    });
  t.deepEqual(gradient(mul), [...numbers.map((x) => 2 * x)]);
  t.deepEqual(gradient(add), new Array(21).fill(2));
  t.deepEqual(gradient(sub), new Array(21).fill(0));
  t.deepEqual(gradient(div), new Array(21).fill(0));
});

test('only the argument with requiresGrad gets a gradient', (t) => {
  for (const op of [add, sub, mul, div]) {
    runtime.step(() => {
      const a = runtime.tensor(numbers, [21], { requiresGrad: true });
      const b = runtime.tensor(numbers);
      sum(op(a, b)).backward();
      t.truthy(a.grad);
      t.is(b.grad, null);
      const second = runtime.tensor(numbers, [21], { requiresGrad: true });
      sum(op(b, second)).backward();
      t.truthy(second.grad);
    });
  }
});

test('relu has gradient 0 at 0 and propagates NaN', (t) => {
  runtime.step(() => {
    const x = runtime.tensor([-1, 0, 2, Number.NaN], [4], { requiresGrad: true });
    const y = relu(x);
    t.deepEqual([...y.toArray()], [0, 0, 2, Number.NaN]);
    sum(y).backward();
    t.deepEqual([...x.grad!].slice(0, 3), [0, 0, 1]);
  });
});

test('a sum over many numbers is rounded once', (t) => {
  const n = 1_000_003;
  const tenth = Math.fround(0.1);
  runtime.noGrad(() => {
    const x = runtime.tensor(new Float32Array(n).fill(tenth), [n, 1]);
    const expected = Math.fround(n * tenth);
    t.true(Math.abs(sum(x).item() - expected) <= expected * 2 ** -23);
    t.true(Math.abs(sum(x, 0).item() - expected) <= expected * 2 ** -23);
    t.is(mean(x).item(), tenth);
  });
});

test('sums of empty tensors', (t) => {
  runtime.noGrad(() => {
    t.is(sum(runtime.zeros([0])).item(), 0);
    t.is(mean(runtime.zeros([0])).item(), Number.NaN);
    t.deepEqual([...sum(runtime.zeros([0, 3]), 0).toArray()], [0, 0, 0]);
    t.is(sum(runtime.zeros([3, 0]), 0).size, 0);
    t.is(exp(runtime.zeros([0])).size, 0);
  });
});

test('bad arguments are refused by name', (t) => {
  const fails = (run: () => unknown, message: string, error: ErrorConstructor = RangeError) =>
    t.throws(() => runtime.noGrad(run), { instanceOf: error, message });
  const x = () => runtime.zeros([2, 3]);
  fails(() => add(x(), runtime.zeros([3])), 'add: b must have the shape of a [2, 3], got [3]');
  fails(() => exp(3 as never), 'exp: x must be a Tensor, got 3', TypeError);
  fails(() => mul(x(), 2 as never), 'mul: b must be a Tensor, got 2', TypeError);
  fails(() => sub(undefined as never, x()), 'sub: a must be a Tensor, got undefined', TypeError);
  fails(() => scale(x(), Number.NaN), 'scale: factor must be a finite number, got NaN');
  fails(() => scale(x(), 1e39), 'scale: factor must be within the range of float32, got 1e+39');
  fails(() => sum(x(), 2), 'sum: dim must name one of 2 dimensions, got 2');
  fails(() => mean(x(), 0.5), 'mean: dim must name one of 2 dimensions, got 0.5');
});
