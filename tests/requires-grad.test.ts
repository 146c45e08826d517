// requiresGrad: set later, taken away, of views, detached tensors, buffers and parameters; gradients outside their step.
import test from 'ava';
import { Adam, add, linear, load, mul, Parameters, reshape, scale, sum, type Tensor, unbind } from '../index.js';

const runtime = await load();

function gradOf(tensor: Tensor): number[] | null {
  return tensor.grad === null ? null : [...tensor.grad];
}

/** A tensor of a step that would lie where a gradient's stale address points. */
function canary(): Tensor {
  return runtime.tensor(new Float32Array(200).fill(1));
}

function isWhole(tensor: Tensor): boolean {
  return tensor.toArray().every((value) => value === 1);
}

test('a tensor made trainable later gets gradients, step after step', (t) => {
  const w = runtime.tensor([1, 2, 3]);
  t.is(w.grad, null);
  w.requiresGrad = true;
  for (let step = 1; step <= 3; step++) {
    runtime.step(() => {
      const data = canary();
      sum(mul(w, w)).backward();
      t.true(isWhole(data));
    });
    t.deepEqual(gradOf(w), [2 * step, 4 * step, 6 * step]);
  }
});

test('a tensor made trainable inside a step keeps its gradient after it', (t) => {
  const w = runtime.tensor([1, 2]);
  runtime.step(() => {
    canary();
    w.requiresGrad = true;
    sum(mul(w, w)).backward();
  });
  runtime.step(() => t.true(isWhole(canary())));
  t.deepEqual(gradOf(w), [2, 4]);
});

test('a frozen tensor keeps its gradient and gets no more', (t) => {
  const w = runtime.tensor([1, 2], [2], { requiresGrad: true });
  runtime.step(() => sum(mul(w, w)).backward());
  w.requiresGrad = false;
  const other = runtime.tensor([1, 1], [2], { requiresGrad: true });
  runtime.step(() => sum(mul(w, other)).backward());
  t.deepEqual(
    [gradOf(w), gradOf(other)],
    [
      [2, 4],
      [1, 2],
    ],
  );
  t.throws(() => runtime.step(() => sum(w).backward()), { message: /requiresGrad/ });
  w.requiresGrad = true;
  runtime.step(() => sum(w).backward());
  t.deepEqual(gradOf(w), [3, 5]);
});

test('a detached tensor made trainable has a gradient of its own', (t) => {
  const w = runtime.tensor([1, 2], [2], { requiresGrad: true });
  const copy = w.detach();
  copy.requiresGrad = true;
  runtime.step(() => {
    const data = canary();
    const inner = scale(w, 3).detach();
    inner.requiresGrad = true;
    sum(add(mul(copy, w), mul(inner, inner))).backward();
    t.deepEqual(
      [gradOf(w), gradOf(copy), gradOf(inner)],
      [
        [1, 2],
        [1, 2],
        [6, 12],
      ],
    );
    t.true(isWhole(data));
  });
  runtime.step(() => t.true(isWhole(canary())));
  t.deepEqual(gradOf(copy), [1, 2]);
  w.set([5, 6]);
  t.deepEqual([...copy.toArray()], [5, 6], 'it shares the values');
});

test('a buffer made trainable gets gradients, and no optimizer moves it', (t) => {
  const parameters = new Parameters(runtime);
  const w = parameters.create('w', [2]).set([1, 2]);
  const buffer = parameters.createBuffer('scale', [2]).set([3, 4]);
  buffer.requiresGrad = true;
  const optimizer = new Adam(parameters, { lr: 0.1 });
  runtime.step(() => {
    const data = canary();
    sum(mul(w, buffer)).backward();
    t.true(isWhole(data));
  });
  t.deepEqual(
    [gradOf(w), gradOf(buffer)],
    [
      [3, 4],
      [1, 2],
    ],
  );
  optimizer.step();
  t.deepEqual([...buffer.toArray()], [3, 4]);
});

test('requiresGrad of the result of an op, or of a view that shares a gradient, is read-only', (t) => {
  const w = runtime.tensor([1, 2], [2], { requiresGrad: true });
  runtime.step(() => {
    const y = scale(w, 2);
    const views = [reshape(y, [2, 1]), ...unbind(w)];
    for (const tensor of [y, ...views]) {
      t.true(tensor.requiresGrad);
      tensor.requiresGrad = true;
      t.throws(() => (tensor.requiresGrad = false), {
        instanceOf: RangeError,
        message: 'Tensor.requiresGrad: only leaf tensors can be changed; use detach() on the result of an op',
      });
      t.throws(() => (tensor.requiresGrad = 1 as never), { instanceOf: TypeError });
    }
    const free = runtime.noGrad(() => scale(w, 2));
    free.requiresGrad = true;
    sum(mul(free, free)).backward();
    t.deepEqual(
      [gradOf(free), gradOf(w)],
      [
        [4, 8],
        [0, 0],
      ],
    );
  });
  const dead = runtime.step(() => scale(w, 2));
  t.throws(() => (dead.requiresGrad = false), { instanceOf: ReferenceError, message: /^Tensor\.requiresGrad: / });
});

test('backward inside noGrad leaves its gradients to the tensors outside', (t) => {
  const w = runtime.tensor([1, 2], [2], { requiresGrad: true });
  runtime.step(() => {
    const x = runtime.tensor([1, 2], [2], { requiresGrad: true });
    const y = mul(x, w);
    const kept = runtime.noGrad(() => {
      sum(scale(w, 1)).detach();
      const loss = y;
      runtime.backward([loss], [[1, 1]]);
      return runtime.noGrad(() => scale(w, 10));
    });
    const data = canary();
    t.deepEqual(
      [gradOf(x), gradOf(y), gradOf(w)],
      [
        [1, 2],
        [1, 1],
        [1, 2],
      ],
    );
    t.true(isWhole(data));
    t.deepEqual([...kept.toArray()], [10, 20]);
  });
  t.deepEqual(gradOf(w), [1, 2]);
});

test('a graph made before noGrad can be extended after it', (t) => {
  const w = runtime.tensor([2], [1], { requiresGrad: true });
  runtime.step(() => {
    const y = mul(w, w);
    const factor = runtime.noGrad(() => scale(y, 10));
    sum(mul(y, factor)).backward();
  });
  t.deepEqual(gradOf(w), [160]);
});

test('views of parameters made before an optimizer lays the parameters out follow them', (t) => {
  const parameters = new Parameters(runtime);
  const a = parameters.create('a', [2, 2]).set([1, 2, 3, 4]);
  runtime.tensor([9, 9, 9]);
  const b = parameters.create('b', [2]).set([5, 6]);
  const [flat, [row], detached] = [reshape(a, [4]), unbind(a), a.detach()];
  detached.requiresGrad = true;
  runtime.step(() => sum(a).backward());
  const optimizer = new Adam(parameters, { lr: 1 });
  runtime.tensor(new Float32Array(64).fill(7));
  t.deepEqual(gradOf(a), [1, 1, 1, 1], 'a gradient moves along');
  a.set([10, 20, 30, 40]);
  t.deepEqual([...flat.toArray(), ...row!.toArray(), ...detached.toArray()], [10, 20, 30, 40, 10, 20, 10, 20, 30, 40]);
  optimizer.zeroGrad();
  runtime.step(() => sum(add(mul(row!, b), mul(reshape(detached, [4]) && row!, row!))).backward());
  t.deepEqual(
    [gradOf(a), gradOf(flat), gradOf(b)],
    [
      [5 + 20, 6 + 40, 0, 0],
      [25, 46, 0, 0],
      [10, 20],
    ],
  );
  runtime.step(() => sum(mul(detached, detached)).backward());
  t.deepEqual(
    [gradOf(detached), gradOf(a)],
    [
      [20, 40, 60, 80],
      [25, 46, 0, 0],
    ],
  );
  flat.set([1, 1, 1, 1]);
  optimizer.step();
  t.deepEqual([...a.toArray()], [...flat.toArray()]);
  t.deepEqual([...a.toArray().map(Math.round)], [0, 0, 1, 1]);
});

test('parameters laid out between forward and backward', (t) => {
  const parameters = new Parameters(runtime);
  const a = parameters.create('a', [1, 2]).set([1, 2]);
  runtime.tensor([9]);
  const b = parameters.create('b', [1]).set([3]);
  runtime.step(() => {
    const y = linear(runtime.tensor([1, 1], [1, 2]), a, b);
    const loss = sum(mul(y, y));
    const optimizer = new Adam(parameters, { lr: 1 });
    canary();
    loss.backward();
    t.deepEqual([gradOf(a), gradOf(b)], [[12, 12], [12]]);
    optimizer.step();
  });
  t.deepEqual([...a.toArray().map(Math.round), ...b.toArray().map(Math.round)], [0, 1, 2]);
});

test('views, and backward of a parameter itself, work outside a step and harm nothing', (t) => {
  const parameters = new Parameters(runtime);
  const w = parameters.create('w', [2, 2]).set([1, 2, 3, 4]);
  const before = runtime.memory.used;
  const [flat, rows] = [reshape(w, [4]), unbind(w)];
  runtime.backward([w], [[1, 1, 1, 1]]);
  runtime.backward(
    [flat, rows[1]!],
    [
      [1, 0, 0, 0],
      [0, 5],
    ],
  );
  t.deepEqual(gradOf(w), [2, 1, 1, 6]);
  t.true(runtime.memory.used - before <= 64, 'the gradient alone takes memory');
  runtime.step(() => sum(mul(flat, flat)).backward());
  t.deepEqual(gradOf(flat), [4, 5, 7, 14]);
});

test('requiresGrad that is changed back counts as unchanged', (t) => {
  const w = runtime.tensor([3], [1], { requiresGrad: true });
  runtime.step(() => {
    const before = sum(mul(w, w));
    w.requiresGrad = false;
    const frozen = sum(mul(w, runtime.tensor([1], [1], { requiresGrad: true })));
    w.requiresGrad = true;
    const after = sum(scale(w, 100));
    runtime.backward([before, frozen, after]);
  });
  t.deepEqual(gradOf(w), [106]);
});
