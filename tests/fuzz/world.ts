// The objects that generated calls use: two runtimes, and on the first one an instance of every class.
import type { Block } from '../../bindings/engine/arena.js';
import * as tapehead from '../../index.js';
import { collectUntil } from '../support/garbage.js';

const small = { narrow: 3, wide: 4, residual: 2, residualBlocks: 1, latentSize: 2 };
const rows = (count: number, columns: number) => ({
  shape: [count, columns],
  data: Float32Array.from({ length: count * columns }, (_, i) => Math.sin(i)),
});

/** Creates a valid instance of each class. */
const builders: Record<string, (world: World) => object> = {
  Tensor: ({ runtime }) => runtime.tensor([1, 2, 3, 4, 5, 6], [2, 3], { requiresGrad: true }),
  Runtime: ({ runtime }) => runtime,
  Random: ({ random }) => random,
  Parameters: ({ runtime }) => {
    const parameters = new tapehead.Parameters(runtime);
    parameters.create('w', [2, 3]);
    parameters.createBuffer('b', [2]);
    return parameters;
  },
  ParameterScope: ({ runtime }) => new tapehead.Parameters(runtime).scope('scope'),
  NormalEquations: ({ runtime }) => new tapehead.NormalEquations(runtime, 3, 2),
  SGD: ({ parameters }) => new tapehead.SGD(parameters, { momentum: 0.9 }),
  Adam: ({ parameters }) => new tapehead.Adam(parameters, { amsgrad: true }),
  AdamW: ({ parameters }) => new tapehead.AdamW(parameters),
  RMSprop: ({ parameters }) => new tapehead.RMSprop(parameters, { momentum: 0.9, centered: true }),
  Linear: ({ runtime, random }) => new tapehead.Linear(new tapehead.Parameters(runtime), 3, 2, random),
  LSTMCell: ({ runtime, random }) => new tapehead.LSTMCell(new tapehead.Parameters(runtime), 3, 2, random),
  BatchNorm1d: ({ runtime }) => new tapehead.BatchNorm1d(new tapehead.Parameters(runtime), 3),
  Conv2d: ({ runtime, random }) =>
    new tapehead.Conv2d(new tapehead.Parameters(runtime), 2, 3, 3, random, { padding: 1 }),
  ConvTranspose2d: ({ runtime, random }) =>
    new tapehead.ConvTranspose2d(new tapehead.Parameters(runtime), 2, 3, 3, random, { stride: 2 }),
  AddressNetwork: ({ runtime, random }) =>
    new tapehead.AddressNetwork(new tapehead.Parameters(runtime), [3, 4, 5], random),
  GumbelMemory: ({ runtime, random }) =>
    new tapehead.GumbelMemory(runtime, { bank: runtime.zeros([5, 2]), inputSize: 3, hiddenSizes: [4], random }),
  KernelMemory: ({ runtime }) => new tapehead.KernelMemory(runtime, { memorySize: 3, keySize: 2, valueSize: 2 }),
  KernelMemoryFit: ({ runtime, random }) =>
    tapehead.KernelMemory.startFit(runtime, rows(6, 2), rows(6, 1), { memorySize: 3, random }),
  NTM: ({ runtime, random }) =>
    new tapehead.NTM(runtime, { inputSize: 3, outputSize: 2, controllerSize: 4, memorySize: 5, wordSize: 3, random }),
  LSTMBaseline: ({ runtime, random }) =>
    new tapehead.LSTMBaseline(runtime, { inputSize: 3, outputSize: 2, hiddenSize: 4, layers: 1, random }),
  MemoryVAE: ({ runtime, random }) => new tapehead.MemoryVAE(runtime, { ...small, memorySize: 4, random }),
  VQVAE: ({ runtime, random }) => new tapehead.VQVAE(runtime, { ...small, codebookSize: 4, random }),
  GaussianVAE: ({ runtime, random }) => new tapehead.GaussianVAE(runtime, { ...small, random }),
  LatentMixture: (world) => {
    const images = world.random.uniform([4, 3, 8, 8]);
    const model = world.instance('MemoryVAE') as tapehead.MemoryVAE;
    return tapehead.LatentMixture.fit(model, images, { components: 2, random: world.random });
  },
  ImageBatches: ({ runtime, random }) =>
    new tapehead.ImageBatches(runtime, { images: new Uint8Array(24), shape: [1, 2, 2], random }),
  CopyTask: ({ runtime, random }) => new tapehead.CopyTask(runtime, { random, vectorSize: 2, maxLength: 4 }),
};

const CANARY_SIZE = 5000;

/** A fresh one for every batch of calls: no call depends on an earlier batch. */
export class World {
  readonly module = tapehead;
  readonly random: tapehead.Random;
  readonly otherRandom: tapehead.Random;
  readonly parameters: tapehead.Parameters;
  readonly parameter: tapehead.Tensor;
  readonly buffer: tapehead.Tensor;
  readonly dead: tapehead.Tensor;
  readonly disposed: tapehead.Tensor;
  readonly foreign: tapehead.Tensor;
  readonly disposedParameters: tapehead.Parameters;
  readonly #canaries: tapehead.Tensor[];
  readonly #ledgers: Ledger[];
  readonly #instances = new Map<string, object>();
  readonly #base: number;

  private constructor(
    readonly runtime: tapehead.Runtime,
    readonly other: tapehead.Runtime,
  ) {
    this.#ledgers = [runtime, other].map((owner) => new Ledger(owner));
    this.#canaries = [runtime, other].map((owner) => owner.tensor(new Float32Array(CANARY_SIZE).fill(7)));
    this.random = new tapehead.Random(runtime, 1);
    this.otherRandom = new tapehead.Random(other, 1);
    this.parameters = new tapehead.Parameters(runtime);
    this.parameter = this.parameters.create('w', [2, 3]).set([1, 2, 3, 4, 5, 6]);
    this.buffer = this.parameters.createBuffer('b', [3]).set([1, 2, 3]);
    this.dead = runtime.step(() => runtime.zeros([2, 3]));
    this.disposed = runtime.zeros([2, 3]);
    this.foreign = other.zeros([2, 3]);
    this.disposedParameters = new tapehead.Parameters(runtime);
    this.disposed.dispose();
    this.disposedParameters.dispose();
    new tapehead.SGD(this.parameters).dispose();
    this.#base = runtime.memory.used + other.memory.used;
  }

  static async create(): Promise<World> {
    const options = { threads: 1, maxMemory: 2 ** 25 };
    const world = new World(await tapehead.load(options), await tapehead.load({ ...options, maxMemory: 2 ** 24 }));
    for (const name of Object.keys(builders)) world.instance(name);
    return world;
  }

  /** The instance of a class. */
  instance(name: string): object {
    const known = this.#instances.get(name);
    if (known !== undefined) return known;
    const build = builders[name];
    if (build === undefined) throw new Error(`no builder of ${name}: add one to tests/fuzz/world.ts`);
    const made = build(this);
    this.#instances.set(name, made);
    return made;
  }

  /** Rebuilds the instance of a class, which may have been disposed or hold numbers that are not finite. */
  renew(name: string): void {
    if (name === 'Runtime' || name === 'Random') return;
    this.#instances.delete(name);
    this.instance(name);
  }

  /** Drops all instances and collects garbage; the bytes that are still in use beyond those of the world itself. */
  async left(): Promise<number> {
    this.#instances.clear();
    const used = () => this.runtime.memory.used + this.other.memory.used - this.#base;
    await collectUntil(() => used() === 0);
    const left = used();
    for (const name of Object.keys(builders)) this.instance(name);
    return left;
  }

  /** Whether no tensor has been overwritten that no call was given. */
  get isWhole(): boolean {
    return this.#canaries.every((tensor) => tensor.toArray().every((value) => value === 7));
  }

  /** Copies of all persistent tensors, and of the step memory from `marks` on, to compare with later ones. */
  snapshot(marks: readonly number[]): Buffer[] {
    return this.#ledgers.map((ledger, i) => ledger.copy(marks[i] as number));
  }

  /** Where step memory begins. */
  marks(): number[] {
    return [this.runtime, this.other].map(({ arena }) => arena.mark());
  }
}

/** Knows the persistent blocks of a runtime. */
class Ledger {
  readonly #runtime: tapehead.Runtime;
  readonly #blocks = new Set<WeakRef<Block>>();
  readonly #freed = new WeakSet<Block>();

  constructor(runtime: tapehead.Runtime) {
    this.#runtime = runtime;
    const { arena } = runtime;
    const [allocate, free] = [arena.allocatePersistent.bind(arena), arena.free.bind(arena)];
    arena.allocatePersistent = (count) => {
      const block = allocate(count);
      this.#blocks.add(new WeakRef(block));
      return block;
    };
    arena.free = (block) => {
      this.#freed.add(block);
      free(block);
    };
  }

  /** What is in the blocks that are in use, then the step memory from `mark` on. */
  copy(mark: number): Buffer {
    const { arena } = this.#runtime;
    const memory = arena.memory.buffer as ArrayBuffer;
    const parts: Buffer[] = [];
    for (const reference of this.#blocks) {
      const block = reference.deref();
      if (block === undefined || this.#freed.has(block)) this.#blocks.delete(reference);
      else parts.push(Buffer.from(memory, block.address, 4 * block.count));
    }
    return Buffer.concat([...parts, Buffer.from(memory, mark, Math.max(0, arena.mark() - mark))]);
  }
}
