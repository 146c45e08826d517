// Losses where naive formulas fail, and arguments they refuse.
import test from 'ava';
import { binaryCrossEntropyWithLogits, crossEntropy, load, logSoftmax, mseLoss, softmax } from '../index.js';

const runtime = await load();

test('binary cross-entropy keeps the small loss of a confident logit, and does not overflow', (t) => {
  const logits = [20, -20, -100, 100, 3e38, 0];
  const targets = [1, 0, 1, 0, 0, 0.5];
  const expected = [Math.log1p(Math.exp(-20)), Math.log1p(Math.exp(-20)), 100, 100, 3e38, Math.LN2];
  for (const [i, logit] of logits.entries()) {
    const loss = runtime.noGrad(() => {
      const target = runtime.tensor([targets[i]!]);
      return binaryCrossEntropyWithLogits(runtime.tensor([logit]), target).item();
    });
    t.true(Math.abs(loss - expected[i]!) <= 2e-7 * expected[i]!, `${logit}: ${loss}`);
  }
});

test('binary cross-entropy of infinite logits is 0 for the target that fits, and infinite for any other', (t) => {
  // PyTorch says NaN of an infinite logit and the target that fits it.
  for (const [logit, target, expected] of [
    [Infinity, 1, 0],
    [-Infinity, 0, 0],
    [Infinity, 0, Infinity],
    [-Infinity, 1, Infinity],
    [Infinity, 0.5, Infinity],
    [NaN, 0, NaN],
    [NaN, 1, NaN],
    [Infinity, NaN, NaN],
    [1, NaN, NaN],
  ] as const) {
    for (const length of [1, 3, 4, 18]) {
      runtime.step(() => {
        const x = runtime.tensor(new Array(length).fill(logit), [length], { requiresGrad: true });
        const loss = binaryCrossEntropyWithLogits(x, runtime.tensor(new Array(length).fill(target)));
        t.is(loss.item(), expected, `${logit}, ${target}`);
        loss.backward();
        const slope = (Number.isNaN(logit) ? NaN : logit > 0 ? 1 : 0) - target;
        if (logit !== 1) t.true(x.grad!.every((value) => Object.is(value, Math.fround(slope / length))));
      });
    }
  }
});

test('losses and softmax of NaN and infinite logits are NaN, as in PyTorch', (t) => {
  runtime.step(() => {
    const x = runtime.tensor([0, NaN, 1, 0, Infinity, 1, -Infinity, -Infinity, -Infinity], [3, 3]);
    for (const y of [softmax(x), logSoftmax(x)]) t.true(y.toArray().every(Number.isNaN));
    for (const target of [0, 1, 2]) t.is(crossEntropy(x, Int32Array.of(target, target, target)).item(), NaN);
    t.is(mseLoss(x, runtime.zeros([3, 3])).item(), NaN);
  });
});

test('softmax, its logarithm and cross-entropy take classes of probability 0 and logits of any size', (t) => {
  const rows = [-Infinity, 0, 0, -Infinity, -Infinity, 1e30, 1000, 1000, -Infinity];
  runtime.step(() => {
    const x = runtime.tensor(rows, [3, 3], { requiresGrad: true });
    t.deepEqual([...softmax(x).toArray()], [0, 0.5, 0.5, 0, 0, 1, 0.5, 0.5, 0]);
    const half = Math.fround(Math.log(0.5));
    t.deepEqual([...logSoftmax(x).toArray()], [-Infinity, half, half, -Infinity, -Infinity, 0, half, half, -Infinity]);
    const loss = crossEntropy(x, Int32Array.of(1, 2, 0));
    t.is(loss.item(), Math.fround((2 * Math.LN2) / 3));
    loss.backward();
    const sixth = Math.fround(1 / 6);
    t.deepEqual([...x.grad!].map(Math.fround), [0, -sixth, sixth, 0, 0, 0, -sixth, sixth, 0]);
  });
});

test('a long row of logits loses no digits', (t) => {
  const n = 100_000;
  const loss = runtime.noGrad(() => crossEntropy(runtime.zeros([1, n]), Int32Array.of(7)).item());
  t.is(loss, Math.fround(Math.log(n)));
});

test('losses refuse what does not fit', (t) => {
  const fails = (run: () => unknown, message: string, error: ErrorConstructor = RangeError) =>
    t.throws(() => runtime.noGrad(run), { instanceOf: error, message });
  const x = () => runtime.zeros([2, 3]);
  fails(() => mseLoss(x(), runtime.zeros([3, 2])), 'mseLoss: target must have the shape of x [2, 3], got [3, 2]');
  fails(() => crossEntropy(x(), Int32Array.of(0)), 'crossEntropy: targets must hold 2 classes, got 1');
  fails(() => crossEntropy(x(), Int32Array.of(0, 3)), 'crossEntropy: targets must lie in [0, 2], got 3');
  fails(() => crossEntropy(x(), Int32Array.of(-1, 0)), 'crossEntropy: targets must lie in [0, 2], got -1');
  fails(
    () => crossEntropy(x(), [0, 1] as unknown as Int32Array),
    'crossEntropy: targets must be an Int32Array, got [0, 1]',
    TypeError,
  );
  fails(
    () => crossEntropy(runtime.zeros([3]), Int32Array.of(0)),
    'crossEntropy: logits must have shape [*, *], got [3]',
  );
});
