// dispose() and Symbol.dispose free memory at once; a use afterwards is an error.
import test from 'ava';
import { Adam, AdamW, add, exp, load, Parameters, reshape, SGD, scale, sum, unbind } from '../index.js';

test('dispose frees a tensor, its gradient and its views at once', async (t) => {
  const runtime = await load({ threads: 1 });
  const before = runtime.memory.used;
  const tensor = runtime.zeros([1000], { requiresGrad: true });
  const [view, copy] = [reshape(tensor, [10, 100]), tensor.detach()];
  tensor.dispose();
  t.is(runtime.memory.used, before);
  for (const dead of [tensor, view, copy, ...[view].flatMap((each) => [each])]) {
    const error = { instanceOf: ReferenceError, message: /cannot be used any more, since it has been disposed$/ };
    t.throws(() => dead.toArray(), error);
    t.throws(() => dead.set([1]), error);
    t.throws(() => dead.grad, error);
    t.throws(() => dead.detach(), error);
    t.throws(() => dead.zeroGrad(), error);
    t.throws(() => reshape(dead, [1000]), error);
    t.throws(() => runtime.step(() => exp(dead)), error);
    t.notThrows(() => dead.dispose(), 'twice does nothing');
  }
  t.is(runtime.memory.used, before);
});

test('dispose through a view frees the whole tensor', async (t) => {
  const runtime = await load({ threads: 1 });
  const before = runtime.memory.used;
  const tensor = runtime.zeros([4, 100]);
  unbind(tensor)[2]!.dispose();
  t.is(runtime.memory.used, before);
  t.throws(() => tensor.toArray(), { instanceOf: ReferenceError });
});

test('Symbol.dispose is dispose, of tensors, parameters, optimizers and runtimes', async (t) => {
  const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  const runtime = await load({ threads: 2 });
  const before = runtime.memory.used;
  const parameters = new Parameters(runtime);
  parameters.create('w', [100]);
  const optimizer = new Adam(parameters);
  const tensor = runtime.zeros([100]);
  tensor[dispose]();
  optimizer[dispose]();
  parameters[dispose]();
  t.is(runtime.memory.used, before);
  runtime[dispose]();
  t.is(runtime.info.threads, 1);
});

test('dispose of parameters and optimizers, in any order', async (t) => {
  const runtime = await load({ threads: 1 });
  const before = runtime.memory.used;
  for (const order of ['parameters first', 'optimizer first']) {
    const parameters = new Parameters(runtime);
    const w = parameters.create('w', [1000]);
    runtime.zeros([16]).dispose();
    const buffer = parameters.createBuffer('b', [10]);
    const optimizer = new AdamW(parameters);
    t.throws(() => w.dispose(), { instanceOf: RangeError, message: /must not be a parameter: dispose its model/ });
    const [first, second] = order === 'parameters first' ? [parameters, optimizer] : [optimizer, parameters];
    first.dispose();
    first.dispose();
    for (const call of [() => optimizer.step(), () => optimizer.stateDict()]) {
      t.throws(call, {
        instanceOf: ReferenceError,
        message: /cannot be used any more, since (it has|they have) been disposed$/,
      });
    }
    second.dispose();
    t.is(runtime.memory.used, before, order);
    for (const dead of [w, buffer]) t.throws(() => dead.toArray(), { instanceOf: ReferenceError });
    for (const call of [() => parameters.create('x', [1]), () => parameters.stateDict(), () => new SGD(parameters)])
      t.throws(call, { instanceOf: ReferenceError });
  }
});

test('dispose inside a step: the step ends as it would, and nothing is overwritten', async (t) => {
  const runtime = await load({ threads: 1 });
  const w = runtime.tensor([1, 2], [2], { requiresGrad: true });
  const before = runtime.memory.used;
  runtime.step(() => {
    const data = runtime.tensor([5, 6]);
    const y = scale(w, 3);
    const z = sum(add(y, data));
    data.dispose();
    y.dispose();
    t.throws(() => exp(y), { instanceOf: ReferenceError });
    z.backward();
  });
  t.deepEqual([...w.grad!], [3, 3], 'the graph does not need what was disposed');
  t.is(runtime.memory.used, before);
});
