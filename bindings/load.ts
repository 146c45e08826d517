// Chooses the fastest wasm build that the engine supports, instantiates it over a fresh memory, and starts the worker threads.
import { jsStringBuiltins, relaxedSimd, simd, threads as threadsSupported } from 'wasm-feature-detect';
import { Arena } from './engine/arena.js';
import type { Kernels } from './engine/kernels.js';
import { expectInteger, expectOneOf, failType } from './tensor/check.js';
import { Runtime } from './tensor/runtime.js';
import type { RuntimeInfo } from './tensor/runtime-options.js';

/** Options of `load`. */
export interface LoadOptions {
  /**
   * Wasm build. `'simd'` gives the same bits on every machine; `'relaxed'` uses fused multiply-adds: faster, but rounding is
   * implementation-defined. Default: the environment variable TAPEHEAD_VARIANT in Node, otherwise the faster one on this engine.
   */
  variant?: RuntimeInfo['variant'];
  /**
   * Number of threads that share large ops, including the calling thread, in [1, 64]. Results do not depend on it. Default: the
   * environment variable TAPEHEAD_THREADS in Node, otherwise the number of cores, at most 8.
   */
  threads?: number;
  /**
   * Wasm build to use instead of the embedded one, for example on edge runtimes: the bytes of `tapehead/simd.wasm`, its URL, or a
   * compiled module. A compiled module runs on one thread.
   */
  wasm?: WebAssembly.Module | BufferSource | URL | string;
  /** Maximum memory of the runtime in bytes, in [2^22, 2^32]. Default 2^32 (4 GiB). */
  maxMemory?: number;
}

interface Build {
  readonly variant: RuntimeInfo['variant'];
  readonly reason: string;
  readonly supported: () => Promise<boolean>;
  /** Whether the build is also fast on this engine; always if left out. */
  readonly fast?: () => Promise<boolean>;
  /** The module's bytes: deflated, in base64. */
  readonly embedded: () => Promise<{ wasm: string }>;
}

/** Best first: `load` takes the first one that the engine supports and runs fast. */
const builds: readonly Build[] = [
  {
    variant: 'relaxed',
    reason: 'the engine supports relaxed SIMD',
    supported: relaxedSimd,
    // V8 before 13, which also lacks string builtins, spills the registers of the larger tile: half the speed.
    fast: jsStringBuiltins,
    embedded: () => import('./wasm/relaxed.js'),
  },
  {
    variant: 'simd',
    reason: 'the engine supports 128-bit SIMD',
    supported: simd,
    embedded: () => import('./wasm/simd.js'),
  },
];

type Bytes = Uint8Array<ArrayBuffer>;

const GIBIBYTE = 2 ** 30;
const PAGE = 65536;
const INITIAL_PAGES = 32;
const MAX_THREADS = 64;
const MAX_DEFAULT_THREADS = 8;

/**
 * Loads the kernels and creates a runtime, which owns the memory of all tensors made with it. `runtime.info` says which build was
 * chosen, how many threads run, and why.
 *
 * Worker threads start in the background: ops run before they are up, on fewer threads. Where threads are unavailable, `load` falls
 * back to a single one.
 *
 * @param options Build, number of threads and maximum memory; the defaults suit most programs.
 * @returns The runtime.
 * @throws {RangeError} An option is out of its range.
 * @throws {TypeError} `wasm` is no module, bytes or URL, or is not a build of tapehead.
 * @throws {Error} The engine supports no build, or `wasm` cannot be fetched.
 *
 * @example
 * ```ts
 * import { load, matmul } from 'tapehead';
 * const runtime = await load();
 * const product = runtime.noGrad(() => {
 *   const a = runtime.tensor([1, 2, 3, 4], [2, 2]);
 *   return matmul(a, a).toArray();
 * });
 * console.log(product); // → Float32Array(4) [ 7, 10, 15, 22 ]
 * console.log(runtime.info.reason);
 * ```
 */
export async function load({ variant, threads, wasm, maxMemory = 4 * GIBIBYTE }: LoadOptions = {}): Promise<Runtime> {
  const env = globalThis.process?.env ?? {};
  expectInteger('load', 'maxMemory', maxMemory, 2 ** 22);
  const maxBytes = Math.min(maxMemory, 4 * GIBIBYTE);
  const build = await chooseBuild(variant ?? env.TAPEHEAD_VARIANT);
  let [count, why] = await chooseThreads(
    threads ?? (env.TAPEHEAD_THREADS === undefined ? undefined : Number(env.TAPEHEAD_THREADS)),
  );
  if (wasm instanceof WebAssembly.Module && count > 1) {
    [count, why] = [1, 'one thread, because a compiled module cannot import shared memory'];
  }
  if (count > 1) {
    try {
      return await open(build, count, why, wasm, maxBytes);
    } catch (error) {
      if (error instanceof TypeError) throw error;
      why = `one thread, because multithreading failed: ${(error as Error).message}`;
    }
  }
  return open(build, 1, why, wasm, maxBytes);
}

/** Opens a runtime over a fresh memory, shared if there are several threads. */
async function open(
  build: Build,
  count: number,
  why: string,
  wasm: LoadOptions['wasm'],
  maxBytes: number,
): Promise<Runtime> {
  const shared = count > 1;
  // Imported on demand: a single thread does not need it.
  const parallel = shared ? await import('./engine/parallel.js') : undefined;
  const memory = new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: Math.floor(maxBytes / PAGE), shared });
  const module = await compiled(build, wasm, parallel?.forSharedMemory);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = instance.exports as unknown as Kernels;
  const arena = new Arena(memory, kernels, count * kernels.matmulScratchBytes(), maxBytes);
  const info: RuntimeInfo = {
    variant: kernels.isRelaxed() ? 'relaxed' : 'simd',
    threads: count,
    reason: `${wasm === undefined ? build.reason : 'the wasm option was given'}; ${why}`,
  };
  if (parallel === undefined) return new Runtime(kernels, arena, info, undefined);
  const threads = new parallel.Threads(count, module, memory, instance);
  const runtime = new Runtime(parallel.sharedKernels(kernels, threads), arena, info, threads);
  threads.closeWith(runtime);
  return runtime;
}

async function compiled(
  build: Build,
  wasm: LoadOptions['wasm'],
  change: (bytes: Bytes) => Bytes = (bytes) => bytes,
): Promise<WebAssembly.Module> {
  const source = wasm === undefined ? await inflated((await build.embedded()).wasm) : await fetched(wasm);
  if (source instanceof WebAssembly.Module) return source;
  return WebAssembly.compile(change(source));
}

async function chooseBuild(variant: string | undefined): Promise<Build> {
  if (variant !== undefined) expectOneOf('load', 'variant', variant, ['simd', 'relaxed']);
  for (const build of builds) {
    if (variant !== undefined && variant !== build.variant) continue;
    if (!(await build.supported())) continue;
    if (variant !== undefined) return { ...build, reason: `variant ${variant} was requested` };
    if (build.fast === undefined || (await build.fast())) return build;
  }
  const [feature, engines] =
    variant === 'relaxed'
      ? ['relaxed', 'Node 22 or a browser of 2025']
      : ['WebAssembly', 'Node 16.4 or a browser of 2021'];
  throw new Error(`load: the engine must support ${feature} SIMD, as ${engines} or newer does`);
}

/** The number of threads and the reason for it. */
async function chooseThreads(given: number | undefined): Promise<[count: number, why: string]> {
  if (given !== undefined) {
    expectInteger('load', 'threads', given, 1, MAX_THREADS);
  }
  const os = globalThis.process?.getBuiltinModule?.('node:os');
  const cores = os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  const count = given ?? Math.min(cores, MAX_DEFAULT_THREADS);
  if (count === 1) return [1, given === 1 ? 'one thread, as requested' : 'one thread on one core'];
  if (!(await threadsSupported())) {
    return [1, 'one thread, because SharedArrayBuffer is unavailable (a page must be cross-origin isolated)'];
  }
  return [count, `${count} threads ${given === undefined ? `on ${cores} cores` : 'as requested'}`];
}

async function fetched(wasm: NonNullable<LoadOptions['wasm']>): Promise<WebAssembly.Module | Bytes> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (wasm instanceof ArrayBuffer) return new Uint8Array(wasm);
  if (ArrayBuffer.isView(wasm)) return new Uint8Array(wasm.buffer as ArrayBuffer, wasm.byteOffset, wasm.byteLength);
  if (typeof wasm !== 'string' && !(wasm instanceof URL)) {
    return failType('load', 'wasm', 'be a WebAssembly.Module, bytes, or a URL', wasm);
  }
  const response = await fetch(wasm);
  if (!response.ok) throw new Error(`load: cannot fetch wasm from ${wasm}: status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function inflated(base64: string): Promise<Bytes> {
  const characters = atob(base64);
  const deflated = new Uint8Array(characters.length);
  for (let i = 0; i < deflated.length; i++) deflated[i] = characters.charCodeAt(i);
  // The first Response in a Node process takes longer than all the rest of `load`.
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  if (zlib !== undefined) return new Uint8Array(zlib.inflateSync(deflated));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
