// Values changed between forward and backward: an Error that names op and tensor, or the gradient of the values as they were.
import test from 'ava';
import {
  AdamW,
  add,
  addBias,
  batchNorm,
  concat,
  expand,
  linear,
  load,
  mean,
  mul,
  NormalEquations,
  neg,
  Parameters,
  Random,
  RMSprop,
  reshape,
  SGD,
  scale,
  split,
  stack,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
  unbind,
} from '../index.js';
import { isClose } from './support/is-close.js';
import { forward, opRuns, tensorsFor } from './support/op-runs.js';

const runtime = await load();

function parameter(name = 'w', ...values: number[]): { parameters: Parameters; w: Tensor } {
  const parameters = new Parameters(runtime);
  return { parameters, w: parameters.create(name, [values.length]).set(values) };
}

const random = new Random(runtime, 1);

/** Every way to change the values of a parameter. */
const changes: Record<string, (w: Tensor, parameters: Parameters) => unknown> = {
  'Tensor.set': (w) => w.set([7, 8]),
  'Tensor.set of a view': (w) => reshape(w, [2, 1]).set([[7], [8]]),
  'Tensor.set of a slice': (w) => unbind(reshape(w, [2, 1]))[1]!.set([8]),
  'Tensor.set of a detached tensor': (w) => w.detach().set([7, 8]),
  'Tensor.set of the same values': (w) => w.set(w.toArray()),
  loadStateDict: (_, parameters) => parameters.loadStateDict(parameters.stateDict()),
  'SGD.step': (_, parameters) => new SGD(parameters).step(),
  'RMSprop.step': (_, parameters) => new RMSprop(parameters).step(),
  'AdamW.step': (_, parameters) => new AdamW(parameters).step(),
  'Random.fillUniform': (w) => random.fillUniform(w, -1, 1),
  'Random.fillNormal': (w) => random.fillNormal(w, 0, 1),
  'Random.fillNormal of a view': (w) => random.fillNormal(reshape(w, [1, 2]), 0, 1),
};

for (const [name, change] of Object.entries(changes)) {
  test(`${name} between forward and backward is an Error that names parameter and op`, (t) => {
    const { parameters, w } = parameter('layer.w', 1, 2);
    const other = runtime.tensor([1], [1], { requiresGrad: true });
    runtime.step(() => {
      const loss = sum(mul(w, w));
      const free = sum(mul(other, other));
      change(w, parameters);
      const error = t.throws(() => loss.backward(), {
        message: 'backward: parameter "layer.w" of mul was changed after mul ran; call backward first, or mul again',
      })!;
      t.is(error.constructor, Error);
      t.true(w.grad === null || w.grad.every((value) => value === 0));
      free.backward();
      const values = w.toArray();
      sum(mul(w, w)).backward();
      t.deepEqual([...w.grad!], [2 * values[0]!, 2 * values[1]!], 'and the op can run again');
    });
    t.deepEqual([...other.grad!], [2]);
  });

  test(`${name} makes packed weights stale`, (t) => {
    const parameters = new Parameters(runtime);
    const w = parameters.create('w', [2]).set([1, 2]);
    const weight = reshape(w, [1, 2]);
    runtime.step(() => {
      const x = runtime.tensor(new Float32Array(20).fill(1), [10, 2]);
      t.is(linear(x, weight).toArray()[9], 3);
      change(w, parameters);
      const [a, b] = w.toArray() as unknown as [number, number];
      t.true(Math.abs(linear(x, weight).toArray()[9]! - (a + b)) < 1e-5);
    });
  });
}

test('an input or a result of an op that changed is named', (t) => {
  runtime.step(() => {
    const x = runtime.tensor([1, 2]);
    const w = runtime.tensor([3, 4], [2], { requiresGrad: true });
    const product = mul(x, w);
    x.set([0, 0]);
    t.throws(() => sum(product).backward(), { message: /^backward: input 0 of mul was changed after mul ran; / });
    const y = tanh(w);
    y.set([0, 0]);
    t.throws(() => sum(y).backward(), { message: /^backward: the result of tanh was changed after tanh ran; / });
  });
});

test('a disposed input is named', (t) => {
  const x = runtime.tensor([1, 2]);
  const w = runtime.tensor([3, 4], [2], { requiresGrad: true });
  runtime.step(() => {
    const loss = sum(mul(x, w));
    x.dispose();
    runtime.tensor(new Float32Array(64));
    t.throws(() => loss.backward(), { message: /^backward: input 0 of mul was disposed after mul ran; / });
    t.deepEqual([...w.grad!], [0, 0]);
  });
});

test('running statistics that batchNorm updates count as changed', (t) => {
  const [weight, bias] = [runtime.tensor([1], [1], { requiresGrad: true }), runtime.tensor([0])];
  const [mean, variance] = [runtime.tensor([1]), runtime.tensor([1])];
  const x = runtime.tensor([1, 3], [2, 1]);
  runtime.step(() => {
    const before = sum(mul(weight, mean));
    const y = batchNorm(x, weight, bias, mean, variance, { training: true });
    t.throws(() => before.backward(), { message: /^backward: input 1 of mul was changed / });
    runtime.backward([y], [[1, 1]]);
    t.true(weight.grad!.every(Number.isFinite), 'its own backward does not read them');
    const evaluated = batchNorm(x, weight, bias, mean, variance, { training: false });
    batchNorm(x, weight, bias, mean, variance, { training: true });
    runtime.backward([evaluated], [[1, 1]]);
  });
});

test('values that NormalEquations.solve overwrites count as changed', (t) => {
  const equations = new NormalEquations(runtime, 2, 2);
  const w = runtime.tensor(new Float32Array(16).fill(1), [8, 2], { requiresGrad: true });
  runtime.step(() => {
    equations.add(runtime.tensor([1, 0, 0, 1], [2, 2]), runtime.tensor([1, 2, 3, 4], [2, 2]));
    const { values } = equations.solve(0);
    const first = linear(w, values);
    const loss = sum(mul(first, first));
    equations.reset();
    equations.add(runtime.tensor([1, 0, 0, 1], [2, 2]), runtime.tensor([10, 20, 30, 40], [2, 2]));
    equations.solve(0);
    t.deepEqual([...linear(w, values).toArray().slice(0, 2)], [30, 70]);
    t.throws(() => loss.backward(), { message: /^backward: input 1 of linear was changed after linear ran/ });
  });
});

test('a change before the forward pass, or of another tensor, is none', (t) => {
  const { parameters, w } = parameter('w', 1, 2);
  const [buffer, free] = [parameters.createBuffer('b', [2]), runtime.tensor([1, 2])];
  runtime.step(() => {
    w.set([3, 4]);
    const loss = sum(mul(w, w));
    buffer.set([1, 1]);
    free.set([2, 2]);
    runtime.tensor([1]).set([2]);
    loss.backward();
  });
  t.deepEqual([...w.grad!], [6, 8]);
});

test('a frozen parameter is not changed by an optimizer', (t) => {
  const parameters = new Parameters(runtime);
  const [a, b] = [parameters.create('a', [1]).set([3]), parameters.create('b', [1]).set([1])];
  a.requiresGrad = false;
  const optimizer = new SGD(parameters, { lr: 1 });
  const x = runtime.tensor([2], [1], { requiresGrad: true });
  runtime.step(() => {
    const loss = sum(mul(a, x));
    sum(b).backward();
    optimizer.step();
    loss.backward();
  });
  t.deepEqual([a.item(), b.item(), x.grad![0]], [3, 0, 3]);
});

test('a retained graph is checked in every pass', (t) => {
  const { parameters, w } = parameter('w', 1, 2);
  const optimizer = new SGD(parameters, { lr: 1 });
  runtime.step(() => {
    const loss = sum(mul(w, w));
    loss.backward({ retainGraph: true });
    loss.backward({ retainGraph: true });
    optimizer.step();
    t.throws(() => loss.backward(), { message: /^backward: parameter "w" of mul was changed/ });
  });
  t.deepEqual([...w.grad!], [4, 8]);
});

/** Ops whose backward reads none of these values, on the parameter and a tensor [2, 2] each. */
const valueFree: Record<string, (a: Tensor, b: Tensor) => Tensor> = {
  add: (a, b) => add(a, b),
  sub: (a, b) => sub(b, a),
  neg: (a) => neg(a),
  scale: (a) => scale(a, 3),
  sum: (a) => sum(a, 0),
  mean: (a) => mean(a),
  concat: (a, b) => concat([a, b, a]),
  stack: (a, b) => stack([b, a]),
  split: (a) => split(a, [1, 1])[1]!,
  unbind: (a) => scale(unbind(a)[0]!, 2),
  reshape: (a) => scale(reshape(a, [4]), 2),
  expand: (a) => expand(reshape(a, [1, 4]), 3),
  transpose: (a) => transpose(a),
  'addBias of the bias': (a, b) => addBias(b, unbind(a)[0]!),
  'linear of the bias': (a, b) => linear(b, b.detach(), unbind(a)[0]!),
};

for (const [name, op] of Object.entries(valueFree)) {
  test(`${name}: backward does not need the values, so a change is no Error`, (t) => {
    const [a, b] = [1, 2].map((value) =>
      runtime.tensor(new Float32Array(4).fill(value), [2, 2], { requiresGrad: true }),
    ) as [Tensor, Tensor];
    runtime.step(() => {
      const y = op(a, b);
      a.set([5, 6, 7, 8]);
      runtime.backward([y], [new Float32Array(y.size).fill(1)]);
    });
    t.true(a.grad!.some((value) => value !== 0));
  });
}

for (const run of opRuns()) {
  /** Gradients of persistent inputs after `change`. */
  const gradients = (change: (inputs: readonly Tensor[], outputs: readonly Tensor[]) => void) => {
    const inputs = tensorsFor(runtime, run);
    runtime.step(() => {
      const outputs = forward(run, inputs);
      change(inputs, outputs);
      runtime.backward(outputs, run.cotangents);
    });
    return inputs.map(({ grad }) => grad);
  };

  test(`${run.title}: changed values are told, or were saved`, (t) => {
    const expected = gradients(() => {});
    const check = (what: string, change: (inputs: readonly Tensor[], outputs: readonly Tensor[]) => void) => {
      try {
        for (const [i, gradient] of gradients(change).entries()) {
          if (gradient !== null) t.true(isClose(gradient, expected[i]!), `${what}: gradient ${i}`);
        }
      } catch (error) {
        t.regex((error as Error).message, /^backward: (input \d|the result) of \w+ was changed after /, what);
      }
    };
    for (const i of run.inputs.keys()) {
      const values = run.inputs[i]!.map((value) => 0.5 * value + 0.25);
      check(`input ${i}`, (inputs) => inputs[i]!.set(values));
    }
    check('an output', (_, outputs) => outputs[0]!.set(new Float32Array(outputs[0]!.size).fill(0.3)));
    t.pass();
  });
}
