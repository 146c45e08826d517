// Bad arguments of models, layers, tasks and data readers: named in one sentence, before any work.
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import {
  AddressNetwork,
  BatchNorm1d,
  Conv2d,
  GaussianVAE,
  GumbelMemory,
  ImageBatches,
  KernelMemory,
  kMeans,
  LatentMixture,
  Linear,
  LSTMBaseline,
  LSTMCell,
  load,
  MemoryVAE,
  NTM,
  Parameters,
  Random,
  readIdx,
  VQVAE,
} from '../index.js';
import { badValues, modelCalls, rows } from './support/model-calls.js';

const runtime = await load({ threads: 1 });
const other = await load({ threads: 1 });
const random = new Random(runtime, 1);
const bank = runtime.tensor([1, 2, 3]);
const mirror = { runtime, encode: (x: never) => x, decode: (z: never) => z };
const maps = runtime.tensor(new Float32Array(30 * 4), [30, 1, 2, 2]);

/** What a refused call must leave as it was. */
function stateOf(): object {
  return { random: random.state, bytes: runtime.memory.used, bank: [...bank.toArray()] };
}

/** `call` must throw one short sentence that matches, and change nothing. */
async function refuses(t: ExecutionContext, name: string, call: () => unknown, message: RegExp): Promise<void> {
  const before = stateOf();
  try {
    await call();
    t.fail(`${name} must be refused`);
  } catch (error) {
    t.true(error instanceof RangeError || error instanceof TypeError, `${name}: ${error}`);
    const text = (error as Error).message;
    t.regex(text, message, name);
    t.true(text.length <= 200 && !text.includes('\n'), `${name}: one short sentence`);
  }
  t.deepEqual(stateOf(), before, `${name}: nothing has changed`);
}

for (const [op, { call, options, kinds }] of Object.entries(modelCalls(bank, random))) {
  const name = op.replace('.', '\\.');
  const refused = (t: ExecutionContext, what: string, given: object, message: string) =>
    refuses(t, `${op}: ${what}`, () => call(runtime, given as never), new RegExp(`^${name}: ${message}`));

  test.serial(`${op} names a missing object`, async (t) => {
    for (const value of [undefined, null, {}, 1]) {
      const message = new RegExp(`^${name}: runtime must be a Runtime, got `);
      await refuses(t, 'runtime', () => call(value as never, options as never), message);
    }
    for (const value of [undefined, null, 1, [], 'text']) {
      await refused(t, 'options', value as never, 'options must be an object, got ');
    }
    if (!('random' in options)) return;
    for (const value of [undefined, null, {}, 1, Math.random]) {
      await refused(t, 'random', { ...options, random: value }, 'random must be a Random, got ');
    }
    await refused(
      t,
      'random elsewhere',
      { ...options, random: new Random(other, 1) },
      'random belongs to another runtime$',
    );
  });

  test.serial(`${op} refuses unknown options by name`, async (t) => {
    for (const key of ['no_such', 'constructor', '__proto__x', 'x'.repeat(1e5)]) {
      const message = `unknown option "${key.slice(0, 60)}`;
      await refused(t, key.slice(0, 60), { ...options, [key]: 1 }, message);
    }
  });

  test.serial(`${op} refuses bad values by name`, async (t) => {
    for (const [option, kind] of Object.entries(kinds)) {
      for (const value of badValues[kind]) {
        const message = `(unknown option ")?(the shape of |the result of )?${option}\\b`;
        await refused(t, `${option} ${String(value)}`, { ...options, [option]: value }, message);
      }
    }
  });
}

/** Layers: a bad argument, and the message. */
const layers: readonly [string, (parameters: Parameters) => unknown, RegExp][] = [
  ['no parameters', () => new Linear(undefined as never, 1, 1, random), /^Linear: parameters must be a Parameters /],
  ['no random', (to) => new Linear(to, 1, 1, undefined as never), /^Linear: random must be a Random, got undefined$/],
  [
    'another runtime',
    (to) => new Linear(to, 1, 1, new Random(other, 1)),
    /^Linear: random belongs to another runtime$/,
  ],
  ['a fraction', (to) => new Linear(to, 1.5, 1, random), /^Linear: inputs must be an integer ≥ 1, got 1.5$/],
  [
    'too many',
    (to) => new Linear(to, 2 ** 20, 2 ** 20, random),
    /^Linear: the weight must hold at most 2\^30 elements/,
  ],
  ['a huge size', (to) => new LSTMCell(to, 2 ** 31, 1, random), /^LSTMCell: inputSize must be at most 2\^30/],
  ['a huge cell', (to) => new LSTMCell(to, 1, 2 ** 29, random), /^LSTMCell: every weight must hold at most 2\^30/],
  ['huge batch norm', (to) => new BatchNorm1d(to, 2 ** 31), /^BatchNorm1d: features must be at most 2\^30/],
  ['no batch norm', (to) => new BatchNorm1d(to, 0), /^BatchNorm1d: features must be an integer ≥ 1, got 0$/],
  ['a number for options', (to) => new Conv2d(to, 1, 1, 3, random, 2 as never), /^Conv2d: options must be an object/],
  ['no stride', (to) => new Conv2d(to, 1, 1, 3, random, { stride: 0 }), /^Conv2d: stride must be an integer ≥ 1/],
  ['three', (to) => new Conv2d(to, 1, 1, 3, random, { padding: [1, 1, 1] as never }), /^Conv2d: padding must be a /],
  ['one size', (to) => new AddressNetwork(to, [3], random), /^AddressNetwork: sizes.length must be an integer ≥ 2/],
  ['a hole', (to) => new AddressNetwork(to, new Array(3) as never, random), /^AddressNetwork: sizes\[0\] must be an /],
];

for (const [title, make, message] of layers) {
  test.serial(`layers refuse before a parameter is created: ${title}, ${message}`, async (t) => {
    const parameters = new Parameters(runtime);
    await refuses(t, title, () => make(parameters), message);
    t.is(parameters.stateDict().size, 0);
  });
}

/** Methods: a bad call inside a step, and the message. */
const methods: Readonly<Record<string, readonly [RegExp, () => unknown][]>> = {
  sequences: [NTM, LSTMBaseline].flatMap((Model): [RegExp, () => unknown][] => {
    const model = new Model(runtime, { inputSize: 3, outputSize: 2, random });
    const forward = (...shape: number[]) => model.forward(runtime.zeros(shape));
    const step = (x: unknown, state: unknown) => model.step(x as never, state as never);
    const { name } = Model;
    return [
      [RegExp(`^${name}\\.initialState: batch must be an integer ≥ 1, got 0$`), () => model.initialState(0)],
      [RegExp(`^${name}\\.forward: xs must be a Tensor, got undefined$`), () => model.forward(undefined as never)],
      [
        RegExp(`^${name}\\.forward: xs must have 3 features \\(inputSize\\), got shape \\[2, 1, 4\\]$`),
        () => forward(2, 1, 4),
      ],
      [
        RegExp(`^${name}\\.forward: xs must have shape \\[T, B, inputSize\\], got shape \\[2, 3\\]$`),
        () => forward(2, 3),
      ],
      [RegExp(`^${name}\\.forward: xs must hold at least one step`), () => forward(0, 1, 3)],
      [RegExp(`^${name}\\.step: state must be a state`), () => step(runtime.zeros([2, 3]), undefined)],
      [RegExp(`^${name}\\.step: x must have shape \\[B, inputSize\\]`), () => step(runtime.zeros([3]), undefined)],
      [
        RegExp(`^${name}\\.step: state.hidden\\[0\\] must have shape \\[2, `),
        () => step(runtime.zeros([2, 3]), model.initialState(5)),
      ],
      [
        RegExp(`^${name}\\.step: state.cell must hold \\d tensors?, got \\[\\]$`),
        () => step(runtime.zeros([2, 3]), { ...model.initialState(2), cell: [] }),
      ],
      [RegExp(`^${name}\\.step: x belongs to another runtime`), () => step(other.zeros([2, 3]), undefined)],
    ];
  }),
  layers: [
    [
      /^Linear\.forward: x must have 3 features \(inputs\), got shape \[2, 4\]$/,
      () => new Linear(new Parameters(runtime), 3, 1, random).forward(runtime.zeros([2, 4])),
    ],
    [
      /^BatchNorm1d\.forward: options must be an object, got true$/,
      () => new BatchNorm1d(new Parameters(runtime), 2).forward(runtime.zeros([2, 2]), true as never),
    ],
    [
      /^BatchNorm1d\.forward: training must be true or false, got undefined$/,
      () => new BatchNorm1d(new Parameters(runtime), 2).forward(runtime.zeros([2, 2]), {} as never),
    ],
  ],
};

for (const [group, list] of Object.entries(methods)) {
  for (const [message, call] of list) {
    test.serial(`methods of ${group} name their argument: ${message}`, (t) => {
      runtime.noGrad(() => t.throws(call, { message }));
    });
  }
}

test.serial('a mixture and k-means check before they draw', async (t) => {
  const mixture = (...args: unknown[]) => LatentMixture.fit(...(args as [never, never, never]));
  await refuses(t, 'model', () => mixture({}, maps, { random }), /^LatentMixture\.fit: model must be an auto-encoder /);
  await refuses(
    t,
    'option',
    () => mixture(mirror, maps, { random, count: 3 }),
    /^LatentMixture\.fit: unknown option "count"/,
  );
  await refuses(
    t,
    'random',
    () => mixture(mirror, maps, {}),
    /^LatentMixture\.fit: random must be a Random, got undefined$/,
  );
  await refuses(
    t,
    'many',
    () => mixture(mirror, maps, { random, components: 31 }),
    /components must be at most .* \(30\)/,
  );
  await refuses(
    t,
    'rows',
    () => kMeans(runtime, rows(2), 21, random),
    /^kMeans: count must be at most .* \(20\), got 21$/,
  );
  await refuses(t, 'data', () => kMeans(runtime, [[1]] as never, 1, random), /^kMeans: rows must be a Tensor or /);
});

test.serial('a model that does not fit leaves memory and random stream as they were', async (t) => {
  const tiny = await load({ threads: 1, maxMemory: 8 * 2 ** 20 });
  const stream = new Random(tiny, 1);
  const makers: Readonly<Record<string, () => unknown>> = {
    NTM: () => new NTM(tiny, { inputSize: 3, outputSize: 2, memorySize: 2 ** 22, random: stream }),
    LSTMBaseline: () => new LSTMBaseline(tiny, { inputSize: 3, outputSize: 2 ** 21, random: stream }),
    MemoryVAE: () => new MemoryVAE(tiny, { memorySize: 2 ** 20, random: stream }),
    VQVAE: () => new VQVAE(tiny, { codebookSize: 2 ** 20, random: stream }),
    GaussianVAE: () => new GaussianVAE(tiny, { wide: 2048, random: stream }),
    KernelMemory: () => new KernelMemory(tiny, { memorySize: 2 ** 20, keySize: 1, valueSize: 8 }),
    GumbelMemory: () => {
      const parameters = new Parameters(tiny);
      const options = { bank: tiny.tensor([1, 2]), parameters, inputSize: 2 ** 20, random: stream };
      try {
        return new GumbelMemory(tiny, options);
      } finally {
        t.is(parameters.stateDict().size, 0);
        options.bank.dispose();
      }
    },
  };
  for (const [name, make] of Object.entries(makers)) {
    const before = { state: stream.state, used: tiny.memory.used };
    t.throws(make, { instanceOf: RangeError, message: /out of memory/ }, name);
    t.deepEqual({ state: stream.state, used: tiny.memory.used }, before, name);
  }
  t.notThrows(() => new NTM(tiny, { inputSize: 3, outputSize: 2, random: stream }));
});

test.serial('arrays of another realm are taken', async (t) => {
  const foreign = (code: string) => runInNewContext(code);
  const idx = foreign('Uint8Array.of(9, 0, 0, 8, 1, 0, 0, 0, 2, 7, 8).subarray(1)');
  t.false(idx instanceof Uint8Array);
  t.deepEqual([...readIdx(idx).data], [7, 8]);
  t.throws(() => readIdx(foreign('Uint16Array.of(1)')), {
    message: 'readIdx: bytes must be a Uint8Array, got a Uint16Array of length 1',
  });
  const batches = new ImageBatches(runtime, { images: foreign('Uint8Array.of(0, 255)'), shape: [1], random });
  t.deepEqual([...runtime.noGrad(() => batches.pick([1, 0]).toArray())], [1, 0]);
  const initialKeys = foreign('Float32Array.of(1, 2)');
  const memory = await KernelMemory.fit(runtime, rows(1), rows(1), {
    memorySize: 2,
    iterations: 0,
    initialKeys,
    random,
  });
  t.deepEqual([...memory.keys.toArray()], [1, 2]);
  const shared = new Uint8Array(new SharedArrayBuffer(11));
  shared.set([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]);
  t.deepEqual([...readIdx(shared).data], [1, 2, 3]);
});
