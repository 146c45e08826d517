// Chooses the fastest wasm build that the engine supports, instantiates it over a fresh memory, and starts the worker threads.
import { jsStringBuiltins, relaxedSimd, simd, threads as threadsSupported } from 'wasm-feature-detect';
import { Arena } from './engine/arena.js';
import { bytesOf, tagOf } from './engine/bytes.js';
import { embedded } from './engine/families.js';
import { inflated } from './engine/inflate.js';
import { instantiate, type Kernels } from './engine/kernels.js';
import {
  describe,
  expectInteger,
  expectOneOf,
  expectOptions,
  fail,
  failType,
  type OptionKeys,
} from './tensor/check.js';
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
  wasm?: WebAssembly.Module | ArrayBuffer | SharedArrayBuffer | ArrayBufferView | URL | string;
  /** Maximum memory of the runtime in bytes, in [2^22, 2^32]. Default 2^32 (4 GiB). */
  maxMemory?: number;
}

interface Build {
  readonly variant: RuntimeInfo['variant'];
  readonly reason: string;
  readonly supported: () => Promise<boolean>;
  /** Whether the build is also fast on this engine; always if left out. */
  readonly fast?: () => Promise<boolean>;
}

/** Best first: `load` takes the first one that the engine supports and runs fast. */
const builds: readonly Build[] = [
  {
    variant: 'relaxed',
    reason: 'the engine supports relaxed SIMD',
    supported: relaxedSimd,
    // V8 before 13, which also lacks string builtins, spills the registers of the larger tile: half the speed.
    fast: jsStringBuiltins,
  },
  {
    variant: 'simd',
    reason: 'the engine supports 128-bit SIMD',
    supported: simd,
  },
];

const OPTIONS: OptionKeys<LoadOptions> = { variant: true, threads: true, wasm: true, maxMemory: true };

type Bytes = Uint8Array<ArrayBuffer>;

/** How many threads a runtime gets, and why. */
interface ThreadChoice {
  readonly count: number;
  readonly reason: string;
  /** Whether the caller or the environment named the number. */
  readonly requested?: boolean;
}

const MIN_MEMORY = 2 ** 22;
const MAX_MEMORY = 2 ** 32;
const PAGE = 65536;
const INITIAL_PAGES = 32;
const MAX_THREADS = 64;
const MAX_DEFAULT_THREADS = 8;
const WASM_MAGIC = [0, 97, 115, 109];
const MAX_REASON_LENGTH = 80;

/**
 * Loads the kernels and creates a runtime, which owns the memory of all tensors made with it. `runtime.info` says which build was
 * chosen, how many threads run, and why.
 *
 * Of the embedded kernels, `load` loads those of the ops, models and optimizers imported so far: import everything before calling it.
 * That matters to code in chunks that a bundler loads on demand; an op in a later chunk throws an Error.
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
export async function load(options: LoadOptions = {}): Promise<Runtime> {
  const { variant, threads, wasm, maxMemory = MAX_MEMORY } = expectOptions('load', options, OPTIONS);
  expectInteger('load', 'maxMemory', maxMemory, MIN_MEMORY, MAX_MEMORY);
  const [requestedVariant, requestedThreads] = [expectVariant(variant), expectThreads(threads)];
  if (typeof WebAssembly === 'undefined') {
    throw new Error('load: the engine must have WebAssembly, which node --jitless switches off');
  }
  const given = wasm === undefined ? undefined : await readWasm(wasm);
  const build = await chooseBuild(requestedVariant);
  let choice = await chooseThreads(requestedThreads);
  if (tagOf(given) === 'WebAssembly.Module' && choice.count > 1) {
    choice = { count: 1, reason: 'one thread, because a compiled module cannot import shared memory' };
  }
  try {
    return await open(build, choice, given, maxMemory);
  } catch (error) {
    if (choice.count === 1 || isRefusal(error, choice)) throw error;
    const reason = `one thread, because multithreading failed: ${(error as Error).message}`;
    return open(build, { count: 1, reason }, given, maxMemory);
  }
}

/** Whether an error blames the caller, not the lack of something that only threads need. */
function isRefusal(error: unknown, { requested = false }: ThreadChoice): boolean {
  return (error as Error).message.startsWith('load: ') && (requested || !(error instanceof RangeError));
}

/** Opens a runtime over a fresh memory, shared if there are several threads. */
async function open(
  build: Build,
  { count, reason }: ThreadChoice,
  given: WebAssembly.Module | Bytes | undefined,
  maxMemory: number,
): Promise<Runtime> {
  // Imported on demand: a single thread does not need it.
  const parallel = count > 1 ? await import('./engine/parallel.js') : undefined;
  const maximum = Math.floor(maxMemory / PAGE);
  const memory =
    parallel === undefined
      ? new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum })
      : new parallel.SharedMemory(INITIAL_PAGES, maximum, count - 1);
  const sources =
    given === undefined ? embedded(build.variant).map(async (module) => inflated((await module).wasm)) : [given];
  const modules = await Promise.all(sources.map(async (source) => compile(await source, parallel?.forSharedMemory)));
  const kernels = await kernelsFrom(modules, memory, given !== undefined);
  const scratchBytes = count * kernels.matmulScratchBytes();
  const minMemory = INITIAL_PAGES * PAGE + scratchBytes;
  if (maxMemory < minMemory) fail('load', 'maxMemory', `be ≥ ${minMemory} for ${count} threads`, maxMemory);
  const arena = new Arena(memory, kernels, scratchBytes, maxMemory);
  const info: RuntimeInfo = {
    variant: kernels.isRelaxed() ? 'relaxed' : 'simd',
    threads: count,
    reason: `${given === undefined ? build.reason : 'the wasm option was given'}; ${reason}`,
  };
  if (parallel === undefined) return new Runtime(kernels, arena, info, undefined);
  const threads = new parallel.Threads(count, modules, memory, kernels);
  const runtime = new Runtime(parallel.sharedKernels(kernels, threads), arena, info, threads);
  threads.closeWith(runtime);
  return runtime;
}

/** The module as it is, or that of the bytes after `patch`. */
async function compile(
  source: WebAssembly.Module | Bytes,
  patch: (bytes: Bytes) => Bytes = (bytes) => bytes,
): Promise<WebAssembly.Module> {
  if (!(source instanceof Uint8Array)) return source;
  const bytes = patch(source);
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new Error(`load: cannot compile wasm: ${(error as Error).message}`, { cause: error });
  }
}

async function kernelsFrom(
  modules: readonly WebAssembly.Module[],
  memory: WebAssembly.Memory,
  given: boolean,
): Promise<Kernels> {
  const condition = 'be a build of tapehead, such as tapehead/simd.wasm';
  try {
    const kernels = await instantiate(modules, memory);
    if (typeof kernels.matmulScratchBytes === 'function') return kernels;
  } catch (error) {
    // A LinkError or TypeError: other imports, or no module at all.
    if (!given || error instanceof RangeError) throw error;
  }
  return failType('load', 'wasm', condition, modules[0]);
}

/** The variant that was requested, if any. */
function expectVariant(given: unknown): RuntimeInfo['variant'] | undefined {
  const variant = given === undefined ? environment('TAPEHEAD_VARIANT') : given;
  if (variant === undefined) return undefined;
  expectOneOf('load', given === undefined ? 'TAPEHEAD_VARIANT' : 'variant', variant, ['simd', 'relaxed']);
  return variant;
}

/** The number of threads that was requested, if any. */
function expectThreads(given: number | undefined): number | undefined {
  if (given !== undefined) {
    expectInteger('load', 'threads', given, 1, MAX_THREADS);
    return given;
  }
  const text = environment('TAPEHEAD_THREADS');
  if (text === undefined) return undefined;
  const count = Number(text);
  if (!(Number.isInteger(count) && count >= 1 && count <= MAX_THREADS)) {
    fail('load', 'TAPEHEAD_THREADS', `be an integer in [1, ${MAX_THREADS}]`, text);
  }
  return count;
}

/** An environment variable of Node; undefined if it is unset or empty. */
function environment(name: string): string | undefined {
  return globalThis.process?.env?.[name] || undefined;
}

async function chooseBuild(variant: RuntimeInfo['variant'] | undefined): Promise<Build> {
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

async function chooseThreads(requested: number | undefined): Promise<ThreadChoice> {
  if (requested === 1) return { count: 1, reason: 'one thread, as requested' };
  const { process, navigator } = globalThis;
  if (process?.versions?.node !== undefined && process.getBuiltinModule === undefined) {
    // Bundlers understand no other way to Node's modules that a page can do without.
    return { count: 1, reason: 'one thread, because Node before 20.16 and 22.3 has no process.getBuiltinModule' };
  }
  const os = process?.getBuiltinModule?.('node:os');
  const cores = os?.availableParallelism() ?? navigator?.hardwareConcurrency ?? 1;
  const count = requested ?? Math.min(cores, MAX_DEFAULT_THREADS);
  if (count === 1) return { count, reason: 'one thread on one core' };
  if (!(await threadsSupported())) {
    const reason = 'one thread, because SharedArrayBuffer is unavailable (a page must be cross-origin isolated)';
    return { count: 1, reason };
  }
  if (requested === undefined) return { count, reason: `${count} threads on ${cores} cores` };
  return { count, reason: `${count} threads as requested`, requested: true };
}

async function readWasm(wasm: NonNullable<LoadOptions['wasm']>): Promise<WebAssembly.Module | Bytes> {
  const tag = tagOf(wasm);
  if (tag === 'WebAssembly.Module') return wasm as WebAssembly.Module;
  const bytes = tag === 'String' || tag === 'URL' ? await fetched(String(wasm)) : bytesOf(wasm);
  if (bytes === undefined) return failType('load', 'wasm', 'be a WebAssembly.Module, bytes, or a URL', wasm);
  if (!WASM_MAGIC.every((byte, i) => bytes[i] === byte)) {
    failType('load', 'wasm', 'be a WebAssembly binary, which begins with \\0asm', wasm);
  }
  return bytes;
}

async function fetched(url: string): Promise<Bytes> {
  let reason: string;
  try {
    const response = await fetch(url);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    reason = `status ${response.status}`;
  } catch (error) {
    const { cause, message } = error as Error;
    reason = cause instanceof Error ? cause.message : message;
  }
  throw new Error(`load: cannot fetch wasm from ${describe(url)}: ${reason.slice(0, MAX_REASON_LENGTH)}`);
}
