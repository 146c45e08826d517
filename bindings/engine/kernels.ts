// The typed kernel table: what the wasm modules export, and the flags their kernels take.
import type { Kernels } from '../wasm/abi.js';

/** @internal */
export type { Kernels };

// Bits of matmul's `flags`.
/** @internal */
export const TRANSPOSE_A = 1;
/** @internal */
export const TRANSPOSE_B = 2;
/** @internal Add to the output instead of overwriting it. */
export const ACCUMULATE = 4;

/**
 * Instantiates modules over one memory.
 *
 * @internal
 * @param modules Modules that import a memory.
 * @param memory The memory.
 * @returns The exports of all of them, in the same order on every thread.
 */
export async function instantiate(
  modules: readonly WebAssembly.Module[],
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  const instances = await Promise.all(modules.map((module) => WebAssembly.instantiate(module, { env: { memory } })));
  return Object.assign({}, ...instances.map(({ exports }) => exports));
}
