// Training and evaluation of a prototype network.
import { Adam, add, crossEntropy, mseLoss, type Random, scale, type Tensor } from 'tapehead';
import type { LabelledImages } from '../data/images.js';
import { pixelsOf } from '../data/images.js';
import type { PrototypeNet } from './net.js';

export const settings = {
  epochs: 4,
  batch: 128,
  /** Initial learning rate of Adam; it decays linearly to zero. */
  learningRate: 3e-3,
  tau: 2,
  hiddenSizes: [256, 128],
  /** Weight of the mean squared difference between the input and the image read. */
  likeness: 2,
  /** Prototypes per class. */
  each: 4,
  /** Number of training images. */
  images: 60_000,
  /** Number of images per class from which prototypes are picked. */
  sample: 1000,
};

export type Settings = typeof settings;

/** Predictions of a network for a set of images. */
export interface Predictions {
  readonly accuracy: number;
  /** Share of images for which a prototype of their own class was read. */
  readonly ownClass: number;
  readonly classes: Uint8Array;
  readonly addresses: Uint32Array;
}

const BATCH = 500;

/** Trains `net`. `watch` is called with the loss of every update; training stops when it returns false. */
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
      const loss = crossEntropy(logits, labels);
      // Two auxiliary losses: prototypes are classified as their own class, and reads should resemble the input.
      const bankLoss = crossEntropy(net.bankLogits(), bankClasses);
      const difference = scale(mseLoss(image, x), likeness);
      optimizer.zeroGrad();
      add(add(loss, bankLoss), difference).backward();
      optimizer.step();
      return loss.item();
    });
    if (!(await watch(update + 1, loss))) return;
  }
}

/** Number of updates of a training run. */
export function updatesOf({ epochs, batch, images }: Pick<Settings, 'epochs' | 'batch' | 'images'>): number {
  return epochs * Math.floor(images / batch);
}

/** Predicts the classes of all images. */
export function predict(net: PrototypeNet, data: LabelledImages, { tau, each }: Settings): Predictions {
  const { runtime } = net.memory;
  const classes = new Uint8Array(data.count);
  const addresses = new Uint32Array(data.count);
  for (let start = 0; start < data.count; start += BATCH) {
    const rows = Uint32Array.from({ length: Math.min(BATCH, data.count - start) }, (_, i) => start + i);
    runtime.noGrad(() => {
      const output = net.forward(tensorOf(net, data, rows), { training: false, tau });
      addresses.set(output.addresses, start);
      classes.set(argmax(output.logits), start);
    });
  }
  const agreement = (classOf: (i: number) => number): number =>
    data.labels.filter((label, i) => label === classOf(i)).length / data.count;
  const ownClass = agreement((i) => Math.floor((addresses[i] as number) / each));
  return { accuracy: agreement((i) => classes[i] as number), ownClass, classes, addresses };
}

function tensorOf(net: PrototypeNet, data: LabelledImages, rows: Uint32Array): Tensor {
  const pixels = pixelsOf(data, rows);
  return net.memory.runtime.tensor(pixels.data, pixels.shape);
}

/** Argmax of each row. */
function argmax(x: Tensor): number[] {
  const [rows, columns] = x.shape as [number, number];
  const data = x.toArray();
  return Array.from({ length: rows }, (_, r) => {
    const row = data.subarray(r * columns, (r + 1) * columns);
    return row.indexOf(Math.max(...row));
  });
}
