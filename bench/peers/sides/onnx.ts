// Ops by onnxruntime-web: graphs built in memory, run by its WebAssembly provider.
import * as ort from 'onnxruntime-web';
import type { Runtime } from 'tapehead';
import type { Side } from '../row.js';
import { type OnnxGraph, onnxModel } from './onnx-model.js';
import type { Operand } from './tapehead.js';

/** Creates a session with as many threads as the runtime. */
export async function onnxSession(runtime: Runtime, graph: OnnxGraph): Promise<ort.InferenceSession> {
  ort.env.wasm.numThreads = runtime.info.threads;
  const session = await ort.InferenceSession.create(onnxModel(graph), { executionProviders: ['wasm'] });
  // In Node it leaves a global Worker behind, which jax-js would mistake for that of a browser.
  Reflect.deleteProperty(globalThis, 'Worker');
  return session;
}

export function onnxTensor({ data, shape }: Operand): ort.Tensor {
  return new ort.Tensor('float32', data, shape);
}

/** A graph of one node with inputs `x0`, `x1`, …; those in `constant` are initializers, as weights are. */
export async function onnxOp(
  runtime: Runtime,
  operands: readonly Operand[],
  op: string,
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
  constant: readonly number[] = [],
): Promise<Side> {
  const named = operands.map((operand, i) => ({ name: `x${i}`, operand, isConstant: constant.includes(i) }));
  const given = named.filter(({ isConstant }) => !isConstant);
  const session = await onnxSession(runtime, {
    inputs: Object.fromEntries(given.map(({ name, operand }) => [name, operand.shape])),
    outputs: ['y'],
    constants: Object.fromEntries(
      named.filter(({ isConstant }) => isConstant).map(({ name, operand }) => [name, operand]),
    ),
    nodes: [{ op, inputs: named.map(({ name }) => name), outputs: ['y'], attributes }],
  });
  const feeds = Object.fromEntries(given.map(({ name, operand }) => [name, onnxTensor(operand)]));
  return {
    run: () => session.run(feeds),
    result: async () => (await session.run(feeds)).y?.data as Float32Array,
  };
}

/** The training API of the package, which exists only in versions 1.17 to 1.19. */
export async function onnxTraining(): Promise<never> {
  const part = 'onnxruntime-web/training';
  await import(part);
  throw new RangeError(`${part} is available again: write its side of the comparison`);
}
