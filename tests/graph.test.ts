// Backward passes: several in one step, retained and consumed graphs, accumulation, gradients of intermediate tensors.
import test from 'ava';
import {
  exp,
  load,
  mean,
  mul,
  neg,
  reshape,
  scale,
  split,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
  unbind,
} from '../index.js';
import { isClose } from './support/is-close.js';

const runtime = await load();

/** A trainable tensor outside the step. */
function leaf(...values: number[]): Tensor {
  return runtime.tensor(values, [values.length], { requiresGrad: true });
}

function gradOf(tensor: Tensor): number[] {
  return [...(tensor.grad ?? [])];
}

test('independent graphs in one step get their gradients from a pass each', (t) => {
  const [u, v, w] = [leaf(2), leaf(3), leaf(4)];
  runtime.step(() => {
    const [a, b, c] = [sum(mul(u, u)), sum(mul(v, v)), sum(mul(w, w))];
    b.backward();
    a.backward();
    const d = sum(mul(u, w));
    c.backward();
    d.backward();
  });
  t.deepEqual([gradOf(u), gradOf(v), gradOf(w)], [[4 + 4], [6], [8 + 2]]);
});

test('a generator and a discriminator train in one step', (t) => {
  const [generator, discriminator] = [leaf(0.5), leaf(-2)];
  runtime.step(() => {
    const fake = scale(generator, 3);
    sum(mul(fake.detach(), discriminator)).backward();
    t.deepEqual([gradOf(generator), gradOf(discriminator)], [[0], [1.5]]);
    discriminator.zeroGrad();
    discriminator.requiresGrad = false;
    sum(mul(fake, discriminator)).backward();
    discriminator.requiresGrad = true;
    t.deepEqual([gradOf(generator), gradOf(discriminator)], [[-6], [0]]);
  });
});

test('two heads on one trunk: one pass over both, or a retained graph', (t) => {
  const expected = (w: number) => {
    const y = Math.tanh(w);
    return (2 * y + 1) * (1 - y * y);
  };
  const heads = (w: Tensor) => {
    const trunk = tanh(w);
    return [sum(mul(trunk, trunk)), sum(trunk)] as const;
  };
  const [once, twice] = [leaf(0.5), leaf(0.5)];
  runtime.step(() => runtime.backward([...heads(once)]));
  runtime.step(() => {
    const [first, second] = heads(twice);
    first.backward({ retainGraph: true });
    second.backward();
  });
  t.true(Math.abs(once.grad![0]! - expected(0.5)) < 1e-6);
  t.true(Math.abs(twice.grad![0]! - expected(0.5)) < 1e-6);
});

test('a consumed graph is an Error that says how to go on', (t) => {
  const w = leaf(3);
  const message =
    /^backward: the graph of \w+ was freed by an earlier backward; call runtime\.backward\(\[a, b\]\) once, or pass \{ retainGraph: true \} first$/;
  runtime.step(() => {
    const trunk = mul(w, w);
    const [first, second] = [sum(trunk), mean(trunk)];
    first.backward();
    const before = gradOf(w);
    for (const again of [
      () => first.backward(),
      () => second.backward(),
      () => sum(scale(trunk, 2)).backward(),
      () => sum(reshape(trunk, [1, 1])).backward(),
      () => runtime.backward([trunk]),
      () => runtime.backward([sum(scale(w, 1)), second]),
    ]) {
      const error = t.throws(again, { message })!;
      t.is(error.constructor, Error);
      t.true(error.message.length <= 200);
      t.deepEqual(gradOf(w), before, 'a refused pass adds nothing');
    }
    sum(mul(trunk.detach(), w)).backward();
    t.deepEqual(gradOf(w), [6 + 9], 'and detach() goes on from the values');
  });
});

test('a pass consumes only what it used', (t) => {
  const [u, v] = [leaf(2), leaf(5)];
  runtime.step(() => {
    const a = mul(u, u);
    const rest = sum(mul(v, v));
    runtime.backward([a], [[10]]);
    rest.backward();
    t.throws(() => sum(a).backward(), { message: /the graph of mul was freed/ });
  });
  t.deepEqual([gradOf(u), gradOf(v)], [[40], [10]]);
});

test('gradients of a retained graph accumulate at leaves and at intermediate tensors', (t) => {
  const w = leaf(3);
  runtime.step(() => {
    const y = mul(w, w);
    const loss = sum(scale(y, 2));
    for (let pass = 1; pass <= 3; pass++) {
      loss.backward({ retainGraph: true });
      t.deepEqual([gradOf(w), gradOf(y)], [[12 * pass], [2 * pass]]);
    }
    // As with PyTorch's retain_grad: what earlier passes left at y is not sent on again.
    sum(y).backward();
    t.deepEqual([gradOf(w), gradOf(y)], [[36 + 6], [6 + 1]]);
  });
});

test('a retained pass through one part of an op leaves the others alone', (t) => {
  const w = leaf(1, 2, 3, 4);
  runtime.step(() => {
    const [left, right] = split(scale(w, 2), [2, 2]);
    sum(mul(left!, left!)).backward({ retainGraph: true });
    t.deepEqual([gradOf(w), gradOf(left!), right!.grad], [[8, 16, 0, 0], [4, 8], null]);
    sum(right!).backward();
    t.deepEqual(
      [gradOf(w), gradOf(left!), gradOf(right!)],
      [
        [8, 16, 2, 2],
        [4, 8],
        [1, 1],
      ],
    );
  });
});

test('steps are independent: a retained graph ends with its step', (t) => {
  const w = leaf(3);
  for (let step = 1; step <= 3; step++) {
    const loss = runtime.step(() => {
      const loss = sum(mul(w, w));
      loss.backward({ retainGraph: true });
      return loss;
    });
    t.deepEqual(gradOf(w), [6 * step]);
    t.throws(() => loss.backward(), { instanceOf: ReferenceError });
  }
});

test('outputs given twice and upstream gradients add up', (t) => {
  const w = leaf(1, 2);
  runtime.step(() => {
    const y = mul(w, w);
    runtime.backward([y, y, reshape(y, [2, 1])], [[1, 0], Float64Array.of(0, 1), [[10], [10]]]);
  });
  t.deepEqual(gradOf(w), [22, 44]);
});

test('views of one tensor share its gradient, whichever is used', (t) => {
  const w = leaf(1, 2, 3, 4);
  runtime.step(() => {
    const y = scale(w, 1);
    const [top, bottom] = unbind(reshape(y, [2, 2]));
    sum(mul(top!, bottom!)).backward({ retainGraph: true });
    t.deepEqual(
      [gradOf(y), gradOf(top!), gradOf(bottom!)],
      [
        [3, 4, 1, 2],
        [3, 4],
        [1, 2],
      ],
    );
    runtime.backward([bottom!], [[100, 0]]);
  });
  t.deepEqual(gradOf(w), [3, 4, 101, 2]);
});

test('four passes over one graph equal one pass over four losses, step after step', (t) => {
  const w = leaf(1, 2, 3);
  const losses = () => {
    const y = tanh(scale(w, 0.1));
    return [sum(y), mean(exp(y)), sum(sub(y, neg(y))), sum(transpose(reshape(y, [1, 3])))];
  };
  const gradients = [false, true].map((together) => {
    w.zeroGrad();
    for (let step = 0; step < 20; step++) {
      runtime.step(() => {
        const all = losses();
        if (together) runtime.backward(all);
        else for (const [i, loss] of all.entries()) loss.backward({ retainGraph: i < all.length - 1 });
      });
    }
    return gradOf(w);
  });
  t.true(isClose(gradients[0]!, gradients[1]!), `${gradients}`);
});
