// Batches of images: epochs, pixels, states, invalid arguments.
import test from 'ava';
import { ImageBatches, load, Random } from '../index.js';

const runtime = await load();
const images = Uint8Array.from({ length: 10 * 4 }, (_, i) => 5 * Math.floor(i / 4) + (i % 4));

function batches(seed = 1): ImageBatches {
  return new ImageBatches(runtime, { images, shape: [1, 2, 2], random: new Random(runtime, seed) });
}

/** The places of the images of a batch, by their first byte. */
function drawn(from: ImageBatches, size: number): number[] {
  return runtime.step(() => {
    const pixels = from.batch(size);
    const data = pixels.toArray();
    return Array.from({ length: size }, (_, i) => Math.round(data[4 * i]! * 255) / 5);
  });
}

test('every epoch is a new permutation of the images', (t) => {
  const from = batches();
  const epochs = [0, 1].map(() => [...drawn(from, 5), ...drawn(from, 5)]);
  for (const epoch of epochs)
    t.deepEqual(
      [...epoch].sort((a, b) => a - b),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  t.notDeepEqual(epochs[0], epochs[1]);
  t.deepEqual([...drawn(batches(), 5)], epochs[0]!.slice(0, 5));
});

test('pixels are bytes / 255 in the given shape', (t) => {
  runtime.step(() => {
    const picked = batches().pick([3, 0]);
    t.deepEqual(picked.shape, [2, 1, 2, 2]);
    t.deepEqual(
      [...picked.toArray()],
      [15, 16, 17, 18, 0, 1, 2, 3].map((byte) => Math.fround(byte / 255)),
    );
  });
});

test('setState continues with the same batches', (t) => {
  const from = batches();
  for (let i = 0; i < 4; i++) drawn(from, 3);
  const { state } = from;
  const expected = [drawn(from, 3), drawn(from, 3), drawn(from, 3), drawn(from, 4)];
  const other = batches(9);
  other.setState(JSON.parse(JSON.stringify(state)));
  t.deepEqual([drawn(other, 3), drawn(other, 3), drawn(other, 3), drawn(other, 4)], expected);
});

test('invalid arguments throw one sentence', (t) => {
  const random = new Random(runtime, 1);
  t.throws(() => new ImageBatches(runtime, { images, shape: [3, 3], random }), {
    message: 'ImageBatches: images must hold images of 9 bytes, got 40',
  });
  t.throws(() => new ImageBatches(runtime, { images: new Uint8Array(), shape: [1], random }), {
    instanceOf: RangeError,
  });
  for (const index of [10, -1, 0.5, '0']) {
    t.throws(() => batches().pick([0, index as number]), { message: /^ImageBatches\.pick: indices\[1\] must be an/ });
  }
  t.throws(() => new ImageBatches(runtime, { images, shape: [2, 0], random }), {
    message: 'ImageBatches: shape must hold at least one pixel, got [2, 0]',
  });
  const from = batches();
  const { state } = from;
  for (const wrong of [{ random: { seed: -1, counter: 0 }, position: 3 }, { random: null, position: 3 }, null, {}]) {
    t.throws(() => from.setState(wrong as never));
    t.deepEqual(from.state, state, 'a refused state changes nothing');
  }
  t.throws(() => batches().batch(11), {
    message: 'ImageBatches.batch: size must be at most the number of images (10), got 11',
  });
  t.throws(() => batches().setState({ random: random.state, position: 11 }), {
    message: /^ImageBatches\.setState: position must be/,
  });
});
