// The typed kernel table: what the wasm module exports, and the flags its kernels take.

/** @internal */
export type { Kernels } from '../wasm/abi.js';

// Bits of matmul's `flags`.
/** @internal */
export const TRANSPOSE_A = 1;
/** @internal */
export const TRANSPOSE_B = 2;
/** @internal Add to the output instead of overwriting it. */
export const ACCUMULATE = 4;
