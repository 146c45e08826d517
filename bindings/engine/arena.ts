// The linear memory and its three regions; the one place that touches `memory.buffer` or grows it.
import type { Kernels } from './kernels.js';

const PAGE = 65536;
const ALIGNMENT = 64;
/** One page less than 4 GiB: the end of the last range would not fit 32 bits. */
const MAX_BYTES = 2 ** 32 - PAGE;
/** Up to this many floats are cleared in JavaScript: a call to the kernel costs more. */
const SMALL_CLEAR = 128;

/** @internal Persistent memory. Who holds the block keeps the memory: it is freed when the block is unreachable, or by `free`. */
export interface Block {
  readonly address: number;
  /** Number of floats. */
  readonly count: number;
}

/** @internal Bytes from `begin` to before `end`. */
interface Range {
  begin: number;
  end: number;
}

/**
 * @internal Allocates from one linear memory: a fixed scratch region, persistent memory above it, the step region on top.
 *
 * The step region is a stack (`mark`, `allocate`, `reset`). A persistent block takes the first hole that freed blocks left, or else
 * the top of the stack, which is then never reset below it; step memory below becomes a hole when the step ends.
 */
export class Arena {
  /** Address of the scratch region, which kernels may overwrite at any call. */
  readonly scratch = ALIGNMENT;
  readonly maxBytes: number;
  #heap: Float32Array;
  #size: number;
  #persistentTop: number;
  #top: number;
  #peak: number;
  /** Free ranges below `#persistentTop`, by address; no two are adjacent. */
  readonly #holes: Range[] = [];
  #holeBytes = 0;
  /** Step memory below persistent blocks that were allocated during the step: holes as soon as it ends. */
  #gaps: Range[] = [];
  readonly #unreachable = new FinalizationRegistry<Range>((range) => this.#release(range));

  constructor(
    readonly memory: WebAssembly.Memory,
    readonly kernels: Pick<Kernels, 'clear' | 'copy'>,
    scratchBytes: number,
    maxBytes: number,
  ) {
    this.maxBytes = Math.min(maxBytes, MAX_BYTES);
    this.#heap = new Float32Array(memory.buffer);
    this.#size = memory.buffer.byteLength;
    this.#persistentTop = this.#top = this.#peak = align(this.scratch + scratchBytes);
    this.#ensure(0);
  }

  /** Bytes in use: every region up to the step region's top, without holes. */
  get bytesInUse(): number {
    return this.#top - this.#holeBytes;
  }

  /** Most bytes ever in use at once. */
  get peakBytes(): number {
    return this.#peak;
  }

  /** The step region's top, to come back to with `reset`. */
  mark(): number {
    return this.#top;
  }

  /** Whether persistent memory has been taken from the top of the stack since `mark`. */
  isPinnedSince(mark: number): boolean {
    return this.#persistentTop > mark;
  }

  /** Frees everything that the step region got since `mark`. */
  reset(mark: number): void {
    this.#top = Math.max(mark, this.#persistentTop);
  }

  /** Frees the whole step region. */
  endStep(): void {
    this.#top = this.#persistentTop;
    for (const gap of this.#gaps.splice(0)) this.#release(gap);
    this.#lower();
  }

  /** Address of `count` uninitialised floats in the step region. */
  allocate(count: number): number {
    const address = this.#top;
    this.#ensure(count * 4);
    this.#top = align(address + count * 4);
    if (this.#top - this.#holeBytes > this.#peak) this.#peak = this.#top - this.#holeBytes;
    return address;
  }

  /** A block of `count` zeros. */
  allocatePersistent(count: number): Block {
    const bytes = align(count * 4);
    const hole = bytes === 0 ? undefined : this.#holes.find(({ begin, end }) => end - begin >= bytes);
    const address = hole === undefined ? this.#pin(count) : this.#fill(hole, bytes);
    this.zero(address, count);
    const block: Block = { address, count };
    this.#unreachable.register(block, { begin: address, end: address + bytes }, block);
    return block;
  }

  /** Throws a RangeError where `count` more persistent floats would not fit. */
  expectRoom(count: number): void {
    const bytes = align(count * 4);
    if (!this.#holes.some(({ begin, end }) => end - begin >= bytes)) this.#ensure(bytes);
  }

  /** Frees a block at once. Does nothing where it is free already. */
  free(block: Block): void {
    if (!this.#unreachable.unregister(block)) return;
    this.#release({ begin: block.address, end: block.address + align(block.count * 4) });
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
    // On shared memory `heap.fill` takes seven times as long as the kernel.
    if (count > SMALL_CLEAR) this.kernels.clear(address, count);
    else for (let i = start; i < start + count; i++) heap[i] = 0;
  }

  /** Copies floats within the memory; the ranges may overlap. */
  copy(target: number, source: number, count: number): void {
    this.kernels.copy(target, source, count);
  }

  /** Takes persistent memory from the top of the stack. */
  #pin(count: number): number {
    const begin = this.#persistentTop;
    const address = this.allocate(count);
    this.#persistentTop = this.#top;
    if (address > begin) this.#gaps.push({ begin, end: address });
    return address;
  }

  #fill(hole: Range, bytes: number): number {
    const address = hole.begin;
    hole.begin += bytes;
    this.#holeBytes -= bytes;
    if (hole.begin === hole.end) this.#holes.splice(this.#holes.indexOf(hole), 1);
    if (this.bytesInUse > this.#peak) this.#peak = this.bytesInUse;
    return address;
  }

  /** Adds a hole, merged with its neighbours. */
  #release({ begin, end }: Range): void {
    if (begin === end) return;
    const holes = this.#holes;
    let at = holes.findIndex((hole) => hole.begin > begin);
    if (at < 0) at = holes.length;
    const range = { begin, end };
    holes.splice(at, 0, range);
    this.#holeBytes += end - begin;
    const [before, after] = [holes[at - 1], holes[at + 1]];
    if (after?.begin === end) {
      range.end = after.end;
      holes.splice(at + 1, 1);
    }
    if (before?.end === begin) {
      before.end = range.end;
      holes.splice(at, 1);
    }
    this.#lower();
  }

  /** Gives a hole at the end of the persistent memory back to the stack, where no step holds memory above it. */
  #lower(): void {
    const last = this.#holes.at(-1);
    if (last?.end !== this.#persistentTop || this.#top !== this.#persistentTop || this.#gaps.length > 0) return;
    this.#holes.pop();
    this.#holeBytes -= last.end - last.begin;
    this.#persistentTop = this.#top = last.begin;
  }

  #ensure(bytes: number): void {
    const needed = this.#top + bytes;
    if (needed <= this.#size) return;
    const size = this.#size;
    const wanted = Math.min(Math.max(needed, size + Math.min(size, 64 * 1024 * PAGE)), this.maxBytes);
    try {
      if (!(needed <= this.maxBytes)) throw new RangeError();
      if (wanted > size) this.memory.grow(Math.ceil(wanted / PAGE) - size / PAGE);
    } catch {
      const used = `${this.bytesInUse} of ${this.maxBytes} in use`;
      throw new RangeError(`out of memory: cannot allocate ${bytes} bytes (${used})`);
    }
    this.#heap = new Float32Array(this.memory.buffer);
    this.#size = this.memory.buffer.byteLength;
  }
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
