// The Gumbel memory: modes, keys, swapped and trainable banks, custom networks, temperatures, choices, learning.
import test from 'ava';
import {
  Adam,
  countChoices,
  exponentialAnnealing,
  GumbelMemory,
  type GumbelMemoryOptions,
  linear,
  linearAnnealing,
  load,
  mseLoss,
  Random,
  readSafetensors,
  type Tensor,
  writeSafetensors,
} from '../index.js';

const runtime = await load();
const values = [0, 0.25, 0.5, 0.75, 1];

function small(options: Partial<GumbelMemoryOptions> = {}): GumbelMemory {
  const random = new Random(runtime, 3);
  return new GumbelMemory(runtime, {
    bank: runtime.tensor(values),
    random,
    inputSize: 2,
    hiddenSizes: [7],
    ...options,
  });
}

/** What a model reads of the same sixteen inputs, in use. */
function readsOf(model: GumbelMemory): { values: number[]; addresses: number[]; shape: readonly number[] } {
  return runtime.noGrad(() => {
    const { read, addresses } = model.forward(new Random(runtime, 9).normal([16, 2]), { training: false });
    return { values: [...read.toArray()], addresses: [...addresses], shape: read.shape };
  });
}

test('evaluation is deterministic, training samples; both read rows of the bank', (t) => {
  const model = small();
  const first = readsOf(model);
  t.deepEqual(readsOf(model), first);
  t.deepEqual(
    first.values,
    first.addresses.map((address) => values[address]!),
  );
  runtime.step(() => {
    const x = new Random(runtime, 9).normal([16, 2]);
    const trained = [0, 1].map(() => model.forward(x, { training: true }));
    t.notDeepEqual(trained[0]!.addresses, trained[1]!.addresses);
    for (const { read } of trained) t.true(read.toArray().every((value) => values.includes(value)));
  });
});

test("state dicts have the keys of PyTorch's Sequential and round-trip through safetensors", (t) => {
  const model = small({ trainable: true });
  runtime.step(() => model.forward(new Random(runtime, 4).normal([8, 2]), { training: true }));
  const state = model.parameters.stateDict();
  t.deepEqual(
    [...state].map(([key, { shape }]) => [key, shape]),
    [
      ['memory', [5]],
      ['address.0.weight', [7, 2]],
      ['address.0.bias', [7]],
      ['address.1.weight', [7]],
      ['address.1.bias', [7]],
      ['address.3.weight', [5, 7]],
      ['address.3.bias', [5]],
      ['address.1.running_mean', [7]],
      ['address.1.running_var', [7]],
      ['address.1.num_batches_tracked', []],
    ],
  );
  const copy = small({ random: new Random(runtime, 77), bank: runtime.zeros([5]) });
  t.notDeepEqual(readsOf(copy), readsOf(model));
  copy.parameters.loadStateDict(readSafetensors(writeSafetensors(state)).tensors);
  t.deepEqual(readsOf(copy), readsOf(model));
});

test('swap keeps the addresses, whatever the shape of the rows', (t) => {
  const model = small();
  const before = readsOf(model);
  const images = runtime.tensor(
    Array.from({ length: 30 }, (_, i) => i),
    [5, 2, 3],
  );
  model.swap(images);
  const after = readsOf(model);
  t.is(model.bank, images);
  t.deepEqual(after.shape, [16, 2, 3]);
  t.deepEqual(after.addresses, before.addresses);
  t.deepEqual(
    after.values,
    after.addresses.flatMap((address) => [0, 1, 2, 3, 4, 5].map((i) => 6 * address + i)),
  );
  t.deepEqual([...model.parameters.get('memory').toArray()], values);
});

/** Trains `model` to say whether the first number is above 0: the last mean squared error. */
function train(model: GumbelMemory, updates: number): number {
  const random = new Random(runtime, 5);
  const optimizer = new Adam(model.parameters, { lr: 1e-2 });
  let last = Number.NaN;
  for (let i = 0; i < updates; i++) {
    last = runtime.step(() => {
      const x = random.normal([64, 2]);
      const target = x.toArray().filter((_, j) => j % 2 === 0);
      const { read } = model.forward(x, { training: true });
      const loss = mseLoss(read, runtime.tensor(target.map((value) => Number(value > 0))));
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      return loss.item();
    });
  }
  return last;
}

test('a trainable bank is trained, a fixed one is not', (t) => {
  const learned = small({ trainable: true, bank: runtime.tensor([0.3, 0.4, 0.5, 0.6, 0.7]) });
  t.true(train(learned, 200) < 0.05);
  const fixed = small();
  t.true(train(fixed, 200) < 0.05);
  t.deepEqual([...fixed.bank.toArray()], values);
  t.true(learned.bank.toArray().some((value) => value < 0.1));
});

test('a soft read is a weighted mean of rows', (t) => {
  const { values: read } = readsOf(small({ hard: false }));
  t.false(read.some((value) => values.includes(value)));
});

test('address accepts any function to logits', (t) => {
  const model = small({
    address: (parameters) => {
      const weight = parameters.create('w', [5, 2]).set([0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
      return (x) => linear(x, weight);
    },
  });
  runtime.step(() =>
    t.deepEqual([...model.forward(runtime.tensor([1, 1, -1, 1], [2, 2]), { training: false }).addresses], [2, 0]),
  );
  t.true(model.parameters.stateDict().has('address.w'));
});

test('annealing schedules have the documented values', (t) => {
  const line = linearAnnealing(2, 0.5, 3);
  t.deepEqual([0, 1, 2, 3, 100].map(line), [2, 1.5, 1, 0.5, 0.5]);
  const curve = exponentialAnnealing(2, 0.5, 0.75);
  t.deepEqual([0, 1, 2, 3, 4, 5, 1000].map(curve), [2, 1.5, 1.125, 0.84375, 0.6328125, 0.5, 0.5]);
  t.throws(() => linearAnnealing(1, 0, 3), { message: 'linearAnnealing: to must be positive, got 0' });
  t.throws(() => linearAnnealing(1, 2, 3), {
    message: 'linearAnnealing: from must be a finite number ≥ 2, got 1',
  });
  t.throws(() => linearAnnealing(2, 1, 0), { message: /^linearAnnealing: steps/ });
  for (const step of [-1, 0.5, NaN, Infinity, '1' as never]) {
    t.throws(() => line(step), { message: /^linearAnnealing: step must be an integer ≥ 0, got/ });
    t.throws(() => curve(step), { message: /^exponentialAnnealing: step must be an integer ≥ 0, got/ });
  }
  t.throws(() => linearAnnealing(Infinity, 1, 2), { message: /^linearAnnealing: from must be a finite/ });
  t.throws(() => exponentialAnnealing(2, 1, 1.5), { message: /^exponentialAnnealing: factor/ });
});

test('countChoices returns histogram and entropy', (t) => {
  t.deepEqual(countChoices(Uint32Array.of(0, 3, 3, 0), 4), { histogram: [2, 0, 0, 2], entropy: 1 });
  t.deepEqual(countChoices([1, 1], 2), { histogram: [0, 2], entropy: 0 });
  t.is(countChoices([0, 1, 2, 3, 4, 5, 6, 7], 8).entropy, 3);
  t.throws(() => countChoices([0], 2 ** 31 - 1), { message: /^countChoices: memorySize must be an integer in/ });
  t.throws(() => countChoices('01' as never, 2), {
    instanceOf: TypeError,
    message: /^countChoices: addresses must be/,
  });
  t.deepEqual(countChoices([], 2), { histogram: [0, 0], entropy: 0 });
  t.throws(() => countChoices([2], 2), { message: 'countChoices: addresses[0] must be an integer in [0, 1], got 2' });
});

test('invalid arguments throw one sentence', (t) => {
  const refused = (options: Partial<GumbelMemoryOptions>, message: string) =>
    t.throws(() => small(options), { instanceOf: RangeError, message });
  refused({ bank: runtime.zeros([]) }, 'GumbelMemory: bank must have at least 1 dimension, got []');
  refused({ bank: runtime.zeros([0, 2]) }, 'GumbelMemory: bank must hold at least one number, got [0, 2]');
  refused({ inputSize: 0 }, 'GumbelMemory: inputSize must be an integer ≥ 1, got 0');
  refused({ hiddenSizes: [3, 0] }, 'GumbelMemory: hiddenSizes[1] must be an integer ≥ 1, got 0');
  const random = new Random(runtime, 1);
  t.throws(() => new GumbelMemory(runtime, { bank: runtime.tensor(values), random }), {
    message: /inputSize must be .* got undefined/,
  });
  const model = small();
  t.throws(() => model.swap(runtime.zeros([9])), {
    instanceOf: RangeError,
    message: 'GumbelMemory.swap: bank must have 5 rows, one for each learned address, got [9]',
  });
  const forward = (given: GumbelMemory, x: () => Tensor, tau = 0.67) =>
    runtime.step(() => given.forward(x(), { training: true, tau }));
  t.throws(() => forward(model, () => runtime.zeros([4, 2]), 0), {
    message: 'GumbelMemory.forward: tau must be positive, got 0',
  });
  t.throws(() => forward(model, () => runtime.zeros([4, 3])), {
    instanceOf: RangeError,
    message: 'GumbelMemory.forward: x must have 2 features, got shape [4, 3]',
  });
  const identity = small({ address: () => (x) => x });
  t.throws(() => forward(identity, () => runtime.zeros([4, 3])), {
    message: 'GumbelMemory.forward: the logits must have shape [*, 5], got [4, 3]',
  });
});
