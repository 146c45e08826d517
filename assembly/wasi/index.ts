// A command for WASI runtimes: trains a small kernel memory from a fixed seed, all in WebAssembly, and prints the hash
// of its weights.
import { mul } from '../elementwise';
import { normal } from '../random';
import { KernelMemory } from './kernel-memory';

// The same training through the public API is tests/reference/wasi-training.ts: change one, change both.
const SEED: u32 = 1;
const ROWS: u32 = 48;
const MEMORY_SIZE: u32 = 6;
const KEY_SIZE: u32 = 3;
const ITERATIONS: u32 = 200;
const LEARNING_RATE: f64 = 0.05;
const RIDGE: f64 = 1e-6;
const INITIAL_STD: f32 = 0.01;

/** Offset basis of 64-bit FNV-1a. */
const OFFSET_BASIS: u64 = ((<u64>0xcbf29ce4) << 32) | 0x84222325;

console.log(trainedHash().toString(16).padStart(16, '0'));

/**
 * Trains the memory to read the squares of a query. The hash is over keys, then values; exported for engines that
 * cannot print.
 */
export function trainedHash(): u64 {
  const size = ROWS * KEY_SIZE;
  const keys = MEMORY_SIZE * KEY_SIZE;
  const queries = heap.alloc(4 * size);
  const squares = heap.alloc(4 * size);
  const memory = new KernelMemory(MEMORY_SIZE, KEY_SIZE, KEY_SIZE);
  normal(queries, size, 0, 1, SEED, 0, 0, 0, 0, 0);
  mul(squares, queries, queries, size);
  // A block of the stream has four numbers; the keys follow the queries.
  normal(memory.keys, keys, 0, INITIAL_STD, SEED, 0, (size + 3) / 4, 0, 0, 0);
  memory.fit(queries, squares, ROWS, ITERATIONS, LEARNING_RATE, RIDGE);
  return fnv1a(fnv1a(OFFSET_BASIS, memory.keys, 4 * keys), memory.values, 4 * keys);
}

/** FNV-1a of 64 bits, continued from `hash` over `length` bytes. */
function fnv1a(hash: u64, bytes: usize, length: u32): u64 {
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(bytes + i)) * 0x100000001b3;
  return hash;
}
