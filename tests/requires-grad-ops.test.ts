// requiresGrad of an input changed between forward and backward, for every op: as PyTorch, the graph is as it was recorded.
import test from 'ava';
import { add, load, reshape, scale, sum, type Tensor } from '../index.js';
import { isClose } from './support/is-close.js';
import { forward, isTrained, opRuns, tensorsFor } from './support/op-runs.js';

const runtime = await load();

/** A tensor of the running step, which a stray write would change. */
function canary(): Tensor {
  return runtime.tensor(new Float32Array(200).fill(1));
}

function isWhole(tensor: Tensor): boolean {
  return tensor.toArray().every((value) => value === 1);
}

test('a large tensor frozen after the forward pass: nothing is written anywhere', async (t) => {
  const own = await load({ threads: 1, variant: 'simd' });
  const neighbor = own.tensor(new Float32Array(1000).fill(1));
  const x = own.tensor(new Float32Array(2 ** 20).fill(2), [2 ** 20], { requiresGrad: true });
  const frozen = own.tensor([1], [1], { requiresGrad: true });
  own.step(() => {
    const loss = add(sum(scale(x, 3)), reshape(frozen, []));
    x.requiresGrad = false;
    loss.backward();
  });
  t.true(isWhole(neighbor));
  t.true(x.grad!.every((value) => value === 0));
  t.deepEqual([...frozen.grad!], [1]);
});

for (const run of opRuns()) {
  const trained = run.inputs.map((_, i) => i).filter((i) => isTrained(run, i));

  /** Gradients of persistent inputs, of which `initial` are trainable, and `later` is called before backward. */
  const gradients = (initial: (i: number) => boolean, later: (inputs: Tensor[]) => void = () => {}) => {
    const inputs = tensorsFor(runtime, run, initial);
    runtime.step(() => {
      const outputs = forward(run, inputs);
      later(inputs);
      const data = canary();
      runtime.backward(outputs, run.cotangents);
      if (!isWhole(data)) throw new Error('a tensor was overwritten');
    });
    const isKept = (i: number) => inputs[i]!.toArray().every((value, j) => value === Math.fround(run.inputs[i]![j]!));
    if (!trained.every(isKept)) throw new Error('an input was overwritten');
    return inputs.map((input) => (input.grad?.some((value) => value !== 0) === true ? input.grad : null));
  };

  const isSame = (found: (Float32Array | null)[], wanted: (Float32Array | null)[]) =>
    wanted.every((gradient, i) => (gradient === null ? found[i] === null : isClose(found[i] ?? [], gradient)));

  test(`${run.title}: requiresGrad changed between forward and backward`, (t) => {
    const expected = gradients((i) => trained.includes(i));
    for (const changed of trained) {
      const frozen = gradients(
        (i) => trained.includes(i),
        (inputs) => (inputs[changed]!.requiresGrad = false),
      );
      const others = expected.map((gradient, i) => (i === changed ? null : gradient));
      t.true(isSame(frozen, others), `input ${changed} frozen`);
      if (trained.length === 1) continue;
      const thawed = gradients(
        (i) => i !== changed && trained.includes(i),
        (inputs) => (inputs[changed]!.requiresGrad = true),
      );
      t.true(isSame(thawed, others), `input ${changed} made trainable`);
    }
  });
}
