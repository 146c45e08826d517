// detectAnomaly finds the first value or gradient that is not finite, and a backward pass that fails leaves no gradient.
import test from 'ava';
import {
  add,
  div,
  exp,
  linear,
  load,
  log,
  lstmCell,
  mul,
  Parameters,
  reshape,
  scale,
  softmax,
  sum,
  type Tensor,
} from '../index.js';

const runtime = await load();
const detect = { detectAnomaly: true };

function leaf(...values: number[]): Tensor {
  return runtime.tensor(values, [values.length], { requiresGrad: true });
}

/** The message of the RangeError that a step throws. */
function anomaly(fn: () => void): string {
  try {
    runtime.step(fn, detect);
  } catch (error) {
    return error instanceof RangeError ? error.message : `${error}`;
  }
  return 'none';
}

/** sqrt(x) by the ops that there are: its gradient at 0 is infinite. */
function root(x: Tensor): Tensor {
  return exp(scale(log(x), 0.5));
}

test('a loss that is not finite names the op that produced it', (t) => {
  const x = leaf(1e30, 1);
  t.is(
    anomaly(() => sum(scale(mul(x, x), 0.5)).backward()),
    'backward: the loss must be finite, but mul was the first op to produce a NaN or an infinity, got Infinity',
  );
  t.is(
    anomaly(() => sum(scale(leaf(Number.NaN), 1)).backward()),
    'backward: the loss must be finite, but input 0 of scale was not finite to begin with, got NaN',
  );
  t.is(
    anomaly(() => {
      const hidden = log(scale(x, -1));
      sum(softmax(hidden)).backward();
    }),
    'backward: the loss must be finite, but log was the first op to produce a NaN or an infinity, got NaN',
  );
});

test('a gradient that is not finite is found where the loss is finite', (t) => {
  const x = leaf(0, 4);
  t.is(
    anomaly(() => sum(root(x)).backward()),
    'backward: the gradient of input 0 of log is the first that is NaN or infinite',
  );
  const [a, b] = [leaf(1), leaf(1e-30)];
  t.regex(
    anomaly(() => sum(div(a, b)).backward()),
    /^backward: the gradient of input 1 of div is the first that is NaN or infinite$/,
  );
  t.is(
    anomaly(() => runtime.backward([scale(scale(leaf(0, 0.1), 3e38), 1)], [[2, 2]])),
    'backward: the gradient of input 0 of scale is the first that is NaN or infinite',
  );
  t.is(
    anomaly(() => sum(scale(leaf(0, 0.1), 3e38)).backward()),
    'none',
  );
});

test('gradients of weights that are shared over time steps are checked too', (t) => {
  const weight = runtime.tensor([1, 0, 0, 1], [2, 2], { requiresGrad: true });
  const x = runtime.tensor([1, 0, 0, 1], [2, 2]);
  const twice = (gradient: number) =>
    anomaly(() => {
      const upstream = [
        [gradient, 0],
        [0, 1],
      ];
      runtime.backward([linear(x, weight), linear(x, weight)], [upstream, upstream]);
    });
  t.is(twice(1e38), 'none');
  weight.zeroGrad();
  t.is(twice(2e38), 'backward: the gradient of input 1 of linear is the first that is NaN or infinite');
  t.true(weight.grad!.every((value) => value === 0));
});

test('without detectAnomaly nothing is checked', (t) => {
  const x = leaf(0, 4);
  runtime.step(() => sum(root(x)).backward());
  t.false(x.grad!.every(Number.isFinite));
});

/** Runs a backward pass that fails, and returns the error. */
function failing(fn: () => void): unknown {
  try {
    runtime.step(fn, detect);
  } catch (error) {
    return error;
  }
  return undefined;
}

test('a backward pass that fails leaves no gradient behind', (t) => {
  const parameters = new Parameters(runtime);
  const [w, b] = [parameters.create('w', [2]).set([0, 4]), parameters.create('b', [2]).set([1, 1])];
  const shared = runtime.tensor(new Float32Array(8).fill(1), [2, 4], { requiresGrad: true });
  parameters.flat();
  const wrong = () => {
    const rows = linear(runtime.tensor(new Float32Array(20).fill(1), [5, 4]), shared);
    sum(
      add(add(root(w), b), reshape(linear(reshape(sum(rows, 0), [1, 2]), runtime.tensor([1, 0, 0, 1], [2, 2])), [2])),
    ).backward();
  };
  for (let i = 0; i < 3; i++) t.true(failing(wrong) instanceof RangeError);
  t.deepEqual(
    [w, b, shared].map(({ grad }) => [...(grad ?? [])].every((value) => value === 0)),
    [true, true, true],
  );
  runtime.step(() => sum(add(w, b)).backward());
  t.deepEqual(
    [[...w.grad!], [...b.grad!]],
    [
      [1, 1],
      [1, 1],
    ],
  );
});

test('a pass that is refused changes no gradient', (t) => {
  const w = leaf(1, 2);
  runtime.step(() => {
    const y = mul(w, w);
    runtime.backward([y], [[1, 1]], { retainGraph: true });
    const before = [...w.grad!];
    for (const wrong of [
      () => runtime.backward([y], [[1]]),
      () => runtime.backward([y], [[1, 'a'] as never]),
      () => runtime.backward([y, y], [[1, 1]]),
      () => runtime.backward([y]),
      () => runtime.backward([y, 3 as never], [[1, 1], [1]]),
      () => runtime.backward([y], [[1, 1]], { retain: true } as never),
      () =>
        runtime.backward(
          [y, scale(w.detach(), 1)],
          [
            [1, 1],
            [1, 1],
          ],
        ),
      () => runtime.backward(y as never),
      () => y.backward(),
    ]) {
      t.throws(wrong, { message: /^(backward|Tensor\.backward): / });
    }
    t.deepEqual([...w.grad!], before);
    runtime.backward([y], [[1, 1]]);
  });
  t.deepEqual([...w.grad!], [4, 8]);
});

test('running out of memory in the backward pass leaves no gradient behind', async (t) => {
  const small = await load({ threads: 1, maxMemory: 2 ** 23 });
  const w = small.tensor(new Float32Array(1000).fill(1), [1000], { requiresGrad: true });
  const used = small.memory.used;
  const hungry = (room: number) =>
    small.step(() => {
      const y = [0, 1, 2, 3].reduce((x) => scale(x, 1), w as Tensor);
      small.zeros([room]);
      sum(y).backward();
    });
  let failures = 0;
  for (let room = 2 ** 21; room > 2 ** 20; room -= 500) {
    try {
      hungry(room);
      break;
    } catch (error) {
      t.regex((error as Error).message, /^out of memory: /);
      failures++;
      t.true(w.grad!.every((value) => value === 0));
    }
  }
  t.true(failures > 5);
  t.true(w.grad!.every((value) => value === 1));
  t.is(small.memory.used, used);
});

test('lstmCell and an anomaly: an infinite cell is named', (t) => {
  const [x, h] = [runtime.zeros([1, 1]), runtime.zeros([1, 1])];
  const c = runtime.tensor([Infinity], [1, 1]);
  const [weight, bias] = [
    runtime.tensor([1, 1, 1, 1], [4, 1], { requiresGrad: true }),
    runtime.tensor([1, 1, 1, 1], [4]),
  ];
  t.regex(
    anomaly(() => sum(lstmCell(x, h, c, weight, weight, bias, bias)[1]).backward()),
    /input 2 of lstmCell was not finite to begin with/,
  );
});
