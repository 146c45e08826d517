// The typed kernel table: what the wasm module exports, and the flags its kernels take.

export type { Kernels } from '../wasm/abi.js';

/** Bits of matmul's `flags`. */
export const TRANSPOSE_A = 1;
export const TRANSPOSE_B = 2;
export const ACCUMULATE = 4;
