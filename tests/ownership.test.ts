// Tensors, random streams, parameters and states of another runtime are refused, before any work.
import test from 'ava';
import {
  AddressNetwork,
  BatchNorm1d,
  bitsWrong,
  Conv2d,
  ConvTranspose2d,
  CopyTask,
  GaussianVAE,
  GumbelMemory,
  ImageBatches,
  KernelMemory,
  LatentMixture,
  Linear,
  LSTMBaseline,
  LSTMCell,
  load,
  MemoryVAE,
  NormalEquations,
  NTM,
  Parameters,
  Random,
  type Runtime,
  scale,
  sum,
  VQVAE,
} from '../index.js';
import { forward, opRuns, tensorsFor } from './support/op-runs.js';

const [mine, other] = [await load({ threads: 1 }), await load({ threads: 1 })];

/** A large tensor of `mine`, which a call with addresses of the other runtime would overwrite. */
const canary = mine.tensor(new Float32Array(50_000).fill(7));

test.afterEach('nothing was overwritten', (t) => {
  t.true(canary.toArray().every((value) => value === 7));
});

/** Runs a call that must be refused: the message, its memory and the random streams. */
function refusal(call: () => unknown): string {
  const before = [mine, other].map(({ memory }) => memory.used);
  try {
    call();
  } catch (error) {
    const after = [mine, other].map(({ memory }) => memory.used);
    if (`${before}` !== `${after}`) return `memory in use went from ${before} to ${after}`;
    return error instanceof RangeError || error instanceof TypeError ? error.message : `${error}`;
  }
  return 'accepted';
}

for (const run of opRuns()) {
  test(`${run.title}: every input of another runtime is refused`, (t) => {
    const [own, foreign] = [tensorsFor(mine, run), tensorsFor(other, run)];
    const unused = run.op === 'gumbelRead' ? [2] : [];
    for (const i of run.inputs.keys()) {
      const inputs = own.map((tensor, j) => (i === j ? foreign[j]! : tensor));
      const message = refusal(() => mine.step(() => forward(run, inputs)));
      if (unused.includes(i) && message === 'accepted') continue;
      t.regex(message, /^\w+: [\w[\]]+ belongs to another runtime/, `input ${i}`);
    }
    const message = refusal(() => mine.step(() => forward(run, foreign)));
    t.regex(message, /^\w+: [\w[\]]+ belongs to another runtime/, 'all inputs');
  });
}

const sizes = { inputSize: 3, outputSize: 2 };
const small = { narrow: 4, wide: 4, residual: 4, residualBlocks: 1, latentSize: 2 };
const random = (runtime: Runtime) => new Random(runtime, 1);
const rows = { shape: [4, 2], data: Float32Array.from({ length: 8 }, (_, i) => i) };

/** Constructors whose arguments belong to two runtimes. */
const constructions: Record<string, () => unknown> = {
  Linear: () => new Linear(new Parameters(mine), 3, 4, random(other)),
  LSTMCell: () => new LSTMCell(new Parameters(mine), 3, 4, random(other)),
  Conv2d: () => new Conv2d(new Parameters(mine).scope('a'), 3, 4, 3, random(other)),
  ConvTranspose2d: () => new ConvTranspose2d(new Parameters(mine), 3, 4, 3, random(other)),
  AddressNetwork: () => new AddressNetwork(new Parameters(mine), [3, 4, 5], random(other)),
  NTM: () => new NTM(mine, { ...sizes, random: random(other) }),
  LSTMBaseline: () => new LSTMBaseline(mine, { ...sizes, random: random(other) }),
  'GumbelMemory: random': () => new GumbelMemory(mine, { bank: mineBank, inputSize: 3, random: random(other) }),
  'GumbelMemory: bank': () => new GumbelMemory(mine, { bank: otherBank, inputSize: 3, random: random(mine) }),
  'GumbelMemory: parameters': () =>
    new GumbelMemory(mine, { bank: mineBank, inputSize: 3, random: random(mine), parameters: new Parameters(other) }),
  MemoryVAE: () => new MemoryVAE(mine, { ...small, memorySize: 4, random: random(other) }),
  VQVAE: () => new VQVAE(mine, { ...small, codebookSize: 4, random: random(other) }),
  GaussianVAE: () => new GaussianVAE(mine, { ...small, random: random(other) }),
  CopyTask: () => new CopyTask(mine, { random: random(other) }),
  ImageBatches: () => new ImageBatches(mine, { images: new Uint8Array(8), shape: [1, 2, 2], random: random(other) }),
};
const [mineBank, otherBank] = [mine.zeros([5, 2]), other.zeros([5, 2])];

for (const [name, construct] of Object.entries(constructions)) {
  test(`${name}: arguments of two runtimes are refused, and nothing is left behind`, (t) => {
    const message = refusal(construct);
    t.regex(message, new RegExp(`^${name.replace(/:.*/, '')}: (random|bank|parameters) `));
    t.regex(message, /runtime/);
  });
}

/** Calls of models, tasks and streams with tensors or states of another runtime. */
const models = {
  linear: new Linear(new Parameters(mine), 2, 3, random(mine)),
  norm: new BatchNorm1d(new Parameters(mine), 2),
  cell: new LSTMCell(new Parameters(mine), 2, 3, random(mine)),
  conv: new Conv2d(new Parameters(mine), 1, 1, 1, random(mine)),
  ntm: new NTM(mine, { ...sizes, memorySize: 4, wordSize: 3, controllerSize: 5, random: random(mine) }),
  otherNtm: new NTM(other, { ...sizes, memorySize: 4, wordSize: 3, controllerSize: 5, random: random(other) }),
  baseline: new LSTMBaseline(mine, { ...sizes, hiddenSize: 4, random: random(mine) }),
  gumbel: new GumbelMemory(mine, { bank: mineBank, inputSize: 3, random: random(mine) }),
  memory: new KernelMemory(mine, { memorySize: 3, keySize: 2, valueSize: 1 }),
  vae: new MemoryVAE(mine, { ...small, memorySize: 4, random: random(mine) }),
  equations: new NormalEquations(mine, 2, 1),
};
const at = (runtime: Runtime, ...shape: number[]) => runtime.zeros(shape);

const calls: Record<string, () => unknown> = {
  'Random.fillUniform': () => random(mine).fillUniform(kept(9000), 0, 1),
  'Random.fillNormal': () => random(mine).fillNormal(kept(9000), 0, 1),
  'Runtime.backward': () => mine.backward([trained]),
  bitsWrong: () => mine.noGrad(() => bitsWrong(at(mine, 1, 1, 2), kept(1, 1, 2))),
  'Linear.forward': () => mine.step(() => models.linear.forward(kept(1, 2))),
  'BatchNorm1d.forward': () => mine.step(() => models.norm.forward(kept(3, 2), { training: true })),
  'LSTMCell.forward': () => mine.step(() => models.cell.forward(kept(1, 2), at(mine, 1, 3), at(mine, 1, 3))),
  'LSTMCell.forward: state': () => mine.step(() => models.cell.forward(at(mine, 1, 2), kept(1, 3), at(mine, 1, 3))),
  'Conv2d.forward': () => mine.step(() => models.conv.forward(kept(1, 1, 2, 2))),
  'NTM.forward': () => mine.step(() => models.ntm.forward(kept(2, 1, 3))),
  'NTM.forward: state': () =>
    other.step(() => {
      const state = models.otherNtm.initialState(1);
      return mine.step(() => models.ntm.forward(at(mine, 2, 1, 3), state));
    }),
  'NTM.step: state': () =>
    other.step(() => {
      const state = models.otherNtm.initialState(1);
      return mine.step(() => models.ntm.step(at(mine, 1, 3), { ...models.ntm.initialState(1), memory: state.memory }));
    }),
  'NTM.forward in a step of another runtime': () => other.step(() => models.ntm.forward(kept(2, 1, 3))),
  'LSTMBaseline.forward': () => mine.step(() => models.baseline.forward(kept(2, 1, 3))),
  'GumbelMemory.forward': () => mine.step(() => models.gumbel.forward(kept(1, 3), { training: false })),
  'GumbelMemory.swap': () => models.gumbel.swap(otherBank),
  'KernelMemory.read': () => mine.step(() => models.memory.read(kept(1, 2))),
  'KernelMemory.weights': () => mine.step(() => models.memory.weights(kept(1, 2))),
  'KernelMemory.predict': () => models.memory.predict(kept(4, 2)),
  'MemoryVAE.forward': () => mine.step(() => models.vae.forward(kept(1, 3, 8, 8))),
  'NormalEquations.add: weights': () => mine.step(() => models.equations.add(kept(4, 2), at(mine, 4, 1))),
  'NormalEquations.add: targets': () => mine.step(() => models.equations.add(at(mine, 4, 2), kept(4, 1))),
};

const trained = other.tensor([1], [1], { requiresGrad: true });
const mineImages = at(mine, 2, 3, 8, 8);
const keptTensors = new Map<string, ReturnType<typeof at>>();

/** A persistent tensor of the other runtime, made once. */
function kept(...shape: number[]) {
  const tensor = keptTensors.get(`${shape}`) ?? at(other, ...shape);
  keptTensors.set(`${shape}`, tensor);
  return tensor;
}

for (const [name, call] of Object.entries(calls)) {
  test(`${name}: a tensor or state of another runtime is refused`, (t) => {
    try {
      call();
    } catch {
      // The first call creates the tensors of the other runtime.
    }
    const message = refusal(call);
    t.regex(message, /^[\w.]+: /);
    t.regex(message, /runtime/);
  });
}

test('KernelMemory.fit refuses data and random of another runtime', async (t) => {
  const options = { memorySize: 2, iterations: 1 };
  const fits: Record<string, () => Promise<unknown>> = {
    Q: () => KernelMemory.fit(mine, kept(4, 2), rows, { ...options, random: random(mine) }),
    X: () => KernelMemory.fit(mine, rows, kept(4, 2), { ...options, random: random(mine) }),
    random: () => KernelMemory.fit(mine, rows, rows, { ...options, random: random(other) }),
  };
  for (const [name, fit] of Object.entries(fits)) {
    await t.throwsAsync(fit);
    const used = [mine.memory.used, other.memory.used];
    await t.throwsAsync(fit, { message: new RegExp(`^KernelMemory\\.fit: ${name} .*runtime`) }, name);
    t.deepEqual([mine.memory.used, other.memory.used], used);
  }
});

test('a latent mixture refuses images and random of another runtime', (t) => {
  const { vae } = models;
  const foreign = kept(2, 3, 8, 8);
  t.regex(
    refusal(() => LatentMixture.fit(vae, foreign, { components: 1, random: random(mine) })),
    /^LatentMixture\.fit: images .*runtime/,
  );
  t.regex(
    refusal(() => LatentMixture.fit(vae, mineImages, { components: 1, random: random(other) })),
    /^LatentMixture\.fit: random .*runtime/,
  );
});

test('a step of one runtime inside a step of another, and numbers carried over', (t) => {
  const result = mine.step(() => {
    const x = mine.tensor([1, 2]);
    const doubled = other.step(() => scale(other.tensor(x.toArray()), 2).toArray());
    return sum(mine.tensor(doubled)).item();
  });
  t.is(result, 6);
});

test('a refused call leaves the random stream where it was', (t) => {
  const stream = random(other);
  const before = stream.state;
  t.throws(() => new Linear(new Parameters(mine), 3, 4, stream));
  t.throws(() => stream.fillNormal(canary, 0, 1));
  t.deepEqual(stream.state, before);
});
