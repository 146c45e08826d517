// Layers with running statistics: batch norm in training and in evaluation.
import test from 'ava';
import { BatchNorm1d, batchNorm, load, Parameters, Random } from '../index.js';

const runtime = await load();

/** A checkpoint as PyTorch writes it: the counter is an int64. */
const checkpoint = new Map<string, { shape: number[]; data: number[] | BigInt64Array }>([
  ['bn.weight', { shape: [2], data: [1, 2] }],
  ['bn.bias', { shape: [2], data: [0.5, 0] }],
  ['bn.running_mean', { shape: [2], data: [3, -1] }],
  ['bn.running_var', { shape: [2], data: [4, 0.25] }],
  ['bn.num_batches_tracked', { shape: [], data: BigInt64Array.of(7n) }],
]);

function loaded(): { parameters: Parameters; layer: BatchNorm1d } {
  const parameters = new Parameters(runtime);
  const layer = new BatchNorm1d(parameters.scope('bn'), 2);
  parameters.loadStateDict(checkpoint as never);
  return { parameters, layer };
}

function near(
  t: { true(value: boolean, message: string): unknown },
  found: ArrayLike<number>,
  expected: number[],
): void {
  const close = expected.every((value, i) => Math.abs(found[i]! - value) < 1e-5);
  t.true(close && found.length === expected.length, `[${Array.from(found)}] is not [${expected}]`);
}

test("batch norm has PyTorch's keys and initial values", (t) => {
  const parameters = new Parameters(runtime);
  new BatchNorm1d(parameters, 3);
  const state = [...parameters.stateDict()].map(([key, { shape, data }]) => [key, shape, [...data]]);
  t.deepEqual(state, [
    ['weight', [3], [1, 1, 1]],
    ['bias', [3], [0, 0, 0]],
    ['running_mean', [3], [0, 0, 0]],
    ['running_var', [3], [1, 1, 1]],
    ['num_batches_tracked', [], [0]],
  ]);
  t.deepEqual(
    [...parameters.entries()].map(([key]) => key),
    ['weight', 'bias'],
  );
});

test('in evaluation, batch norm uses the running statistics and keeps them', (t) => {
  const { parameters, layer } = loaded();
  runtime.step(() => {
    const y = layer.forward(runtime.tensor([5, -1, 3, 0], [2, 2]), { training: false });
    near(t, y.toArray(), [1.5, 0, 0.5, 4 / Math.sqrt(1 + 4e-5)]);
  });
  t.is(parameters.get('bn.num_batches_tracked').item(), 7);
  near(t, parameters.get('bn.running_mean').toArray(), [3, -1]);
});

test('in training, batch norm uses the batch statistics and updates the running ones', (t) => {
  const { parameters, layer } = loaded();
  runtime.step(() => {
    const y = layer.forward(runtime.tensor([1, 10, 3, 30], [2, 2]), { training: true });
    near(t, y.toArray(), [-0.5 + 5e-6, -2, 1.5 - 5e-6, 2]);
  });
  // Means 2 and 20; unbiased variances 2 and 200.
  near(t, parameters.get('bn.running_mean').toArray(), [0.9 * 3 + 0.2, -0.9 + 2]);
  near(t, parameters.get('bn.running_var').toArray(), [0.9 * 4 + 0.2, 0.9 * 0.25 + 20]);
  t.is(parameters.get('bn.num_batches_tracked').item(), 8);
});

test('statistics are exact where the mean is large beside the standard deviation', (t) => {
  runtime.step(() => {
    const rows = 4096;
    const x = runtime.tensor(
      Float32Array.from({ length: rows }, (_, i) => 4096 + (i % 2)),
      [rows, 1],
    );
    const [mean, variance, one] = [[0], [0], [1]].map((data) => runtime.tensor(data)) as [never, never, never];
    const zero = runtime.zeros([1]);
    const y = batchNorm(x, one, zero, mean, variance, { training: true, momentum: 1, eps: 0 }).toArray();
    t.true(y.every((value, i) => value === (i % 2 === 0 ? -1 : 1)));
  });
});

test('invalid arguments of batch norm throw one sentence', (t) => {
  const { layer } = loaded();
  const refused = (shape: number[], training: boolean, message: string) =>
    t.throws(() => runtime.step(() => layer.forward(new Random(runtime, 1).normal(shape), { training })), {
      instanceOf: RangeError,
      message,
    });
  refused([1, 2], true, 'BatchNorm1d.forward: x must have at least 2 rows in training, got shape [1, 2]');
  refused([4, 3], true, 'BatchNorm1d.forward: x must have 2 columns (features), got shape [4, 3]');
  refused([4], false, 'BatchNorm1d.forward: x must have shape [B, features], got shape [4]');
  t.throws(() => new BatchNorm1d(new Parameters(runtime), 0), {
    message: 'BatchNorm1d: features must be an integer ≥ 1, got 0',
  });
  runtime.step(() => {
    const [x, c] = [runtime.zeros([2, 1]), runtime.zeros([1])];
    const call = (options: object) => () => batchNorm(x, c, c, c, c, { training: true, ...options });
    t.throws(call({ momentum: 1.5 }), {
      message: /^batchNorm: momentum must be a finite number in \[0, 1\], got 1.5$/,
    });
    t.throws(call({ eps: -1 }), { message: /^batchNorm: eps must/ });
    t.throws(call({ epsilon: 1 }), {
      instanceOf: TypeError,
      message: 'batchNorm: unknown option "epsilon"; options are training, momentum, eps',
    });
    t.throws(call({ training: undefined }), {
      instanceOf: TypeError,
      message: 'batchNorm: training must be true or false, got undefined',
    });
    t.throws(() => batchNorm(x, c, c, c, c, true as never), {
      instanceOf: TypeError,
      message: 'batchNorm: options must be an object, got true',
    });
  });
});
