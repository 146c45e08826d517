// Every op against its float64 reference implementation: values, and gradients by directional derivatives.
import test from 'ava';
import { load, type Runtime, type Tensor } from '../index.js';
import { cases } from './cases/index.js';
import { draw, type OpCase, type Variant } from './support/op-case.js';
import { gaussian, seeded } from './support/random-numbers.js';

const runtime = await load();

for (const [name, given] of Object.entries(cases)) {
  for (const [index, variant] of given.variants.entries()) {
    const title = `${name} ${variant.shapes.map((shape) => shape.join('×') || 'scalar').join(', ')} #${index}`;
    test(`${title}: value and gradient`, (t) => {
      const random = seeded(index + 1);
      const inputs = draw(given, variant, random);
      const expected = given.reference(inputs, variant.shapes, variant.options);
      const cotangents = expected.map((output) => output.map(() => Math.fround(gaussian(random))));
      const { outputs, gradients } = run(runtime, given, variant, inputs, cotangents);
      const limit = { value: 1e-6, gradient: 2e-5, ...given.tolerance };
      t.is(outputs.length, expected.length);
      for (const [i, output] of outputs.entries()) {
        t.is(output.length, expected[i]!.length, `size of output ${i}`);
        const error = worst(output, expected[i]!);
        t.true(error <= limit.value, `output ${i}: error ${error} above ${limit.value}`);
      }
      for (const [i, gradient] of gradients.entries()) {
        if (given.constant?.includes(i) || gradient === null) continue;
        const { error, scale } = directional(given, variant, inputs, cotangents, i, gradient, random);
        t.true(error <= limit.gradient * scale, `gradient ${i}: error ${error} above ${limit.gradient} × ${scale}`);
      }
    });
  }
}

interface Result {
  outputs: Float32Array[];
  gradients: (Float32Array | null)[];
}

/** Runs the op, then backward from `cotangents`. Gradients start at 1, since backward must add. */
function run(
  runtime: Runtime,
  given: OpCase,
  { shapes, options }: Variant<unknown>,
  inputs: Float64Array[],
  cotangents: Float64Array[],
): Result {
  return runtime.step(() => {
    const tensors = inputs.map((data, i) =>
      runtime.tensor(data, shapes[i], { requiresGrad: !given.constant?.includes(i) }),
    );
    for (const tensor of tensors) presetGradient(runtime, tensor);
    const result = given.run(tensors, options);
    const outputs = Array.isArray(result) ? result : [result];
    runtime.backward(outputs, cotangents);
    return {
      outputs: outputs.map((output) => output.toArray()),
      gradients: tensors.map((tensor) => tensor.grad?.map((value) => value - 1) ?? null),
    };
  });
}

function presetGradient(runtime: Runtime, tensor: Tensor): void {
  if (tensor.requiresGrad) runtime.arena.write(runtime.gradient(tensor), new Float32Array(tensor.size).fill(1));
}

function worst(x: Float32Array, reference: Float64Array): number {
  let error = 0;
  for (const [i, expected] of reference.entries()) {
    const difference = Math.abs(x[i]! - expected) / (1 + Math.abs(expected));
    if (!(difference <= error)) error = difference;
  }
  return error;
}

/** Compares gradient · direction with the central difference of the reference along that direction of input `index`. */
function directional(
  given: OpCase,
  { shapes, options }: Variant<unknown>,
  inputs: Float64Array[],
  cotangents: Float64Array[],
  index: number,
  gradient: Float32Array,
  random: () => number,
): { error: number; scale: number } {
  const direction = inputs[index]!.map(() => gaussian(random));
  const epsilon = 1e-6;
  const loss = (sign: number): number => {
    const moved = inputs.map((x, i) => (i === index ? x.map((v, j) => v + sign * epsilon * direction[j]!) : x));
    const outputs = given.reference(moved, shapes, options);
    return outputs.reduce((total, y, o) => total + y.reduce((sum, v, j) => sum + v * cotangents[o]![j]!, 0), 0);
  };
  const expected = (loss(1) - loss(-1)) / (2 * epsilon);
  let found = 0;
  let squares = 0;
  for (const [i, value] of gradient.entries()) {
    found += value * direction[i]!;
    squares += value ** 2;
  }
  return { error: Math.abs(found - expected), scale: 1 + Math.sqrt(squares) };
}
