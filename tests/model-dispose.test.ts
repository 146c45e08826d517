// Disposal of models: memory comes back at once, and uses afterwards are refused.
import test from 'ava';
import {
  Adam,
  GaussianVAE,
  GumbelMemory,
  KernelMemory,
  LSTMBaseline,
  load,
  MemoryVAE,
  mul,
  NTM,
  Parameters,
  Random,
  type Runtime,
  sum,
  VQVAE,
} from '../index.js';

const runtime = await load({ threads: 1 });
const small = { narrow: 4, wide: 6, residual: 3, latentSize: 4 };

const models: Record<string, (runtime: Runtime, random: Random) => { parameters: Parameters; dispose(): void }> = {
  NTM: (runtime, random) => new NTM(runtime, { inputSize: 3, outputSize: 2, random }),
  LSTMBaseline: (runtime, random) => new LSTMBaseline(runtime, { inputSize: 3, outputSize: 2, random }),
  KernelMemory: (runtime) => new KernelMemory(runtime, { memorySize: 3, keySize: 2, valueSize: 2 }),
  MemoryVAE: (runtime, random) => new MemoryVAE(runtime, { ...small, memorySize: 7, random }),
  VQVAE: (runtime, random) => new VQVAE(runtime, { ...small, codebookSize: 7, random }),
  GaussianVAE: (runtime, random) => new GaussianVAE(runtime, { ...small, random }),
};

for (const [name, create] of Object.entries(models)) {
  test(`${name}: dispose frees the model and, with its optimizer's, all memory`, (t) => {
    const before = runtime.memory.used;
    const model = create(runtime, new Random(runtime, 1));
    const optimizer = new Adam(model.parameters);
    t.true(runtime.memory.used > before);
    model.dispose();
    optimizer.dispose();
    t.is(runtime.memory.used, before);
    t.throws(() => model.parameters.stateDict(), { instanceOf: ReferenceError, message: /has been disposed/ });
    t.throws(() => optimizer.step(), { instanceOf: ReferenceError, message: /have been disposed/ });
    t.notThrows(() => model.dispose(), 'a second call does nothing');
  });
}

test('GumbelMemory: given parameters stay', (t) => {
  const parameters = new Parameters(runtime);
  const bank = runtime.tensor([1, 2, 3]);
  const options = { bank, inputSize: 1, random: new Random(runtime, 1) };
  new GumbelMemory(runtime, { ...options, parameters }).dispose();
  t.deepEqual([...parameters.get('memory').toArray()], [1, 2, 3]);
  const before = runtime.memory.used;
  new GumbelMemory(runtime, options).dispose();
  t.is(runtime.memory.used, before);
});

test('a disposed tensor is refused by ops, methods and its views; freed memory is used again', (t) => {
  const tensor = runtime.tensor([1, 2, 3], [3], { requiresGrad: true });
  const view = tensor.detach();
  const { used } = runtime.memory;
  tensor.dispose();
  t.true(runtime.memory.used < used);
  t.throws(() => tensor.toArray(), { instanceOf: ReferenceError, message: /it has been disposed/ });
  t.throws(() => view.toArray(), { instanceOf: ReferenceError, message: /it has been disposed/ });
  t.throws(() => runtime.step(() => sum(view)), { instanceOf: ReferenceError, message: /^sum: x .* disposed/ });
  runtime.tensor([4, 5, 6], [3], { requiresGrad: true });
  t.is(runtime.memory.used, used);
});

test('a tensor that is disposed between forward and backward is an Error, and its memory is safe', (t) => {
  const x = runtime.tensor([2], [1], { requiresGrad: true });
  const w = runtime.tensor([3], [1]);
  runtime.step(() => {
    const loss = sum(mul(x, w));
    w.dispose();
    const other = runtime.tensor([7], [1]);
    t.throws(() => loss.backward(), { message: /^backward: input 1 of mul was disposed/ });
    t.is(other.item(), 7);
  });
});

test('parameters cannot be disposed one by one', (t) => {
  const parameters = new Parameters(runtime);
  const w = parameters.create('w', [2]);
  t.throws(() => w.dispose(), { instanceOf: RangeError, message: /^Tensor\.dispose: .*not be a parameter/ });
});

test('Symbol.dispose does the same', async (t) => {
  const tensor = runtime.tensor([1]);
  tensor[Symbol.dispose]();
  t.throws(() => tensor.item(), { instanceOf: ReferenceError });
  const closed = await load({ threads: 2 });
  closed[Symbol.dispose]();
  t.is(
    closed.step(() => sum(closed.tensor([1, 2])).item()),
    3,
  );
});
