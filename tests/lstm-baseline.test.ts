// LSTMBaseline: a sequence by forward and step by step.
import test from 'ava';
import { LSTMBaseline, load, Random, stack, sum, unbind } from '../index.js';

const runtime = await load();
const make = (layers: number) =>
  new LSTMBaseline(runtime, { inputSize: 3, outputSize: 2, hiddenSize: 5, layers, random: new Random(runtime, 1) });

for (const layers of [1, 3]) {
  test(`${layers} layers: step by step gives the outputs of forward, and the same gradients`, (t) => {
    const whole = make(layers);
    const stepwise = make(layers);
    const data = new Random(runtime, 2).normal([4, 2, 3]).toArray();
    const outputs = runtime.step(() => {
      const y = whole.forward(runtime.tensor(data, [4, 2, 3]));
      t.deepEqual([...y.shape], [4, 2, 2]);
      sum(y).backward();
      return y.toArray();
    });
    const steps = runtime.step(() => {
      let state = stepwise.initialState(2);
      const logits = unbind(runtime.tensor(data, [4, 2, 3])).map((x) => {
        const [output, next] = stepwise.step(x, state);
        state = next;
        return output;
      });
      const y = stack(logits);
      sum(y).backward();
      return y.toArray();
    });
    close(t, steps, outputs);
    const [a, b] = [whole, stepwise].map((model) => [...model.parameters.entries()]);
    for (const [i, [name, tensor]] of a!.entries()) close(t, b![i]![1].grad!, tensor.grad!, name);
  });
}

test('forward goes on from a state that step returned', (t) => {
  const model = make(2);
  const data = new Random(runtime, 3).normal([3, 1, 3]).toArray();
  runtime.noGrad(() => {
    const all = model.forward(runtime.tensor(data, [3, 1, 3])).toArray();
    const [, state] = model.step(runtime.tensor(data.subarray(0, 3), [1, 3]), model.initialState(1));
    const rest = model.forward(runtime.tensor(data.subarray(3), [2, 1, 3]), state).toArray();
    close(t, rest, all.subarray(2));
  });
});

function close(
  t: { true(value: boolean, message?: string): void },
  x: Float32Array,
  y: Float32Array,
  name = 'outputs',
) {
  const error = Math.max(...x.map((value, i) => Math.abs(value - y[i]!)));
  t.true(x.length === y.length && error < 1e-6, `${name}: error ${error}`);
}
