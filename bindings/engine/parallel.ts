// The kernels as several threads run them: large ones in blocks, small ones by the caller alone.
//
// Blocks depend on shapes alone, and no sum runs over more than one of them: results are the same for any number of threads.
import type { Argument } from './job.js';
import type { Kernels } from './kernels.js';
import type { Threads } from './threads.js';

export { forSharedMemory } from './shared-module.js';
export { Threads } from './threads.js';

type Kernel = (...args: (number | boolean)[]) => number;

/**
 * Kernels that treat one element, or one row, like every other. A letter an argument: `x` advances by an element or a row, `w` by four bytes
 * a row, `d` by eight; `n` counts elements or rows, or `N` where each number takes an exponential or more; `c` is the numbers in a row; what
 * `.` stands for is the same for all.
 */
const EACH = {
  add: 'xxxn',
  sub: 'xxxn',
  mul: 'xxxn',
  div: 'xxxn',
  scale: 'xxn.',
  addScaled: 'xxn.',
  clamp: 'xxn..',
  exp: 'xxN',
  log: 'xxN',
  tanh: 'xxN',
  sigmoid: 'xxN',
  relu: 'xxn',
  softplus: 'xxN',
  mulBackward: 'xxxxxn',
  divBackward: 'xxxxxn',
  expBackward: 'xxxn',
  logBackward: 'xxxn',
  tanhBackward: 'xxxn',
  sigmoidBackward: 'xxxn',
  reluBackward: 'xxxn',
  softplusBackward: 'xxxn',
  sgd: 'xxxn.....',
  adam: 'xxxxxn........',
  rmsprop: 'xxxxxn......',
  softmax: 'xxNc',
  softmaxBackward: 'xxxnc',
  logSoftmax: 'xxNc',
  logSoftmaxBackward: 'xxxnc',
  attentionWeights: 'xx...Nc',
  attentionWeightsBackward: 'xdxxx...nc',
  normalizeRows: 'xxnc',
  normalizeRowsBackward: 'xxxnc',
  nearestCodes: 'wx.nc',
} as const satisfies Partial<Record<keyof Kernels, string>>;

/** Multiplications from which on a product is worth sharing: some 80 µs. */
const LARGE_PRODUCT = 2 ** 21;
/**
 * Numbers from which on a kernel over each is: where each is much work, and where it is little. Little work is not worth the way of its
 * numbers from one processor's cache to another's, so there have to be more than a cache holds.
 */
const MANY = 2 ** 17;
const VERY_MANY = 2 ** 18;
/** Numbers of a block. */
const SOME = 2 ** 13;
/** Blocks that are enough for all threads. */
const ENOUGH_BLOCKS = 16;

/** `kernels` of one instance, whose large ones are shared by `threads`. */
export function sharedKernels(kernels: Kernels, threads: Threads): Kernels {
  const each = Object.entries(EACH).map(([name, letters]) => [
    name,
    sharedEach(kernels, threads, name as keyof typeof EACH, letters),
  ]);
  return {
    ...kernels,
    ...Object.fromEntries(each),
    matmul: sharedProduct(kernels, threads, false),
    matmulPacked: sharedProduct(kernels, threads, true),
    ...sharedConvolution(kernels, threads),
    ...sharedNormalEquations(kernels, threads),
  };
}

/** The number of the block, as an argument. */
const BLOCK: Argument = { from: 0, perBlock: 1 };

/** The arguments `first` and `count` of blocks of at most `most` of `total`. */
function range(total: number, most: number): [Argument, Argument] {
  return [
    { from: 0, perBlock: most },
    { from: total, perBlock: -most, most },
  ];
}

function sharedProduct(kernels: Kernels, threads: Threads, packed: boolean): Kernels['matmul'] {
  const alone = packed ? kernels.matmulPacked : kernels.matmul;
  const perThread = kernels.matmulScratchBytes();
  return (c, a, b, scratch, m, n, k, flags) => {
    const blocks = m * n * k < LARGE_PRODUCT || m === 1 || n === 1 ? 1 : kernels.matmulBlocks(m, n);
    if (blocks === 1) return alone(c, a, b, scratch, m, n, k, flags);
    const own = { from: scratch, perThread };
    threads.run('matmulBlock', blocks, [c, a, b, own, m, n, k, flags, Number(packed), BLOCK]);
  };
}

/** Convolutions: a block is some images, or in the gradient of the weights some taps. */
function sharedConvolution(kernels: Kernels, threads: Threads): Partial<Kernels> {
  const perThread = kernels.matmulScratchBytes();
  return {
    conv2d: (y, x, g, shared, own, scratch, add, first, count) => {
      const most = kernels.conv2dBlock(g);
      if (most === 0) return kernels.conv2d(y, x, g, shared, own, scratch, add, first, count);
      const memory = [shared, { from: own, perThread: kernels.conv2dOwnBytes(g) }, { from: scratch, perThread }];
      threads.run('conv2d', Math.ceil(count / most), [y, x, g, ...memory, Number(add), ...range(count, most)]);
    },
    conv2dBackwardData: (dx, dy, g, shared, own, scratch, first, count) => {
      const most = kernels.conv2dBlock(g);
      if (most === 0) return kernels.conv2dBackwardData(dx, dy, g, shared, own, scratch, first, count);
      const memory = [shared, { from: own, perThread: kernels.conv2dOwnBytes(g) }, { from: scratch, perThread }];
      threads.run('conv2dBackwardData', Math.ceil(count / most), [dx, dy, g, ...memory, ...range(count, most)]);
    },
    conv2dGather: (dy, x, g, shared, start, images, first, count) => {
      if (kernels.conv2dBlock(g) === 0) return kernels.conv2dGather(dy, x, g, shared, start, images, first, count);
      threads.run('conv2dGather', count, [dy, x, g, shared, start, images, ...range(count, 1)]);
    },
    conv2dBackwardWeight: (dweight, g, shared, scratch, images, first, count) => {
      const alone = kernels.conv2dBlock(g) === 0;
      if (alone) return kernels.conv2dBackwardWeight(dweight, g, shared, scratch, images, first, count);
      const most = 8 * Math.ceil(count / (8 * ENOUGH_BLOCKS));
      const args = [dweight, g, shared, { from: scratch, perThread }, images, ...range(count, most)];
      threads.run('conv2dBackwardWeight', Math.ceil(count / most), args);
    },
  };
}

/** WᵀW and the solves: a block is some panels. */
function sharedNormalEquations(kernels: Kernels, threads: Threads): Partial<Kernels> {
  return {
    widenRows: (panels, w, rows, cols, first, count) => {
      if (rows * cols < VERY_MANY) return kernels.widenRows(panels, w, rows, cols, first, count);
      const most = Math.ceil(count / ENOUGH_BLOCKS);
      threads.run('widenRows', Math.ceil(count / most), [panels, w, rows, cols, ...range(count, most)]);
    },
    addGram: (a, panels, rows, cols, first, count) => {
      if (rows * cols * cols < LARGE_PRODUCT) return kernels.addGram(a, panels, rows, cols, first, count);
      threads.run('addGram', count, [a, panels, rows, cols, ...range(count, 1)]);
    },
    choleskySolve: (v, explained, l, b, work, n, cols, first, count) => {
      if (n * n * cols < LARGE_PRODUCT) return kernels.choleskySolve(v, explained, l, b, work, n, cols, first, count);
      const most = Math.ceil(count / ENOUGH_BLOCKS);
      const own = { from: work, perThread: 32 * (n + 3) };
      threads.run('choleskySolve', Math.ceil(count / most), [v, explained, l, b, own, n, cols, ...range(count, most)]);
    },
  };
}

function sharedEach(kernels: Kernels, threads: Threads, name: keyof typeof EACH, letters: string): Kernel {
  const alone = kernels[name] as Kernel;
  const [counts, columns] = [letters.search(/n/i), letters.indexOf('c')];
  const many = letters.includes('N') ? MANY : VERY_MANY;
  return (...args) => {
    const count = args[counts] as number;
    const width = columns < 0 ? 1 : (args[columns] as number);
    if (count * width < many) return alone(...args);
    const most = Math.max(1, Math.floor(SOME / width));
    threads.run(
      name,
      Math.ceil(count / most),
      args.map((value, i) => {
        const from = Number(value);
        if (i === counts) return { from, perBlock: -most, most };
        const bytes = { x: 4 * width, w: 4, d: 8 }[letters[i] as string] ?? 0;
        // Absent pointers stay absent.
        return from === 0 || bytes === 0 ? from : { from, perBlock: most * bytes };
      }),
    );
    return 0;
  };
}
