// Persistent memory: holes are used again, also in steps and noGrad, and nothing is overwritten.
import test from 'ava';
import { load, mul, Parameters, type Runtime, scale, sum, type Tensor } from '../index.js';

const filled = (runtime: Runtime, size: number, value: number) =>
  runtime.tensor(new Float32Array(size).fill(value), [size]);

test('holes are used again, whatever their sizes', async (t) => {
  const runtime = await load({ threads: 1 });
  const sizes = [1, 17, 300, 16, 64, 5000, 2, 90];
  const before = runtime.memory.used;
  let tensors: Tensor[] = [];
  const round = (turn: number) => {
    for (let i = 0; i < 200; i++) {
      const size = sizes[(i * 7 + turn) % sizes.length]!;
      tensors.push(filled(runtime, size, i));
      if (i % 3 !== 0) continue;
      const [gone] = tensors.splice((i * 31) % tensors.length, 1);
      gone!.dispose();
    }
    tensors.forEach((tensor, i) => {
      const values = tensor.toArray();
      if (!values.every((value) => value === values[0])) t.fail(`tensor ${i} of round ${turn} was overwritten`);
    });
    for (const tensor of tensors) tensor.dispose();
    tensors = [];
    t.is(runtime.memory.used, before);
  };
  round(0);
  round(1);
  const { peak } = runtime.memory;
  for (let turn = 2; turn < 10; turn++) round(turn);
  t.true(runtime.memory.peak <= 1.2 * peak);
});

test('persistent memory taken inside steps and noGrad leaves the tensors of the step alone', async (t) => {
  const runtime = await load({ threads: 1 });
  const x = filled(runtime, 100, 2);
  const before = runtime.memory.used;
  for (let round = 0; round < 3; round++) {
    const parameters = runtime.step(() => {
      const outer = scale(x, 10);
      const { first, created, last } = runtime.noGrad(() => {
        const first = scale(x, 1);
        const lost = scale(x, 99);
        const created = new Parameters(runtime);
        created.create('w', [50]).set(new Float32Array(50).fill(7));
        const last = [scale(x, 3), lost && scale(x, 4)];
        return { first, created, last };
      });
      const later = scale(x, 5);
      const all = [outer, first, ...last, later];
      t.deepEqual(
        all.map((tensor) => [...new Set(tensor.toArray())]),
        [[20], [2], [6], [8], [10]],
      );
      return created;
    });
    runtime.step(() => filled(runtime, 3000, 1));
    t.true(
      parameters
        .get('w')
        .toArray()
        .every((value) => value === 7),
    );
    parameters.dispose();
    t.is(runtime.memory.used, before, `round ${round}`);
  }
});

test('a gradient first needed inside noGrad, and a tensor returned from it', async (t) => {
  const runtime = await load({ threads: 1 });
  const w = runtime.tensor([1, 2]);
  w.requiresGrad = true;
  runtime.step(() => {
    const loss = sum(mul(w, w));
    const [a, b] = runtime.noGrad(() => {
      const first = scale(w, 10);
      loss.backward();
      return [first, scale(w, 20)];
    });
    filled(runtime, 500, 1);
    t.deepEqual(
      [[...a!.toArray()], [...b!.toArray()], [...w.grad!]],
      [
        [10, 20],
        [20, 40],
        [2, 4],
      ],
    );
  });
  runtime.step(() => filled(runtime, 500, 1));
  t.deepEqual([...w.grad!], [2, 4]);
});
