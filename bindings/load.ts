// Picks the best wasm build the engine supports, instantiates it over a fresh memory, and starts its threads.
import { jsStringBuiltins, relaxedSimd, simd, threads as threadsSupported } from 'wasm-feature-detect';
import { Arena } from './engine/arena.js';
import type { Kernels } from './engine/kernels.js';
import { expectInteger, fail, failType } from './tensor/check.js';
import { Runtime, type RuntimeInfo } from './tensor/runtime.js';

/** What `load` can be asked for. */
export interface LoadOptions {
  /**
   * The build: `simd`, with which the same seed gives the same bits on any engine, or `relaxed`, whose fused multiply-adds are faster
   * and may round differently from machine to machine. Default: TAPEHEAD_VARIANT in Node, or else the faster one on this engine.
   */
  variant?: RuntimeInfo['variant'];
  /**
   * Threads that share large ops, the calling one included: 1 to 64. Results do not depend on it. Default: TAPEHEAD_THREADS in Node, or
   * else one a core, up to 8.
   */
  threads?: number;
  /**
   * The kernels, where the embedded copy is not wanted (edge runtimes): bytes of `tapehead/simd.wasm`, its URL, or a compiled
   * module, which runs on one thread.
   */
  wasm?: WebAssembly.Module | BufferSource | URL | string;
  /** Most bytes of memory the runtime may take. Default and largest: 4 GiB. */
  maxMemory?: number;
}

interface Build {
  readonly variant: RuntimeInfo['variant'];
  readonly reason: string;
  readonly supported: () => Promise<boolean>;
  /** Whether the build is also fast there, if that is in question. */
  readonly fast?: () => Promise<boolean>;
  /** The module's bytes: deflated, in base64. */
  readonly embedded: () => Promise<{ wasm: string }>;
}

/** Best first; the first that the engine supports, and runs fast, is loaded. */
const builds: readonly Build[] = [
  {
    variant: 'relaxed',
    reason: 'the engine supports relaxed SIMD',
    supported: relaxedSimd,
    // V8 before 13, which has no string builtins either, spills the registers of the larger tile: half the speed.
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
const FIRST_PAGES = 32;
const MOST_THREADS = 64;
const MOST_THREADS_BY_DEFAULT = 8;

/**
 * Loads the kernels and returns the runtime everything else hangs on; `runtime.info` says which build runs on how many threads, and why.
 * Throws an Error where the engine does not support the build, a TypeError or RangeError for an option that cannot be used.
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
    [count, why] = [1, 'one thread, because a compiled module cannot take a shared memory'];
  }
  if (count > 1) {
    try {
      return await open(build, count, why, wasm, maxBytes);
    } catch (error) {
      if (error instanceof TypeError) throw error;
      why = `one thread, because several could not start: ${(error as Error).message}`;
    }
  }
  return open(build, 1, why, wasm, maxBytes);
}

/** The runtime, over a memory that is shared if there are several threads. */
async function open(
  build: Build,
  count: number,
  why: string,
  wasm: LoadOptions['wasm'],
  maxBytes: number,
): Promise<Runtime> {
  const shared = count > 1;
  // Loaded only where it is needed: one thread does without.
  const parallel = shared ? await import('./engine/parallel.js') : undefined;
  const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: Math.floor(maxBytes / PAGE), shared });
  const module = await compiled(build, wasm, parallel?.forSharedMemory);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = instance.exports as unknown as Kernels;
  const arena = new Arena(memory, kernels, count * kernels.matmulScratchBytes(), maxBytes);
  const info: RuntimeInfo = {
    variant: kernels.isRelaxed() ? 'relaxed' : 'simd',
    threads: count,
    reason: `${wasm === undefined ? build.reason : 'the kernels were given'}; ${why}`,
  };
  if (parallel === undefined) return new Runtime(kernels, arena, info, undefined);
  const threads = new parallel.Threads(count, module, memory, instance);
  const runtime = new Runtime(parallel.sharedKernels(kernels, threads), arena, info, threads);
  threads.endWith(runtime);
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
  if (variant !== undefined && !builds.some((build) => build.variant === variant)) {
    fail('load', 'variant', `be ${builds.map((build) => build.variant).join(' or ')}`, variant);
  }
  for (const build of builds) {
    if (variant !== undefined && variant !== build.variant) continue;
    if (!(await build.supported())) continue;
    if (variant !== undefined) return { ...build, reason: 'it was asked for' };
    if (build.fast === undefined || (await build.fast())) return build;
  }
  const [what, who] =
    variant === 'relaxed'
      ? ['relaxed', 'Node 22, or a browser of 2025,']
      : ['WebAssembly', 'Node 16.4, or a browser of 2021 or newer,'];
  throw new Error(`load: the engine must support ${what} SIMD, got one that does not (${who} does)`);
}

/** How many threads, and why so many. */
async function chooseThreads(given: number | undefined): Promise<[count: number, why: string]> {
  if (given !== undefined) {
    expectInteger('load', 'threads', given, 1);
    if (given > MOST_THREADS) fail('load', 'threads', `be at most ${MOST_THREADS}`, given);
  }
  const os = globalThis.process?.getBuiltinModule?.('node:os');
  const cores = os?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
  const count = given ?? Math.min(cores, MOST_THREADS_BY_DEFAULT);
  if (count === 1) return [1, given === 1 ? 'one thread, as asked for' : 'one thread, because there is one core'];
  if (!(await threadsSupported())) {
    return [1, 'one thread, because there is no SharedArrayBuffer (a page must be cross-origin isolated)'];
  }
  return [count, `${count} threads, ${given === undefined ? `for ${cores} cores` : 'as asked for'}`];
}

async function fetched(wasm: NonNullable<LoadOptions['wasm']>): Promise<WebAssembly.Module | Bytes> {
  if (wasm instanceof WebAssembly.Module) return wasm;
  if (wasm instanceof ArrayBuffer) return new Uint8Array(wasm);
  if (ArrayBuffer.isView(wasm)) return new Uint8Array(wasm.buffer as ArrayBuffer, wasm.byteOffset, wasm.byteLength);
  if (typeof wasm !== 'string' && !(wasm instanceof URL)) {
    return failType('load', 'wasm', 'be a WebAssembly.Module, bytes, or a URL', wasm);
  }
  const response = await fetch(wasm);
  if (!response.ok) throw new Error(`load: wasm must be found at its URL, got status ${response.status} for ${wasm}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function inflated(base64: string): Promise<Bytes> {
  const characters = atob(base64);
  const deflated = new Uint8Array(characters.length);
  for (let i = 0; i < deflated.length; i++) deflated[i] = characters.charCodeAt(i);
  // Until Node has a Response for the first time it takes longer than all the rest of `load`.
  const zlib = globalThis.process?.getBuiltinModule?.('node:zlib');
  if (zlib !== undefined) return new Uint8Array(zlib.inflateSync(deflated));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
