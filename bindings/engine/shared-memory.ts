// Shared wasm memory that counts for the garbage collector.

const PAGE = 65536;
/** Memory of a worker beside the shared one. */
const WORKER_BYTES = 2 ** 23;
/** V8 starts a collection after every 64 MiB. */
const MAX_COUNTED_BYTES = 2 ** 26;

/**
 * A shared memory that makes the garbage collector run.
 *
 * V8 counts neither shared memory nor workers, so that closed and unreachable runtimes would pile up. This memory holds an ArrayBuffer of
 * the same size, which V8 counts; nothing writes to it, so that it takes address space alone.
 *
 * @internal
 */
export class SharedMemory extends WebAssembly.Memory {
  readonly #workers: number;
  #counted = new ArrayBuffer(0);

  /**
   * Creates a shared memory.
   *
   * @param initial Initial size in pages of 64 KiB.
   * @param maximum Maximum size in pages.
   * @param workers Number of workers that share it.
   */
  constructor(initial: number, maximum: number, workers: number) {
    super({ initial, maximum, shared: true });
    this.#workers = workers;
    this.#count(initial);
  }

  override grow(pages: number): number {
    const before = super.grow(pages);
    this.#count(before + pages);
    return before;
  }

  #count(pages: number): void {
    const bytes = Math.min(pages * PAGE + this.#workers * WORKER_BYTES, MAX_COUNTED_BYTES);
    if (bytes <= this.#counted.byteLength) return;
    try {
      this.#counted = new ArrayBuffer(bytes);
    } catch {
      // Address space is scarce: the memory itself matters more.
    }
  }
}
