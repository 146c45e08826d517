// A NaN that goes into an op comes out of it: no loss can look fine while a network fills with NaN.
import test from 'ava';
import { gumbelRead, load, relu } from '../index.js';
import { cases } from './cases/index.js';
import { draw } from './support/op-case.js';
import { seeded } from './support/random-numbers.js';

const runtime = await load();

/** Inputs that an op does not read under some options: the running statistics of batch norm in training. */
const unread = new Set(['batchNorm 3', 'batchNorm 4']);

for (const [name, given] of Object.entries(cases)) {
  const variant = given.variants.find(({ shapes }) => shapes.every((shape) => shape.every((size) => size > 0)))!;
  for (const i of variant.shapes.keys()) {
    if (unread.has(`${name} ${i}`)) continue;
    test(`${name} passes on a NaN in input ${i}`, (t) => {
      const inputs = draw(given, variant, seeded(1));
      inputs[i]![Math.floor(inputs[i]!.length / 2)] = NaN;
      const outputs = runtime.noGrad(() => {
        const tensors = inputs.map((data, j) => runtime.tensor(data, variant.shapes[j]));
        return [given.run(tensors, variant.options)].flat().map((output) => output.toArray());
      });
      t.true(outputs.some((values) => values.some(Number.isNaN)));
    });
  }
}

test('relu passes the gradient of a NaN on, as PyTorch does', (t) => {
  for (const length of [1, 2, 3, 4, 5, 17]) {
    runtime.step(() => {
      const x = runtime.tensor(new Array(length).fill(NaN), [length], { requiresGrad: true });
      runtime.backward([relu(x)], [new Array(length).fill(3)]);
      t.deepEqual([...x.grad!], new Array(length).fill(3));
    });
  }
  runtime.step(() => {
    const x = runtime.tensor([-Infinity, -1, -0, 0, 1, Infinity], [6], { requiresGrad: true });
    runtime.backward([relu(x)], [new Array(6).fill(3)]);
    t.deepEqual([...x.grad!], [0, 0, 0, 0, 3, 3]);
  });
});

test('logits with a NaN choose no row of a memory', (t) => {
  const bank = runtime.tensor([1, 2, 3, 4, 5, 6], [3, 2]);
  for (const logits of [
    [NaN, NaN, NaN],
    [0, NaN, 1],
    [NaN, 5, 1],
    [0, 1, Infinity],
    [-Infinity, -Infinity, -Infinity],
  ]) {
    for (const hard of [true, false]) {
      runtime.noGrad(() => {
        const { read, weights, addresses } = gumbelRead(runtime.tensor([2, 1, 0, ...logits], [2, 3]), bank, { hard });
        t.deepEqual([...read.toArray().subarray(2)], [NaN, NaN]);
        t.true(weights.toArray().subarray(3).every(Number.isNaN));
        t.deepEqual([...addresses], [0, 2 ** 32 - 1]);
        t.true(read.toArray().subarray(0, 2).every(Number.isFinite));
      });
    }
  }
});

test('a read of no row sends a gradient to none', (t) => {
  runtime.step(() => {
    const bank = runtime.tensor([1, 2, 3], [3, 1], { requiresGrad: true });
    const { read } = gumbelRead(runtime.tensor([NaN, 0, 0, 0, 0, 9], [2, 3]), bank);
    runtime.backward([read], [[5, 7]]);
    t.deepEqual([...bank.grad!], [0, 0, 7]);
  });
});
