// Frozen parameters: optimizers, weight decay, momentum, gradient norms and clipping skip them.
import test from 'ava';
import {
  Adam,
  AdamW,
  add,
  clipGradNorm,
  clipGradValue,
  load,
  mul,
  type Optimizer,
  Parameters,
  RMSprop,
  SGD,
  scale,
  sum,
} from '../index.js';

const runtime = await load();

const optimizers: Record<string, (parameters: Parameters) => Optimizer> = {
  SGD: (parameters) => new SGD(parameters, { lr: 0.1, momentum: 0.9, weightDecay: 0.1, nesterov: true }),
  Adam: (parameters) => new Adam(parameters, { lr: 0.1, weightDecay: 0.1, amsgrad: true }),
  AdamW: (parameters) => new AdamW(parameters, { lr: 0.1 }),
  RMSprop: (parameters) => new RMSprop(parameters, { lr: 0.1, momentum: 0.9, centered: true, weightDecay: 0.1 }),
};

/** Parameters of sizes around the padding of the flat buffers, all ones. */
function sized(): Parameters {
  const parameters = new Parameters(runtime);
  for (const [name, size] of Object.entries({ a: 1, b: 16, c: 17, d: 0, e: 40, f: 3 })) {
    parameters.create(name, [size]).set(new Float32Array(size).fill(1));
  }
  return parameters;
}

function update(parameters: Parameters, optimizer: Optimizer): void {
  runtime.step(() => {
    const losses = [...parameters.entries()].map(([, w]) => sum(mul(w, w)));
    losses.reduce((total, loss) => add(total, loss)).backward();
    optimizer.step();
    optimizer.zeroGrad();
  });
}

const valuesOf = (parameters: Parameters, names: string) =>
  [...names].map((name) => [...parameters.get(name).toArray()]);

for (const [name, make] of Object.entries(optimizers)) {
  for (const frozen of ['a', 'f', 'be', 'ace', 'bd', 'abcdef', 'abcde']) {
    test(`${name} leaves the frozen parameters ${[...frozen]} alone and trains the others as before`, (t) => {
      const [parameters, twin] = [sized(), sized()];
      const [optimizer, reference] = [make(parameters), make(twin)];
      update(parameters, optimizer);
      update(twin, reference);
      const rest = [...'abcdef'].filter((each) => !frozen.includes(each)).join('');
      const before = valuesOf(parameters, frozen);
      for (const each of frozen) parameters.get(each).requiresGrad = false;
      if (rest !== '') {
        for (let i = 0; i < 3; i++) {
          update(parameters, optimizer);
          update(twin, reference);
        }
      }
      t.deepEqual(valuesOf(parameters, frozen), before);
      t.deepEqual(valuesOf(parameters, rest), valuesOf(twin, rest));
      for (const each of frozen) parameters.get(each).requiresGrad = true;
      update(parameters, optimizer);
      t.notDeepEqual(valuesOf(parameters, frozen.replace('d', '')), before);
    });
  }
}

test('frozen before the optimizer is made, and moments of frozen parameters stay', (t) => {
  const parameters = sized();
  parameters.get('b').requiresGrad = false;
  const optimizer = new Adam(parameters, { lr: 0.1 });
  update(parameters, optimizer);
  const state = optimizer.stateDict();
  t.true(state.get('b.exp_avg')!.data.every((value) => value === 0));
  t.true(state.get('c.exp_avg')!.data.every((value) => value !== 0));
  t.true(
    parameters
      .get('b')
      .toArray()
      .every((value) => value === 1),
  );
  t.is(parameters.count, 1 + 16 + 17 + 40 + 3, 'count includes them');
});

for (const laidOut of [false, true]) {
  test(`clipGradNorm and clipGradValue skip frozen parameters${laidOut ? ' of an optimizer' : ''}`, (t) => {
    const parameters = new Parameters(runtime);
    const [a, b, c] = ['a', 'b', 'c'].map((name, i) => parameters.create(name, [1]).set([i + 1]));
    if (laidOut) new SGD(parameters);
    runtime.step(() => add(scale(sum(a!), 3), add(scale(sum(b!), 100), scale(sum(c!), 4))).backward());
    b!.requiresGrad = false;
    t.is(clipGradNorm(parameters, 1), 5);
    t.is(b!.grad![0], 100);
    t.true(Math.abs(a!.grad![0]! - 0.6) < 1e-6);
    clipGradValue(parameters, 0.1);
    const [clippedA, clippedB, clippedC] = [a!, b!, c!].map(({ grad }) => grad![0]);
    t.deepEqual([clippedA, clippedB, clippedC], [Math.fround(0.1), 100, Math.fround(0.1)]);
    b!.requiresGrad = true;
    t.true(clipGradNorm(parameters, 1e9) > 99);
  });
}

test('clipGradNorm with errorIfNonFinite refuses, and changes nothing', (t) => {
  const parameters = new Parameters(runtime);
  const [a, b] = [parameters.create('a', [2]), parameters.create('b', [1])];
  runtime.step(() => {
    runtime.backward([scale(a, 1)], [[Number.NaN, 2]]);
    sum(b).backward();
  });
  t.throws(() => clipGradNorm(parameters, 1, { errorIfNonFinite: true }), {
    instanceOf: RangeError,
    message: 'clipGradNorm: the norm of the gradients is NaN; the gradients are unchanged',
  });
  t.deepEqual([...a.grad!, ...b.grad!], [Number.NaN, 2, 1]);
  a.requiresGrad = false;
  t.is(clipGradNorm(parameters, 1, { errorIfNonFinite: true }), 1);
  a.requiresGrad = true;
  t.true(Number.isNaN(clipGradNorm(parameters, 1)), 'without it, every gradient is NaN, as in PyTorch');
  t.true([...a.grad!, ...b.grad!].every(Number.isNaN));
});

test('zeroGrad of one tensor, of parameters and of an optimizer', (t) => {
  const parameters = new Parameters(runtime);
  const [a, b] = [parameters.create('a', [2]), parameters.create('b', [1])];
  const free = runtime.tensor([1]);
  free.zeroGrad();
  t.is(free.grad, null);
  const train = () => runtime.step(() => add(sum(a), sum(b)).backward());
  const gradients = () => [...a.grad!, ...b.grad!];
  train();
  a.zeroGrad();
  t.deepEqual(gradients(), [0, 0, 1]);
  const optimizer = new SGD(parameters, { lr: 1 });
  train();
  t.deepEqual(gradients(), [1, 1, 2]);
  b.zeroGrad();
  t.deepEqual(gradients(), [1, 1, 0]);
  optimizer.zeroGrad();
  t.deepEqual(gradients(), [0, 0, 0]);
  runtime.step(() => {
    const y = scale(a, 2);
    sum(y).backward({ retainGraph: true });
    y.zeroGrad();
    t.deepEqual([...y.grad!], [0, 0]);
  });
});
