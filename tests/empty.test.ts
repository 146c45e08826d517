// Ops over nothing write what a sum of no terms is, and not what was in memory before.
import test from 'ava';
import {
  addBias,
  attention,
  expand,
  linear,
  load,
  logSoftmax,
  lstmCell,
  matmul,
  mean,
  softmax,
  sum,
  type Tensor,
  vectorQuantize,
} from '../index.js';

const runtime = await load();

/** The values of what `run` makes in memory that was full of nines. */
function inDirtyMemory(run: () => Tensor): number[] {
  runtime.noGrad(() => runtime.tensor(new Float32Array(4096).fill(9)));
  return [...runtime.noGrad(() => run().toArray())];
}

const zeros = (...shape: number[]) => runtime.zeros(shape);

test('linear of no inputs is the bias', (t) => {
  const bias = () => runtime.tensor([1, 2]);
  t.deepEqual(
    inDirtyMemory(() => linear(zeros(3, 0), zeros(2, 0), bias())),
    [1, 2, 1, 2, 1, 2],
  );
  t.deepEqual(
    inDirtyMemory(() => linear(zeros(0), zeros(2, 0), bias())),
    [1, 2],
  );
  t.deepEqual(
    inDirtyMemory(() => linear(zeros(2, 2, 0), zeros(1, 0))),
    [0, 0, 0, 0],
  );
  t.deepEqual(
    inDirtyMemory(() => linear(zeros(0, 3), zeros(2, 3), bias())),
    [],
  );
});

test('the bias of a linear layer without inputs gets its gradient', (t) => {
  runtime.step(() => {
    const bias = runtime.zeros([2], { requiresGrad: true });
    runtime.backward([linear(zeros(3, 0), zeros(2, 0), bias)], [[1, 2, 3, 4, 5, 6]]);
    t.deepEqual([...bias.grad!], [9, 12]);
  });
});

test('products over no terms are 0', (t) => {
  for (const [transposeA, transposeB] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    for (const [m, n] of [
      [1, 1],
      [1, 5],
      [3, 1],
      [3, 5],
    ] as const) {
      const a = transposeA ? [0, m] : [m, 0];
      const b = transposeB ? [n, 0] : [0, n];
      const y = inDirtyMemory(() => matmul(zeros(...a), zeros(...b), { transposeA, transposeB }));
      t.deepEqual(y, new Array(m * n).fill(0));
    }
  }
  t.deepEqual(
    inDirtyMemory(() => matmul(zeros(2, 2, 0), zeros(0, 1))),
    [0, 0, 0, 0],
  );
  t.deepEqual(
    inDirtyMemory(() => matmul(zeros(0, 3), zeros(3, 4))),
    [],
  );
});

test('reads, sums and cells of nothing', (t) => {
  for (const similarity of ['dot', 'l2', 'cosine'] as const) {
    t.deepEqual(
      inDirtyMemory(() => attention(zeros(2, 3), zeros(0, 3), zeros(0, 2), { similarity })),
      [0, 0, 0, 0],
    );
    t.deepEqual(
      inDirtyMemory(() => attention(zeros(1, 0), zeros(2, 0), runtime.tensor([1, 3], [2, 1]), { similarity })),
      [2],
    );
  }
  t.deepEqual(
    inDirtyMemory(() => softmax(zeros(3, 0))),
    [],
  );
  t.deepEqual(
    inDirtyMemory(() => logSoftmax(zeros(3, 0))),
    [],
  );
  t.deepEqual(
    inDirtyMemory(() => sum(zeros(2, 0), 1)),
    [0, 0],
  );
  t.deepEqual(
    inDirtyMemory(() => sum(zeros(0, 2), 0)),
    [0, 0],
  );
  t.deepEqual(
    inDirtyMemory(() => mean(zeros(0))),
    [NaN],
  );
  t.deepEqual(
    inDirtyMemory(() => addBias(zeros(3, 0), zeros(0))),
    [],
  );
  t.deepEqual(
    inDirtyMemory(() => expand(zeros(1, 2), 0)),
    [],
  );
  t.deepEqual(
    inDirtyMemory(() => vectorQuantize(zeros(0, 2), zeros(1, 2)).quantized),
    [],
  );
  const cell = () =>
    lstmCell(
      zeros(2, 0),
      zeros(2, 1),
      zeros(2, 1),
      zeros(4, 0),
      zeros(4, 1),
      runtime.tensor([0, 0, 1, 0]),
      zeros(4),
    )[1];
  for (const value of inDirtyMemory(cell)) t.true(Math.abs(value - 0.5 * Math.tanh(1)) < 1e-7);
});
