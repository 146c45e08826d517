// Flat buffers: the values of all parameters one after another, and their gradients likewise.
import type { Block } from '../engine/arena.js';
import type { Runtime } from './runtime.js';
import type { Owned, Tensor } from './tensor.js';

/** @internal Flat buffers of values and gradients, or a range of them. */
export interface Flat {
  /** Address of the values. */
  readonly pointer: number;
  /** Address of the gradients. */
  readonly gradPointer: number;
  /** Length of both in floats, gaps of zeros included. */
  readonly length: number;
}

/** @internal A range of floats, in a flat buffer or of the memory. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

/** Floats that tensors of these sizes take in a flat buffer. */
export function flatLength(tensors: Iterable<Tensor>): number {
  let bytes = 0;
  for (const { size } of tensors) bytes = after(bytes, size);
  return bytes / 4;
}

/** Moves values and gradients into flat buffers. Values that lie one after another already stay. */
export function layOut(runtime: Runtime, tensors: readonly Tensor[]): Flat & { readonly blocks: readonly Block[] } {
  const { arena } = runtime;
  const length = flatLength(tensors);
  const first = tensors[0]?.pointer ?? 0;
  const end = tensors.reduce((next, { pointer, size }) => (pointer === next ? after(pointer, size) : -1), first);
  const gradients = arena.allocatePersistent(length);
  let values: Block | undefined;
  if (end === -1) {
    try {
      values = arena.allocatePersistent(length);
    } catch (error) {
      arena.free(gradients);
      throw error;
    }
  }
  let offset = 0;
  for (const tensor of tensors) {
    moveGradient(runtime, tensor, gradients, offset);
    if (values !== undefined) moveValues(runtime, tensor, values, offset);
    offset = after(offset, tensor.size);
  }
  const blocks = values === undefined ? [gradients] : [values, gradients];
  return { pointer: values?.address ?? first, gradPointer: gradients.address, length, blocks };
}

/** The tensors that are not frozen, as ranges of the flat buffers in floats: a single one where none is. */
export function trainedSpans({ pointer, length }: Flat, tensors: Iterable<Tensor>): Span[] {
  const spans: { start: number; length: number }[] = [];
  let joined = false;
  for (const tensor of tensors) {
    const start = (tensor.pointer - pointer) / 4;
    const end = start + after(0, tensor.size) / 4;
    const last = spans.at(-1);
    if (!tensor.requiresGrad) joined = false;
    else if (joined && last !== undefined) last.length = end - last.start;
    else joined = spans.push({ start, length: end - start }) > 0;
  }
  return spans.length === 1 && spans[0]?.length === length ? [{ start: 0, length }] : spans;
}

function moveGradient(runtime: Runtime, tensor: Tensor, gradients: Block, offset: number): void {
  const [address, old] = [gradients.address + offset, tensor.gradAddress];
  const { values, gradient, parameter } = tensor.owned as Owned;
  if (old !== 0) runtime.arena.copy(address, old, tensor.size);
  if (gradient !== undefined) runtime.retire(gradient);
  tensor.gradAddress = address;
  tensor.owned = { values, gradient: gradients, parameter };
}

/** The running step may still read the old values by their address: they are freed when it ends. */
function moveValues(runtime: Runtime, tensor: Tensor, values: Block, offset: number): void {
  const { values: old, gradient, parameter } = tensor.owned as Owned;
  runtime.arena.copy(values.address + offset, tensor.pointer, tensor.size);
  if (old !== undefined) runtime.retire(old);
  tensor.address = values.address + offset;
  tensor.owned = { values, gradient, parameter };
}

/** The address at which the arena puts what follows `size` floats at `address`. */
function after(address: number, size: number): number {
  return Math.ceil((address + size * 4) / 64) * 64;
}
