// Arguments that conv2d, convTranspose2d and matmul refuse, before anything is allocated.
import test from 'ava';
import { conv2d, convTranspose2d, load, matmul, type Tensor } from '../index.js';

const runtime = await load();

/** Zeros of a shape, in the running step. */
function zeros(...shape: number[]): Tensor {
  return runtime.zeros(shape);
}

const refused: Record<string, [call: () => unknown, message: RegExp]> = {
  'conv2d: images without a batch': [() => conv2d(zeros(3, 4, 4), zeros(2, 3, 1, 1)), /^conv2d: x .*\[3, 4, 4\]/],
  'conv2d: channels that differ': [
    () => conv2d(zeros(1, 3, 4, 4), zeros(2, 4, 1, 1)),
    /^conv2d: weight .*\[2, 4, 1, 1\]/,
  ],
  'conv2d: a bias of the wrong size': [
    () => conv2d(zeros(1, 3, 4, 4), zeros(2, 3, 1, 1), zeros(3)),
    /^conv2d: bias .*\[3\]/,
  ],
  'conv2d: an empty image': [() => conv2d(zeros(1, 3, 0, 4), zeros(2, 3, 1, 1)), /^conv2d: x .*\[1, 3, 0, 4\]/],
  'conv2d: an empty kernel': [() => conv2d(zeros(1, 3, 4, 4), zeros(2, 3, 0, 1)), /^conv2d: weight .*\[2, 3, 0, 1\]/],
  'conv2d: a kernel higher than the image': [
    () => conv2d(zeros(1, 1, 2, 9), zeros(1, 1, 5, 3), undefined, { padding: 1 }),
    /^conv2d: weight .*\[4, 11\].*\[5, 3\]/,
  ],
  'conv2d: a kernel wider than the image': [() => conv2d(zeros(1, 1, 9, 2), zeros(1, 1, 3, 3)), /^conv2d: weight /],
  'conv2d: a stride of 0': [
    () => conv2d(zeros(1, 1, 4, 4), zeros(1, 1, 2, 2), undefined, { stride: 0 }),
    /^conv2d: stride .*\b0\b/,
  ],
  'conv2d: three strides': [
    () => conv2d(zeros(1, 1, 4, 4), zeros(1, 1, 2, 2), undefined, { stride: [1, 2, 3] as never }),
    /^conv2d: stride /,
  ],
  'conv2d: a padding below 0': [
    () => conv2d(zeros(1, 1, 4, 4), zeros(1, 1, 2, 2), undefined, { padding: [0, -1] }),
    /^conv2d: padding.*-1/,
  ],
  'convTranspose2d: images without a batch': [
    () => convTranspose2d(zeros(3, 4, 4), zeros(3, 2, 1, 1)),
    /^convTranspose2d: x .*\[3, 4, 4\]/,
  ],
  'convTranspose2d: channels that differ': [
    () => convTranspose2d(zeros(1, 3, 4, 4), zeros(4, 2, 1, 1)),
    /^convTranspose2d: weight .*\[4, 2, 1, 1\]/,
  ],
  'convTranspose2d: a bias of the wrong size': [
    () => convTranspose2d(zeros(1, 3, 4, 4), zeros(3, 2, 1, 1), zeros(3)),
    /^convTranspose2d: bias .*\[3\]/,
  ],
  'convTranspose2d: an empty batch': [
    () => convTranspose2d(zeros(0, 3, 4, 4), zeros(3, 2, 1, 1)),
    /^convTranspose2d: x .*\[0, 3, 4, 4\]/,
  ],
  'convTranspose2d: padding that leaves no pixel': [
    () => convTranspose2d(zeros(1, 1, 1, 4), zeros(1, 1, 2, 2), undefined, { padding: 1 }),
    /^convTranspose2d: padding .*\[0, 3\]/,
  ],
  'convTranspose2d: a fractional stride': [
    () => convTranspose2d(zeros(1, 1, 4, 4), zeros(1, 1, 2, 2), undefined, { stride: [1, 1.5] }),
    /^convTranspose2d: stride.*1\.5/,
  ],
  'matmul: a vector': [() => matmul(zeros(3), zeros(3, 2)), /^matmul: a .*\[3\]/],
  'matmul: four dimensions': [() => matmul(zeros(2, 3), zeros(1, 1, 3, 2)), /^matmul: b .*\[1, 1, 3, 2\]/],
  'matmul: inner sizes that differ': [() => matmul(zeros(2, 3), zeros(4, 2)), /^matmul: b .*\b3\b.*\[4, 2\]/],
  'matmul: inner sizes that differ, transposed': [
    () => matmul(zeros(3, 2), zeros(2, 4), { transposeA: true, transposeB: true }),
    /^matmul: b .*\b3\b.*\[2, 4\]/,
  ],
  'matmul: batch sizes that differ': [() => matmul(zeros(2, 3, 4), zeros(5, 4, 3)), /^matmul: b .*\b2\b.*\[5, 4, 3\]/],
  'matmul: a number in place of a tensor': [() => matmul(2 as never, zeros(2, 2)), /^matmul: a .*\b2\b/],
};

for (const [title, [call, message]] of Object.entries(refused)) {
  test(title, (t) => {
    const error = t.throws(() => runtime.step(call), { message });
    t.true(error instanceof RangeError || error instanceof TypeError, `${error}`);
  });
}

test('a refused call leaves the runtime usable', (t) => {
  runtime.step(() => {
    t.throws(() => matmul(zeros(2, 3), zeros(4, 2)));
    const product = matmul(runtime.tensor([1, 2], [1, 2]), runtime.tensor([3, 4], [2, 1]));
    t.is(product.item(), 11);
  });
});
