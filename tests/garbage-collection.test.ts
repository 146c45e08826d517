// Memory of forgotten tensors, parameters, optimizers and models comes back with the garbage collector.
import test from 'ava';
import {
  Adam,
  Linear,
  linear,
  load,
  mul,
  NTM,
  Parameters,
  Random,
  RMSprop,
  type Runtime,
  reshape,
  SGD,
  scale,
  sum,
  unbind,
} from '../index.js';
import { collectUntil } from './support/garbage.js';

const filled = (runtime: Runtime, size: number, value: number) =>
  runtime.tensor(new Float32Array(size).fill(value), [size]);

/** What a user may create and forget, each returning whatever must be kept meanwhile. */
const forgotten: Record<string, (runtime: Runtime) => unknown> = {
  'a tensor': (runtime) => runtime.zeros([1000]),
  'a trainable tensor': (runtime) => runtime.zeros([1000], { requiresGrad: true }),
  'a tensor with views': (runtime) => [reshape(runtime.zeros([1000]), [10, 100]), ...unbind(runtime.zeros([10, 100]))],
  'a detached tensor with a gradient': (runtime) => {
    const copy = runtime.zeros([1000], { requiresGrad: true }).detach();
    copy.requiresGrad = true;
    runtime.step(() => sum(copy).backward());
    return copy;
  },
  'a tensor that ops and panels have used': (runtime) => {
    const weight = runtime.zeros([20, 20], { requiresGrad: true });
    runtime.step(() => sum(linear(runtime.zeros([8, 20]), weight)).backward());
    return weight;
  },
  'a graph that a failing step left': (runtime) => {
    const weight = runtime.zeros([1000], { requiresGrad: true });
    try {
      runtime.step(() => {
        scale(weight, 2);
        throw new Error('mine');
      });
    } catch {
      // The step freed its memory.
    }
    return weight;
  },
  parameters: (runtime) => {
    const parameters = new Parameters(runtime);
    parameters.create('w', [1000]);
    parameters.createBuffer('b', [1000]);
    return parameters;
  },
  'parameters and an optimizer': (runtime) => {
    const parameters = new Parameters(runtime);
    parameters.create('a', [100]);
    runtime.zeros([10]);
    parameters.create('b', [1000]);
    return new Adam(parameters, { amsgrad: true });
  },
  'a layer of parameters': (runtime) => new Linear(new Parameters(runtime), 30, 40, new Random(runtime, 1)),
  'a trained model': (runtime) => {
    const random = new Random(runtime, 1);
    const model = new NTM(runtime, { inputSize: 3, outputSize: 2, controllerSize: 20, random });
    const optimizer = new RMSprop(model.parameters, { momentum: 0.9, centered: true });
    runtime.step(() => {
      sum(model.forward(random.uniform([3, 4, 3]))).backward();
      optimizer.step();
    });
    return [model, optimizer];
  },
  'parameters created in a step': (runtime) =>
    runtime.step(() => {
      runtime.zeros([500]);
      const parameters = new Parameters(runtime);
      parameters.create('w', [1000]);
      runtime.zeros([500]);
      return new SGD(parameters, { momentum: 0.9 });
    }),
};

for (const [name, create] of Object.entries(forgotten)) {
  test.serial(`${name}: memory comes back when it is forgotten`, async (t) => {
    const runtime = await load({ threads: 1 });
    const kept = filled(runtime, 10, 3);
    const before = runtime.memory.used;
    let peak = 0;
    for (let round = 0; round < 3; round++) {
      create(runtime);
      t.true(runtime.memory.used > before);
      t.true(
        await collectUntil(() => runtime.memory.used === before),
        `${runtime.memory.used - before} bytes are left`,
      );
      if (round === 1) peak = runtime.memory.peak;
    }
    t.true(runtime.memory.peak <= peak, 'and is used again');
    t.true(kept.toArray().every((value) => value === 3));
  });
}

test.serial('what is still referred to stays', async (t) => {
  const runtime = await load({ threads: 1 });
  const [view, gradient, slice, parameter] = (() => {
    const parameters = new Parameters(runtime);
    parameters.create('unused', [100]);
    const parameter = parameters.create('w', [2]).set([8, 9]);
    new Adam(parameters);
    const trained = runtime.tensor([1, 2], [2], { requiresGrad: true });
    runtime.step(() => sum(mul(trained, trained)).backward());
    const [, slice] = unbind(
      runtime.tensor([
        [1, 2],
        [3, 4],
      ]),
    );
    return [reshape(runtime.tensor([5, 6]), [2, 1]), trained.detach(), slice!, parameter];
  })();
  const used = runtime.memory.used;
  t.true(await collectUntil(() => runtime.memory.used < used), 'the moments come back');
  for (let i = 0; i < 50; i++) filled(runtime, 10, 1);
  await collectUntil(() => false);
  t.deepEqual(
    [view, gradient, slice, parameter].map((tensor) => [...tensor.toArray()]),
    [
      [5, 6],
      [1, 2],
      [3, 4],
      [8, 9],
    ],
  );
  runtime.step(() => sum(mul(parameter, parameter)).backward());
  t.deepEqual([...parameter.grad!], [16, 18]);
});
