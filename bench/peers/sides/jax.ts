// Ops by jax-js, jitted on its WebAssembly backend.
import { defaultDevice, init, jit, numpy } from '@jax-js/jax';
import type { Side } from '../row.js';
import type { Operand } from './tapehead.js';

await init('wasm');
defaultDevice('wasm');

export function array({ data, shape }: Operand): numpy.Array {
  return numpy.array(data, { shape: [...shape] });
}

export function jaxOp(inputs: readonly Operand[], op: (...inputs: numpy.Array[]) => numpy.Array): Side {
  const arrays = inputs.map(array);
  const compiled = jit(op);
  const call = () => compiled(...arrays.map((input) => input.ref));
  return {
    run: async () => (await call().blockUntilReady()).dispose(),
    result: () => call().dataSync() as Float32Array,
  };
}
