// Training a prototype net, and how often it is right.
import { Adam, add, crossEntropy, mseLoss, type Random, scale, type Tensor } from 'tapehead';
import type { LabelledImages } from '../data/fashion-mnist.js';
import { pixelsOf } from '../data/pixels.js';
import type { PrototypeNet } from './net.js';

export const settings = {
  epochs: 4,
  batch: 128,
  /** Adam's at the start; it falls linearly to zero. */
  learningRate: 3e-3,
  tau: 2,
  hiddenSizes: [256, 128],
  /** Weight of the squared difference between input and image read. */
  likeness: 2,
  /** Prototypes of a class. */
  each: 4,
  /** Training images used, and of those of a class, how many the prototypes are picked from. */
  images: 60_000,
  sample: 1000,
};

export type Settings = typeof settings;

/** What a net makes of a set of images. */
export interface Answers {
  /** Share of right classes. */
  readonly accuracy: number;
  /** Share of images for which one of their own class was read. */
  readonly own: number;
  readonly classes: Uint8Array;
  readonly addresses: Uint32Array;
}

const AT_ONCE = 500;

/** Trains `net`; `watch` sees the loss of every update and ends training by returning false. */
export async function train(
  net: PrototypeNet,
  data: LabelledImages,
  { epochs, batch, learningRate, tau, images, likeness, each }: Settings,
  random: Random,
  watch: (update: number, loss: number) => Promise<boolean>,
): Promise<void> {
  const { runtime } = net.memory;
  const optimizer = new Adam(net.parameters, { lr: learningRate });
  const updates = updatesOf({ epochs, batch, images });
  const bankClasses = Int32Array.from({ length: net.memory.memorySize }, (_, i) => Math.floor(i / each));
  let order: Uint32Array = new Uint32Array();
  for (let update = 0; update < updates; update++) {
    if (order.length < batch) order = random.permutation(images);
    const rows = order.subarray(0, batch);
    order = order.subarray(batch);
    optimizer.learningRate = learningRate * (1 - update / updates);
    const loss = runtime.step(() => {
      const x = tensorOf(net, data, rows);
      const { logits, image } = net.forward(x, { training: true, tau });
      const labels = Int32Array.from(rows, (row) => data.labels[row] as number);
      const wrong = crossEntropy(logits, labels);
      // An image of the bank is to mean its own class, and one that resembles the input is the better read.
      const meaning = crossEntropy(net.bankLogits(), bankClasses);
      const unlike = scale(mseLoss(image, x), likeness);
      optimizer.zeroGrad();
      add(add(wrong, meaning), unlike).backward();
      optimizer.step();
      return wrong.item();
    });
    if (!(await watch(update + 1, loss))) return;
  }
}

/** Updates in a training. */
export function updatesOf({ epochs, batch, images }: Pick<Settings, 'epochs' | 'batch' | 'images'>): number {
  return epochs * Math.floor(images / batch);
}

/** The classes that `net` says and the addresses that it reads. */
export function answer(net: PrototypeNet, data: LabelledImages, { tau, each }: Settings): Answers {
  const { runtime } = net.memory;
  const classes = new Uint8Array(data.count);
  const addresses = new Uint32Array(data.count);
  for (let start = 0; start < data.count; start += AT_ONCE) {
    const rows = Uint32Array.from({ length: Math.min(AT_ONCE, data.count - start) }, (_, i) => start + i);
    runtime.noGrad(() => {
      const found = net.forward(tensorOf(net, data, rows), { training: false, tau });
      addresses.set(found.addresses, start);
      classes.set(largest(found.logits), start);
    });
  }
  const share = (found: (i: number) => number): number =>
    data.labels.filter((label, i) => label === found(i)).length / data.count;
  const own = share((i) => Math.floor((addresses[i] as number) / each));
  return { accuracy: share((i) => classes[i] as number), own, classes, addresses };
}

function tensorOf(net: PrototypeNet, data: LabelledImages, rows: Uint32Array): Tensor {
  const pixels = pixelsOf(data, rows);
  return net.memory.runtime.tensor(pixels.data, pixels.shape);
}

/** The place of the largest number of each row. */
function largest(x: Tensor): number[] {
  const [rows, columns] = x.shape as [number, number];
  const data = x.toArray();
  return Array.from({ length: rows }, (_, r) => {
    const row = data.subarray(r * columns, (r + 1) * columns);
    return row.indexOf(Math.max(...row));
  });
}
