// Memory ops beyond their cases: zero vectors, and weights used at many time steps.
import test from 'ava';
import { sizeOf } from '../bindings/tensor/shape.js';
import {
  concat,
  contentWeights,
  linear,
  load,
  locationWeights,
  memoryRead,
  memoryWrite,
  Parameters,
  type Shape,
  scale,
  stack,
  sum,
  type Tensor,
} from '../index.js';
import { seeded } from './support/random-numbers.js';

const runtime = await load();

test('zero keys and zero rows give finite weights and gradients', (t) => {
  const key = runtime.tensor([0, 0, 0, 1, 2, 3], [2, 3], { requiresGrad: true });
  const strength = runtime.tensor([2, 2], [2, 1], { requiresGrad: true });
  const rows = [1, 2, 2, 0, 0, 0, 1e-6, 1e-6, 1e-6, 1e-30, 0, 0];
  const memory = runtime.tensor([...rows, ...rows], [2, 4, 3], { requiresGrad: true });
  runtime.step(() => {
    const w = contentWeights(key, strength, memory);
    runtime.backward([w], [[1, -2, 3, 0.5, 1, -2, 3, 0.5]]);
    t.deepEqual([...w.toArray().subarray(0, 4)], [0.25, 0.25, 0.25, 0.25]);
    for (const tensor of [w]) t.true(tensor.toArray().every(Number.isFinite));
    for (const tensor of [key, strength, memory]) t.true(tensor.grad!.every(Number.isFinite));
  });
});

test('one-hot weights give finite weights and gradients, even with high sharpness', (t) => {
  const tensors = {
    content: runtime.tensor([1, 0, 0, 0, 0], [1, 5], { requiresGrad: true }),
    previous: runtime.tensor([0, 0, 0, 0, 1], [1, 5], { requiresGrad: true }),
    gate: runtime.tensor([1], [1, 1], { requiresGrad: true }),
    shift: runtime.tensor([0, 1, 0], [1, 3], { requiresGrad: true }),
    sharpness: runtime.tensor([60], [1, 1], { requiresGrad: true }),
  };
  runtime.step(() => {
    const { content, previous, gate, shift, sharpness } = tensors;
    const w = locationWeights(content, previous, gate, shift, sharpness);
    runtime.backward([w], [[1, -2, 3, 0.5, 1]]);
    t.deepEqual([...w.toArray()], [1, 0, 0, 0, 0]);
    for (const tensor of Object.values(tensors)) t.true(tensor.grad!.every(Number.isFinite));
  });
  t.throws(
    () =>
      runtime.step(() =>
        locationWeights(tensors.content, tensors.previous, tensors.gate, runtime.zeros([1, 2]), tensors.gate),
      ),
    {
      instanceOf: RangeError,
      message: /odd number of columns/,
    },
  );
});

test('a chain of writes and reads gives the same gradients whether buffers are handed over or accumulated', (t) => {
  const [batch, rows, columns] = [2, 6, 9];
  const numbers = (size: number, seed: number): Float32Array => {
    const random = seeded(seed);
    return Float32Array.from({ length: size }, random);
  };
  const gradients = (moving: boolean): Float32Array[] =>
    runtime.step(() => {
      const variable = (shape: Shape, seed: number): Tensor =>
        runtime.tensor(numbers(sizeOf(shape), seed), shape, { requiresGrad: true });
      const leaves = [variable([batch, rows, columns], 1)];
      let memory = scale(leaves[0]!, 1);
      const reads: Tensor[] = [];
      for (let step = 0; step < 3; step++) {
        if (!moving) runtime.gradient(memory);
        const weights = variable([batch, rows], 10 * step + 2);
        const [erase, add] = [variable([batch, columns], 10 * step + 3), variable([batch, columns], 10 * step + 4)];
        leaves.push(weights, erase, add);
        reads.push(memoryRead(weights, memory));
        const written = memoryWrite(memory, weights, erase, add);
        // Going backward, this read gives the memory a gradient before the write does.
        if (step === 1) reads.push(memoryRead(weights, memory));
        memory = written;
      }
      const y = concat([...reads, memoryRead(leaves[1]!, memory)]);
      runtime.backward([y], [numbers(y.size, 99)]);
      t.is(memory.grad === null, moving);
      return leaves.map((leaf) => leaf.grad!);
    });
  const added = gradients(false);
  for (const [i, gradient] of gradients(true).entries()) {
    for (const [j, value] of gradient.entries()) {
      const expected = added[i]![j]!;
      t.true(Math.abs(value - expected) <= 1e-6 * (1 + Math.abs(expected)), `${i}, ${j}: ${value} for ${expected}`);
    }
  }
});

test('a parameter used at many time steps gets the summed gradient of copies, one per time step', (t) => {
  for (const rows of [1, 5]) {
    const parameters = new Parameters(runtime);
    const weight = parameters.create('weight', [3, 4]).set(Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)));
    const xs = Array.from({ length: 6 }, (_, step) =>
      Float32Array.from({ length: rows * 4 }, (_, i) => Math.cos(i + step)),
    );
    const cotangent = Float32Array.from({ length: 6 * rows * 3 }, (_, i) => Math.sin(3 * i));
    const [y, expected] = runtime.step(() => {
      const outputs = stack(xs.map((x) => linear(runtime.tensor(x, [rows, 4]), weight)));
      runtime.backward([outputs], [cotangent]);
      const copies = xs.map(() => runtime.tensor(weight.toArray(), [3, 4], { requiresGrad: true }));
      const again = stack(xs.map((x, step) => linear(runtime.tensor(x, [rows, 4]), copies[step]!)));
      runtime.backward([again], [cotangent]);
      const gradient = copies.map((copy) => copy.grad!).reduce((a, b) => a.map((value, i) => value + b[i]!));
      t.deepEqual(
        [...outputs.toArray()].map((value) => value.toFixed(5)),
        [...again.toArray()].map((value) => value.toFixed(5)),
      );
      return [weight.grad!, gradient];
    });
    for (const [i, value] of y!.entries()) t.true(Math.abs(value - expected![i]!) < 1e-5);
  }
});

test('a weight is packed again if it changes within a step, and when a scope ends', (t) => {
  const weight = runtime.tensor([1], [1, 1]);
  const x = runtime.tensor([1, 2, 3, 4, 5], [5, 1]);
  runtime.step(() => {
    const inner = runtime.noGrad(() => sum(linear(x, weight)).item());
    runtime.zeros([64]);
    t.deepEqual([inner, sum(linear(x, weight)).item()], [15, 15]);
    weight.set([2]);
    t.is(sum(linear(x, weight)).item(), 30);
  });
});
