// Backward passes through views for every op, and through ops that share or hand over gradients.
import test from 'ava';
import {
  add,
  load,
  lstmCell,
  memoryRead,
  memoryWrite,
  mul,
  type Runtime,
  reshape,
  scale,
  stack,
  sum,
  type Tensor,
  unbind,
} from '../index.js';
import { isClose } from './support/is-close.js';
import { forward, opRuns, runOp, tensorsFor } from './support/op-runs.js';

const runtime = await load();

function gradOf(tensor: Tensor): number[] {
  return [...(tensor.grad ?? [])];
}

test('views of a memory write reach its inputs', (t) => {
  const memory = runtime.tensor([1, 2, 3, 4], [1, 2, 2], { requiresGrad: true });
  const through = (view: (memory: Tensor) => Tensor) =>
    runtime.step(() => {
      memory.zeroGrad();
      const copy = scale(memory, 1);
      const weights = runtime.tensor([1, 0], [1, 2], { requiresGrad: true });
      const [erase, added] = [
        runtime.tensor([0.5, 0], [1, 2]),
        runtime.tensor([10, 20], [1, 2], { requiresGrad: true }),
      ];
      const written = memoryWrite(copy, weights, erase, added);
      const read = memoryRead(weights, memoryWrite(view(written), weights, erase, added));
      sum(add(read, memoryRead(weights, copy))).backward();
      return [gradOf(memory), gradOf(weights), gradOf(added)];
    });
  const plain = through((written) => scale(written, 1));
  t.deepEqual(
    through((written) => written),
    plain,
  );
  t.deepEqual(
    through((written) => reshape(written, [1, 2, 2])),
    plain,
  );
  t.deepEqual(
    through((written) => stack(unbind(written))),
    plain,
  );
});

test('a chain of memory writes takes a second pass', (t) => {
  const pass = (retainGraph: boolean) =>
    runtime.step(() => {
      const initial = runtime.tensor([1, 2, 3, 4], [1, 2, 2], { requiresGrad: true });
      const weights = runtime.tensor([0.25, 0.75], [1, 2], { requiresGrad: true });
      const erase = runtime.tensor([0.5, 0.25], [1, 2], { requiresGrad: true });
      let memory = scale(initial, 1);
      for (let i = 0; i < 4; i++) memory = memoryWrite(memory, weights, erase, erase);
      const loss = sum(mul(memory, memory));
      if (retainGraph) loss.backward({ retainGraph });
      loss.backward();
      return [initial, weights, erase].map(gradOf);
    });
  const [once, twice] = [pass(false), pass(true)];
  for (const [i, values] of once.entries())
    t.true(
      isClose(
        twice[i]!,
        values.map((value) => 2 * value),
      ),
      `${i}`,
    );
});

for (const run of opRuns()) {
  test(`${run.title}: inputs that are views, and outputs used through views, change nothing`, (t) => {
    const expected = runOp(runtime, run);
    const found = runtime.step(() => {
      const tensors = tensorsFor(runtime, run);
      const parents = tensors.map((tensor) => mul(tensor, ones(runtime, tensor)));
      const views = parents.map((parent) => reshape(reshape(parent, [parent.size]), parent.shape));
      const outputs = forward(run, views);
      const flat = outputs.map((output) => reshape(output, [output.size]));
      runtime.backward(flat, run.cotangents);
      return { outputs: outputs.map((output) => output.toArray()), gradients: tensors.map(({ grad }) => grad) };
    });
    for (const [i, output] of expected.outputs.entries()) t.true(isClose(found.outputs[i]!, output), `output ${i}`);
    for (const [i, gradient] of expected.gradients.entries()) {
      if (gradient !== null) t.true(isClose(found.gradients[i]!, gradient), `gradient ${i}`);
    }
  });
}

function ones(owner: Runtime, { size, shape }: Tensor): Tensor {
  return owner.tensor(new Float32Array(size).fill(1), shape);
}

test('recurrent weights get their gradient in every pass', (t) => {
  const sizes: [number, number][] = [
    [1, 2],
    [6, 300],
  ];
  for (const [batch, hidden] of sizes) {
    const weights = [
      runtime.tensor(new Float32Array(4 * hidden * 3).fill(0.1), [4 * hidden, 3], { requiresGrad: true }),
      runtime.tensor(new Float32Array(4 * hidden * hidden).fill(0.01), [4 * hidden, hidden], { requiresGrad: true }),
      runtime.tensor(new Float32Array(4 * hidden).fill(0.1), [4 * hidden], { requiresGrad: true }),
    ] as const;
    const train = (passes: number) => {
      for (const weight of weights) weight.zeroGrad();
      runtime.step(() => {
        const x = runtime.tensor(new Float32Array(batch * 3).fill(1), [batch, 3]);
        let [h, c] = [runtime.zeros([batch, hidden]), runtime.zeros([batch, hidden])];
        for (let i = 0; i < 3; i++) [h, c] = lstmCell(x, h, c, weights[0], weights[1], weights[2], weights[2]);
        const loss = sum(mul(h, h));
        for (let pass = 1; pass <= passes; pass++) loss.backward({ retainGraph: pass < passes });
      });
      return weights.map(gradOf);
    };
    const [once, thrice] = [train(1), train(3)];
    for (const [i, gradient] of once.entries()) {
      t.true(gradient.some((value) => value !== 0));
      t.true(
        isClose(
          thrice[i]!,
          gradient.map((value) => 3 * value),
        ),
        `weight ${i}`,
      );
    }
  }
});
