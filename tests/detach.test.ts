// Tensor.detach: the values of a tensor without its history.
import test from 'ava';
import { load, mul, scale, sum } from '../index.js';

const runtime = await load();

test('a detached tensor has the values of the original', (t) => {
  runtime.step(() => {
    const y = scale(runtime.tensor([1, 2, 3, 4], [2, 2], { requiresGrad: true }), 2);
    t.deepEqual([...y.detach().toArray()], [2, 4, 6, 8]);
    t.deepEqual([...y.detach().shape], [2, 2]);
    t.false(y.detach().requiresGrad);
  });
});

test('backward stops at a detached tensor', (t) => {
  const x = runtime.tensor([2, 3], [2], { requiresGrad: true });
  runtime.step(() => {
    const y = mul(x, x);
    sum(mul(y.detach(), x)).backward();
    t.deepEqual([...x.grad!], [4, 9], 'the gradient of y·x with y = x² held constant');
  });
});

test('a loss that depends on detached tensors alone has no gradient', (t) => {
  const x = runtime.tensor([2, 3], [2], { requiresGrad: true });
  runtime.step(() => {
    const loss = sum(x.detach());
    t.false(loss.requiresGrad);
    t.throws(() => loss.backward(), { message: /^backward: / });
  });
});

test('a tensor whose step has ended cannot be detached', (t) => {
  const dead = runtime.step(() => scale(runtime.tensor([1]), 2));
  t.throws(() => dead.detach(), { instanceOf: ReferenceError, message: /^Tensor\.detach: / });
});
