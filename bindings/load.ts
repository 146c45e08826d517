// Picks the best wasm build the engine supports and instantiates it over a fresh memory.
import { instantiate } from '@assemblyscript/loader';
import { simd } from 'wasm-feature-detect';
import { Arena } from './arena.js';
import type { Kernels } from './kernels.js';
import { Runtime, type RuntimeInfo } from './runtime.js';
import { expectInteger, failType } from './shape.js';

export interface LoadOptions {
  /** The kernels, where the embedded copy is not wanted (strict pages, edge runtimes): a compiled module, bytes, or their URL. */
  wasm?: WebAssembly.Module | BufferSource | URL | string;
  /** Most bytes of memory the runtime may take. Default and largest: 4 GiB. */
  maxMemory?: number;
}

interface Build {
  readonly variant: RuntimeInfo['variant'];
  readonly reason: string;
  readonly supported: () => Promise<boolean>;
  readonly embedded: () => Promise<{ wasm: string }>;
}

/** Best first; the first that the engine supports is loaded. */
const builds: readonly Build[] = [
  {
    variant: 'simd',
    reason: 'the engine supports 128-bit SIMD',
    supported: simd,
    embedded: () => import('./wasm/simd.js'),
  },
];

const GIBIBYTE = 2 ** 30;

/**
 * Loads the kernels and returns the runtime everything else hangs on.
 * Throws an Error where the engine has no WebAssembly SIMD, a TypeError or RangeError for an option that cannot be used.
 */
export async function load({ wasm, maxMemory = 4 * GIBIBYTE }: LoadOptions = {}): Promise<Runtime> {
  expectInteger('load', 'maxMemory', maxMemory, 2 ** 22);
  const maxBytes = Math.min(maxMemory, 4 * GIBIBYTE);
  const build = await firstSupported();
  const memory = new WebAssembly.Memory({ initial: 32 });
  const source = wasm === undefined ? decode((await build.embedded()).wasm) : await fetched(wasm);
  const { instance } = await instantiate(source, { env: { memory } });
  // The loader's own `exports` wrap every call; the instance's do not.
  const kernels = instance.exports as unknown as Kernels;
  const arena = new Arena(memory, kernels.matmulScratchBytes(), maxBytes);
  return new Runtime(kernels, arena, { variant: build.variant, threads: 1, reason: build.reason });
}

async function firstSupported(): Promise<Build> {
  for (const build of builds) if (await build.supported()) return build;
  throw new Error(
    'load: the engine must support WebAssembly SIMD, got one that does not (Node 16.4, or a browser of 2021 or newer, does)',
  );
}

async function fetched(wasm: NonNullable<LoadOptions['wasm']>): Promise<WebAssembly.Module | BufferSource> {
  if (typeof wasm !== 'string' && !(wasm instanceof URL)) {
    if (wasm instanceof WebAssembly.Module || wasm instanceof ArrayBuffer || ArrayBuffer.isView(wasm)) return wasm;
    return failType('load', 'wasm', 'be a WebAssembly.Module, bytes, or a URL', wasm);
  }
  const response = await fetch(wasm);
  if (!response.ok) throw new Error(`load: wasm must be found at its URL, got status ${response.status} for ${wasm}`);
  return response.arrayBuffer();
}

function decode(base64: string): BufferSource {
  const characters = atob(base64);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}
