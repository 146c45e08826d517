// The linear memory and its three regions; the one place that touches `memory.buffer` or grows it.
import type { Kernels } from './kernels.js';

const PAGE = 65536;
const ALIGNMENT = 64;
const FEW = 128;

/**
 * Bump allocation over one linear memory: scratch (fixed at the start), then persistent, then step.
 * The persistent region grows only while the step region is empty, so neither needs a free list.
 */
export class Arena {
  /** Address of the scratch region, which kernels may overwrite at any call. */
  readonly scratch = ALIGNMENT;
  #heap: Float32Array;
  #size: number;
  #persistentTop: number;
  #top: number;
  #peak: number;

  constructor(
    readonly memory: WebAssembly.Memory,
    readonly kernels: Pick<Kernels, 'clear' | 'copy'>,
    scratchBytes: number,
    readonly maxBytes: number,
  ) {
    this.#heap = new Float32Array(memory.buffer);
    this.#size = memory.buffer.byteLength;
    this.#persistentTop = this.#top = this.#peak = align(this.scratch + scratchBytes);
    this.#ensure(0);
  }

  /** Bytes in use: every region, up to the step region's top. */
  get bytesInUse(): number {
    return this.#top;
  }

  /** Most bytes ever in use at once. */
  get peakBytes(): number {
    return this.#peak;
  }

  /** The step region's top, to come back to with `reset`. */
  mark(): number {
    return this.#top;
  }

  /** Gives back everything the step region got since `mark`. */
  reset(mark: number): void {
    // Something persistent may have been made first thing in a step.
    this.#top = Math.max(mark, this.#persistentTop);
  }

  /** Address of `count` uninitialised floats in the step region. */
  allocate(count: number): number {
    const address = this.#top;
    this.#ensure(count * 4);
    this.#top = align(address + count * 4);
    if (this.#top > this.#peak) this.#peak = this.#top;
    return address;
  }

  /** Address of `count` zeros that stay for good; only while the step region is empty. */
  allocatePersistent(count: number): number {
    if (this.#top !== this.#persistentTop) {
      throw new RangeError('allocate: persistent tensors and parameters must be made outside runtime.step');
    }
    const address = this.allocate(count);
    this.#persistentTop = this.#top;
    this.zero(address, count);
    return address;
  }

  read(address: number, count: number): Float32Array {
    return this.#heap.slice(address >>> 2, (address >>> 2) + count);
  }

  readOne(address: number): number {
    return this.#heap[address >>> 2] as number;
  }

  write(address: number, data: ArrayLike<number>): void {
    this.#heap.set(data, address >>> 2);
  }

  writeIntegers(address: number, data: ArrayLike<number>): void {
    new Int32Array(this.memory.buffer, address, data.length).set(data);
  }

  readUnsigned(address: number, count: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, address, count).slice();
  }

  zero(address: number, count: number): void {
    const [start, heap] = [address >>> 2, this.#heap];
    // A call costs more than to clear a few numbers; on shared memory `heap.fill` would take seven times as long.
    if (count > FEW) this.kernels.clear(address, count);
    else for (let i = start; i < start + count; i++) heap[i] = 0;
  }

  /** Copies floats within the memory; the ranges may overlap. */
  copy(target: number, source: number, count: number): void {
    this.kernels.copy(target, source, count);
  }

  #ensure(bytes: number): void {
    const needed = this.#top + bytes;
    if (needed <= this.#size) return;
    const size = this.#size;
    const wanted = Math.min(Math.max(needed, size + Math.min(size, 64 * 1024 * PAGE)), this.maxBytes);
    try {
      if (needed > this.maxBytes) throw new RangeError();
      if (wanted > size) this.memory.grow(Math.ceil(wanted / PAGE) - size / PAGE);
    } catch {
      throw new RangeError(
        `allocate: the memory must hold ${bytes} more bytes, got ${this.#top} in use of at most ${this.maxBytes}`,
      );
    }
    this.#heap = new Float32Array(this.memory.buffer);
    this.#size = this.memory.buffer.byteLength;
  }
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
