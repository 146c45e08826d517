// Vector quantization: codes, ties, what passes straight through, who is drawn to whom, wrong arguments.
import test from 'ava';
import { load, vectorQuantize } from '../index.js';

const runtime = await load();
const codebook = [0, 0, 1, 1, 4, 0];
const z = [0.9, 0.8, 3, 1, 0.1, -0.2, 0.5, 0.5];

test('every row becomes its nearest code, the first among equals', (t) => {
  runtime.step(() => {
    const found = vectorQuantize(runtime.tensor(z, [4, 2]), runtime.tensor(codebook, [3, 2]));
    t.deepEqual([...found.codes], [1, 2, 0, 0]);
    t.deepEqual([...found.quantized.toArray()], [1, 1, 4, 0, 0, 0, 0, 0]);
    const squares = 0.01 + 0.04 + 1 + 1 + 0.01 + 0.04 + 0.25 + 0.25;
    t.true(Math.abs(found.loss.item() - (1.25 * squares) / 8) < 1e-6);
  });
});

test('gradients: straight through to the rows, each loss to its own side', (t) => {
  for (const { commitment, codebookLoss } of [
    { commitment: 0.25, codebookLoss: true },
    { commitment: 0.5, codebookLoss: false },
  ]) {
    runtime.step(() => {
      const rows = runtime.tensor(z, [4, 2], { requiresGrad: true });
      const codes = runtime.tensor(codebook, [3, 2], { requiresGrad: true });
      const { quantized, loss } = vectorQuantize(rows, codes, { commitment, codebookLoss });
      const through = [1, 2, 3, 4, 5, 6, 7, 8];
      runtime.backward([quantized, loss], [through, [2]]);
      const nearest = [1, 1, 4, 0, 0, 0, 0, 0];
      const pull = z.map((value, i) => (2 * 2 * (value - nearest[i]!)) / 8);
      const expected = through.map((value, i) => value + commitment * pull[i]!);
      t.true(rows.grad!.every((value, i) => Math.abs(value - expected[i]!) < 1e-5));
      const drawn = [pull[4]! + pull[6]!, pull[5]! + pull[7]!, pull[0]!, pull[1]!, pull[2]!, pull[3]!];
      const given = codes.grad ?? new Float32Array(6);
      t.true(given.every((value, i) => Math.abs(value + (codebookLoss ? drawn[i]! : 0)) < 1e-5));
    });
  }
});

test('wrong arguments say what was wrong', (t) => {
  runtime.step(() => {
    const rows = runtime.zeros([4, 2]);
    t.throws(() => vectorQuantize(rows, runtime.zeros([3, 1])), {
      message: /^vectorQuantize: codebook must have shape/,
    });
    t.throws(() => vectorQuantize(rows, runtime.zeros([0, 2])), {
      message: /^vectorQuantize: codebook must have at least/,
    });
    t.throws(() => vectorQuantize(rows, rows, { commitment: -1 }), { message: /^vectorQuantize: commitment must be/ });
  });
});
