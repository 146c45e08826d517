// A second backward pass over a retained graph gives the gradients of the first, for every op.
import test from 'ava';
import { load } from '../index.js';
import { cases } from './cases/index.js';
import { draw, type OpCase, type Variant } from './support/op-case.js';
import { gaussian, seeded } from './support/random-numbers.js';

const runtime = await load();

for (const [name, given] of Object.entries(cases)) {
  for (const persistent of [false, true]) {
    test(`${name}: two passes give equal gradients of ${persistent ? 'persistent' : 'temporary'} tensors`, (t) => {
      for (const [index, variant] of given.variants.entries()) {
        const [first, second] = passes(given, variant, persistent, seeded(index + 1));
        t.true(first.some((gradient) => gradient !== null));
        t.true(worst(second, first) <= 1e-6, `variant ${index}`);
      }
    });
  }
}

type Gradients = (Float32Array | null)[];

/** Gradients of the inputs after each of two backward passes. */
function passes(
  given: OpCase,
  variant: Variant<unknown>,
  persistent: boolean,
  random: () => number,
): [first: Gradients, second: Gradients] {
  const inputs = draw(given, variant, random);
  const make = () =>
    inputs.map((data, i) =>
      runtime.tensor(data, variant.shapes[i], { requiresGrad: given.constant?.includes(i) !== true }),
    );
  const outside = persistent ? make() : undefined;
  return runtime.step(() => {
    const tensors = outside ?? make();
    const outputs = [given.run(tensors, variant.options)].flat();
    const upstream = outputs.map(({ size }) => Float32Array.from({ length: size }, () => gaussian(random)));
    const gradients = [true, false].map((retainGraph) => {
      runtime.backward(outputs, upstream, { retainGraph });
      const found = tensors.map((tensor) => tensor.grad);
      for (const tensor of tensors) if (tensor.requiresGrad) tensor.zeroGrad();
      return found;
    });
    return gradients as [Gradients, Gradients];
  });
}

/** Largest |a − b| / (1 + |b|): rounding differs if the first pass wrote a gradient in place. */
function worst(a: Gradients, b: Gradients): number {
  const errors = b.flatMap((gradient, i) =>
    Array.from(gradient ?? [], (value, j) => Math.abs(a[i]![j]! - value) / (1 + Math.abs(value))),
  );
  return errors.reduce((largest, error) => Math.max(largest, error), 0);
}
