// Runs of the op cases: one op of every case on chosen inputs, with hooks between its forward and its backward.
import type { Runtime, Tensor } from '../../index.js';
import { cases } from '../cases/index.js';
import { draw, type OpCase, type Variant } from './op-case.js';
import { gaussian, seeded } from './random-numbers.js';

/** A variant of an op with its inputs and the upstream gradients of its outputs. */
export interface OpRun {
  readonly title: string;
  readonly op: string;
  readonly given: OpCase;
  readonly variant: Variant<unknown>;
  readonly inputs: readonly Float64Array[];
  readonly cotangents: readonly Float64Array[];
}

/** Results of a run; a gradient is null where its input has none. */
export interface OpResult {
  readonly outputs: readonly Float32Array[];
  readonly gradients: readonly (Float32Array | null)[];
}

const MAX_ELEMENTS = 2000;

/** Two variants of every op, the first and the last that are small. */
export function opRuns(): OpRun[] {
  return Object.entries(cases).flatMap(([op, given]) => {
    const small = given.variants.filter(({ shapes }) => shapes.every((shape) => product(shape) <= MAX_ELEMENTS));
    return [...new Set([small[0]!, small.at(-1)!])].map((variant) => opRun(op, given, variant));
  });
}

function opRun(op: string, given: OpCase, variant: Variant<unknown>): OpRun {
  const random = seeded(variant.shapes.length + 17);
  const inputs = draw(given, variant, random);
  const expected = given.reference(inputs, variant.shapes, variant.options);
  const cotangents = expected.map((output) => output.map(() => Math.fround(gaussian(random))));
  return {
    title: `${op} ${variant.shapes.map((shape) => shape.join('×') || 'scalar').join(', ')}`,
    ...{ op, given, variant, inputs, cotangents },
  };
}

/** Whether input `i` of a run has a gradient. */
export function isTrained({ given }: OpRun, i: number): boolean {
  return !given.constant?.includes(i);
}

/** The inputs of a run as tensors: in a step they are its own, outside they persist. */
export function tensorsFor(runtime: Runtime, run: OpRun, trained = (i: number) => isTrained(run, i)): Tensor[] {
  return run.inputs.map((data, i) => runtime.tensor(data, run.variant.shapes[i], { requiresGrad: trained(i) }));
}

/** The outputs of the op on `inputs`. */
export function forward({ given, variant }: OpRun, inputs: Tensor[]): Tensor[] {
  const result = given.run(inputs, variant.options);
  return Array.isArray(result) ? result : [result];
}

/** Runs the op forward, `between`, then backward, in a step. */
export function runOp(
  runtime: Runtime,
  run: OpRun,
  between: (inputs: readonly Tensor[], outputs: readonly Tensor[]) => void = () => {},
): OpResult {
  return runtime.step(() => {
    const inputs = tensorsFor(runtime, run);
    const outputs = forward(run, inputs);
    const values = outputs.map((output) => output.toArray());
    between(inputs, outputs);
    runtime.backward(outputs, run.cotangents);
    return { outputs: values, gradients: inputs.map(({ grad }) => grad) };
  });
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}
