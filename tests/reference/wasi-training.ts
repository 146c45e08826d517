// The training of the WASI command (assembly/wasi/) through the public API, for any engine: nothing here is Node's.
import { KernelMemory, mul, Random, type Runtime } from '../../index.js';

const ROWS = 48;
const KEY_SIZE = 3;

/** The kernel memory that the command trains: it reads the squares of a query. */
export async function wasiTwin(runtime: Runtime): Promise<KernelMemory> {
  const random = new Random(runtime, 1);
  const queries = random.normal([ROWS, KEY_SIZE]);
  const squares = runtime.zeros([ROWS, KEY_SIZE]).set(runtime.noGrad(() => mul(queries, queries).toArray()));
  const sizes = { memorySize: 6, iterations: 200, learningRate: 0.05, ridge: 1e-6 };
  return KernelMemory.fit(runtime, queries, squares, { ...sizes, random });
}

/** FNV-1a of 64 bits over keys, then values, as the command prints it. */
export function weightsHash({ keys, values }: KernelMemory): string {
  let hash = 0xcbf29ce484222325n;
  for (const tensor of [keys, values]) {
    for (const byte of new Uint8Array(tensor.toArray().buffer)) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    }
  }
  return hash.toString(16).padStart(16, '0');
}
