// The Neural Turing Machine and its LSTM baseline: options, states, traces, state dicts, learning.
import test from 'ava';
import {
  Adam,
  binaryCrossEntropyWithLogits,
  bitsWrong,
  CopyTask,
  clipGradNorm,
  LSTMBaseline,
  load,
  NTM,
  type NTMOptions,
  Random,
  type Runtime,
  type SequenceModel,
  split,
  unbind,
} from '../index.js';

const runtime = await load();

function small(options: Partial<NTMOptions> = {}): NTM {
  return new NTM(runtime, {
    inputSize: 4,
    outputSize: 3,
    controllerSize: 9,
    memorySize: 7,
    wordSize: 5,
    random: new Random(runtime, 7),
    ...options,
  });
}

const variants: Record<string, Partial<NTMOptions>> = {
  default: {},
  'two heads, two layers, shift of two': { heads: 2, controllerLayers: 2, maxShift: 2 },
  'no shift': { maxShift: 0 },
  'feed-forward controller of two layers': { controller: 'feed-forward', controllerLayers: 2 },
  'learned memory': { memoryInit: 'learned' },
  'random memory, random focus': { memoryInit: 'random', focusInit: 'random' },
};

for (const [name, options] of Object.entries(variants)) {
  test(`${name}: forward equals repeated steps, and every parameter gets a gradient`, (t) => {
    const model = small(options);
    const random = new Random(runtime, 3);
    runtime.step(() => {
      const xs = random.normal([6, 2, 4]);
      const targets = random.bernoulli([6, 2, 3], 0.5);
      const outputs = model.forward(xs);
      let state = model.initialState(2);
      const steps = unbind(xs).map((x) => {
        const [output, next] = model.step(x, state);
        state = next;
        return output;
      });
      const expected = steps.flatMap((output) => [...output.toArray()]);
      for (const [i, value] of outputs.toArray().entries()) t.true(Math.abs(value - expected[i]!) < 1e-5);
      binaryCrossEntropyWithLogits(outputs, targets).backward();
    });
    for (const [key, tensor] of model.parameters.entries()) {
      t.true(tensor.grad!.every(Number.isFinite), `${key} is finite`);
      t.true(
        tensor.grad!.some((value) => value !== 0),
        `${key} has a gradient`,
      );
    }
  });
}

test('the initial state has the documented values', (t) => {
  const model = small();
  runtime.step(() => {
    const { hidden, cell, reads, readWeights, writeWeights, memory } = model.initialState(3);
    t.deepEqual(memory.shape, [3, 7, 5]);
    t.true(memory.toArray().every((value) => value === Math.fround(1e-6)));
    t.deepEqual(
      [hidden, cell, reads, readWeights, writeWeights].map((list) => list[0]!.shape),
      [
        [3, 9],
        [3, 9],
        [3, 5],
        [3, 7],
        [3, 7],
      ],
    );
    for (const weights of [readWeights[0]!, writeWeights[0]!]) t.true(weights.toArray()[0]! > 0.999);
    t.true(hidden[0]!.toArray().every((value) => value > 0 && value < 0.05));
  });
});

test('a step returns parameters and weights of every head', (t) => {
  const model = small({ heads: 2 });
  runtime.step(() => {
    const [, state, { read, write }] = model.step(runtime.zeros([2, 4]), model.initialState(2));
    t.is(read.length, 2);
    t.deepEqual(Object.keys(read[0]!).sort(), ['gate', 'key', 'sharpness', 'shift', 'strength', 'weights']);
    t.deepEqual(Object.keys(write[0]!).sort(), [
      'add',
      'erase',
      'gate',
      'key',
      'sharpness',
      'shift',
      'strength',
      'weights',
    ]);
    t.is(write[1]!.weights, state.writeWeights[1]!);
    t.true(write[1]!.sharpness.toArray().every((value) => value > 1));
    const sums = split(read[0]!.shift, [1, 1, 1]).map((part) => part.toArray());
    for (let b = 0; b < 2; b++) t.true(Math.abs(sums[0]![b]! + sums[1]![b]! + sums[2]![b]! - 1) < 1e-6);
  });
});

test('state dicts have the keys of the PyTorch original; a random memory is a buffer', (t) => {
  const keys = [...small({ memoryInit: 'random' }).parameters.stateDict().keys()];
  t.deepEqual(keys.sort(), [
    'controller.c_bias',
    'controller.cells.0.bias_hh',
    'controller.cells.0.bias_ih',
    'controller.cells.0.weight_hh',
    'controller.cells.0.weight_ih',
    'controller.fc.bias',
    'controller.fc.weight',
    'controller.h_bias',
    'fc.bias',
    'fc.weight',
    'memory',
    'read_heads.0.fc.bias',
    'read_heads.0.fc.weight',
    'read_heads.0.read_bias',
    'read_heads.0.read_focus_bias',
    'write_heads.0.fc.bias',
    'write_heads.0.fc.weight',
    'write_heads.0.write_focus_bias',
  ]);
  t.false(small().parameters.stateDict().has('memory'));
  t.false([...small({ memoryInit: 'random' }).parameters.entries()].some(([key]) => key === 'memory'));
});

test('invalid options and inputs throw one sentence', (t) => {
  const refused = (options: Partial<NTMOptions>, message: RegExp) =>
    t.throws(() => small(options), { instanceOf: RangeError, message });
  refused({ memorySize: 0 }, /^NTM: memorySize must be an integer ≥ 1, got 0$/);
  refused({ maxShift: -1 }, /maxShift/);
  refused({ heads: 1.5 }, /heads/);
  refused({ memoryInit: 'zero' as never }, /^NTM: memoryInit must be 'constant', 'learned' or 'random', got "zero"$/);
  refused({ controller: 'gru' as never }, /controller/);
  refused({ focusInit: 'last' as never }, /focusInit/);
  t.throws(() => small().initialState(0), { instanceOf: RangeError });
  const model = small();
  t.throws(() => runtime.step(() => model.forward(runtime.zeros([2, 4]))), {
    message: 'NTM.forward: xs must have shape [T, B, inputSize], got shape [2, 4]',
  });
  t.throws(() => runtime.step(() => model.forward(runtime.zeros([2, 1, 5]))), {
    instanceOf: RangeError,
    message: 'NTM.forward: xs must have 4 features (inputSize), got shape [2, 1, 5]',
  });
});

/** Trains on short copies; the losses before and after. */
function learn<State>(runtime: Runtime, model: SequenceModel<State>, updates: number): [number, number] {
  const task = new CopyTask(runtime, { random: new Random(runtime, 5), vectorSize: 3, maxLength: 3 });
  const optimizer = new Adam(model.parameters, { lr: 1e-2 });
  const losses: number[] = [];
  for (let i = 0; i < updates; i++) {
    losses.push(
      runtime.step(() => {
        const { inputs, targets, length } = task.batch(8);
        const [, outputs] = split(model.forward(inputs), [length + 1, length], 0);
        const loss = binaryCrossEntropyWithLogits(outputs, targets);
        loss.backward();
        clipGradNorm(model.parameters, 10);
        optimizer.step();
        optimizer.zeroGrad();
        return loss.item();
      }),
    );
  }
  const mean = (part: number[]) => part.reduce((a, b) => a + b, 0) / part.length;
  return [mean(losses.slice(0, 10)), mean(losses.slice(-10))];
}

test('an NTM learns to copy three bits', (t) => {
  const [before, after] = learn(runtime, small({ outputSize: 3, controllerSize: 24, memorySize: 12 }), 400);
  t.true(after < before / 4, `from ${before} to ${after}`);
});

test('the LSTM baseline learns in the same loop', (t) => {
  const model = new LSTMBaseline(runtime, {
    inputSize: 4,
    outputSize: 3,
    hiddenSize: 24,
    layers: 2,
    random: new Random(runtime, 7),
  });
  const [before, after] = learn(runtime, model, 400);
  t.true(after < before / 2, `from ${before} to ${after}`);
});

test('the copy task is seeded and has the documented shapes; bitsWrong counts bits', (t) => {
  const batches = [1, 1, 2].map((seed) => {
    const task = new CopyTask(runtime, { random: new Random(runtime, seed) });
    return runtime.step(() => {
      const { inputs, targets, length } = task.batch(3, 5);
      t.is(length, 5);
      t.deepEqual(
        [inputs.shape, targets.shape],
        [
          [11, 3, 9],
          [5, 3, 8],
        ],
      );
      t.is(bitsWrong(targets, targets), 0);
      return { inputs: inputs.toArray(), targets: targets.toArray() };
    });
  });
  t.deepEqual(batches[0], batches[1]);
  t.notDeepEqual(batches[0], batches[2]);
  const { inputs, targets } = batches[0]!;
  for (let step = 0; step < 11; step++) {
    for (let b = 0; b < 3; b++) {
      const row = inputs.subarray((step * 3 + b) * 9, (step * 3 + b + 1) * 9);
      const bits = step < 5 ? targets.subarray((step * 3 + b) * 8, (step * 3 + b + 1) * 8) : new Float32Array(8);
      t.deepEqual([...row], [...bits, step === 5 ? 1 : 0]);
    }
  }
  runtime.step(() => {
    const wrong = bitsWrong(runtime.tensor([1, -1, -1, 1], [2, 1, 2]), runtime.tensor([1, 1, 0, 0], [2, 1, 2]));
    t.is(wrong, 2);
    const nans = runtime.tensor([NaN, NaN, 0, -0], [2, 1, 2]);
    t.is(bitsWrong(nans, runtime.tensor([0, 1, 0, 0], [2, 1, 2])), 2, 'a NaN is wrong whatever the bit');
    t.throws(() => bitsWrong(runtime.zeros([0, 1, 2]), runtime.zeros([0, 1, 2])), {
      message: /^bitsWrong: logits must/,
    });
  });
  const random = new Random(runtime, 1);
  const task = new CopyTask(runtime, { random });
  const { state } = random;
  for (const [size, length, message] of [
    [0, 1, /^CopyTask\.batch: size must be an integer ≥ 1, got 0$/],
    [2 ** 29, undefined, /^CopyTask\.batch: the inputs must hold at most 2\^30 elements/],
    [1, 0, /^CopyTask\.batch: length must be an integer ≥ 1, got 0$/],
  ] as const) {
    t.throws(() => task.batch(size, length), { instanceOf: RangeError, message });
  }
  t.throws(() => task.drawLength(0), { message: /^CopyTask\.drawLength: longest must be an integer ≥ 1, got 0$/ });
  t.deepEqual(random.state, state);
  t.throws(() => new CopyTask(runtime, { random: new Random(runtime, 1), minLength: 3, maxLength: 2 }), {
    message: /maxLength/,
  });
});
