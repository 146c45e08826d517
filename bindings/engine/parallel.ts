// Multithreaded kernels: large calls are split into blocks for all threads, small ones run on the caller.
//
// Blocks depend on shapes alone and no sum crosses blocks, so results do not depend on the number of threads.
import type { Argument } from './job.js';
import type { Kernels } from './kernels.js';
import type { Threads } from './threads.js';

/** @internal */
export { SharedMemory } from './shared-memory.js';
/** @internal */
export { forSharedMemory } from './shared-module.js';
/** @internal */
export { Threads } from './threads.js';

type Kernel = (...args: (number | boolean)[]) => number;

/**
 * Kernels that apply the same operation to every element or row. One letter per argument: `x` is a pointer that advances by one element
 * or row, `w` one that advances by 4 bytes per row, `d` by 8; `n` is the number of elements or rows of a memory-bound kernel, `N` that of a
 * compute-bound one (an exponential or more per element); `c` is the number of columns; `.` is the same for all blocks.
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

/** Minimum number of multiplications for multithreading a product: about 80 µs of work. */
const PARALLEL_MIN_MULTIPLICATIONS = 2 ** 21;
/**
 * Minimum element count for multithreading, for compute-bound and memory-bound kernels. A memory-bound kernel gains only once its data
 * exceed one core's cache: before that, moving them between caches costs more than the work.
 */
const PARALLEL_MIN_ELEMENTS = { computeBound: 2 ** 17, memoryBound: 2 ** 18 };
/** Elements per block. */
const BLOCK_ELEMENTS = 2 ** 13;
/** Maximum number of blocks of convolution gradients, Gram matrices and solves. */
const MAX_BLOCKS = 16;

/**
 * Returns a kernel table that runs large calls on all threads.
 *
 * @internal
 * @param kernels Kernels of the caller's instance.
 * @param threads The threads.
 * @returns The table; its results equal those of `kernels` bit for bit.
 */
export function sharedKernels(kernels: Kernels, threads: Threads): Kernels {
  const each = Object.entries(EACH).map(([name, letters]) => [
    name,
    sharedEach(kernels, threads, name as keyof typeof EACH, letters),
  ]);
  const shared: Partial<Kernels> = {
    ...Object.fromEntries(each),
    matmul: sharedProduct(kernels, threads, false),
    matmulPacked: sharedProduct(kernels, threads, true),
    ...sharedConvolution(kernels, threads),
    ...sharedNormalEquations(kernels, threads),
  };
  const loaded = Object.entries(shared).filter(([name]) => name in kernels);
  return { ...kernels, ...Object.fromEntries(loaded) };
}

/** The index of the block, as an argument. */
const BLOCK: Argument = { from: 0, perBlock: 1 };

/** The arguments `first` and `count` of blocks of at most `size` items out of `total`. */
function range(total: number, size: number): [Argument, Argument] {
  return [
    { from: 0, perBlock: size },
    { from: total, perBlock: -size, max: size },
  ];
}

function sharedProduct(kernels: Kernels, threads: Threads, packed: boolean): Kernels['matmul'] {
  const alone = packed ? kernels.matmulPacked : kernels.matmul;
  const perThread = kernels.matmulScratchBytes();
  return (c, a, b, scratch, m, n, k, flags) => {
    const blocks = m * n * k < PARALLEL_MIN_MULTIPLICATIONS || m === 1 || n === 1 ? 1 : kernels.matmulBlocks(m, n);
    if (blocks === 1) return alone(c, a, b, scratch, m, n, k, flags);
    const own = { from: scratch, perThread };
    threads.run('matmulBlock', blocks, [c, a, b, own, m, n, k, flags, Number(packed), BLOCK]);
  };
}

/** Convolutions: a block is a range of images, or of kernel taps in the weight gradient. */
function sharedConvolution(kernels: Kernels, threads: Threads): Partial<Kernels> {
  const perThread = kernels.matmulScratchBytes();
  return {
    conv2d: (y, x, g, shared, own, scratch, add, first, count) => {
      const size = kernels.conv2dBlock(g);
      if (size === 0) return kernels.conv2d(y, x, g, shared, own, scratch, add, first, count);
      const memory = [shared, { from: own, perThread: kernels.conv2dOwnBytes(g) }, { from: scratch, perThread }];
      threads.run('conv2d', Math.ceil(count / size), [y, x, g, ...memory, Number(add), ...range(count, size)]);
    },
    conv2dBackwardData: (dx, dy, g, shared, own, scratch, first, count) => {
      const size = kernels.conv2dBlock(g);
      if (size === 0) return kernels.conv2dBackwardData(dx, dy, g, shared, own, scratch, first, count);
      const memory = [shared, { from: own, perThread: kernels.conv2dOwnBytes(g) }, { from: scratch, perThread }];
      threads.run('conv2dBackwardData', Math.ceil(count / size), [dx, dy, g, ...memory, ...range(count, size)]);
    },
    conv2dGather: (dy, x, g, shared, start, images, first, count) => {
      if (kernels.conv2dBlock(g) === 0) return kernels.conv2dGather(dy, x, g, shared, start, images, first, count);
      threads.run('conv2dGather', count, [dy, x, g, shared, start, images, ...range(count, 1)]);
    },
    conv2dBackwardWeight: (dweight, g, shared, scratch, images, first, count) => {
      const alone = kernels.conv2dBlock(g) === 0;
      if (alone) return kernels.conv2dBackwardWeight(dweight, g, shared, scratch, images, first, count);
      const size = 8 * Math.ceil(count / (8 * MAX_BLOCKS));
      const args = [dweight, g, shared, { from: scratch, perThread }, images, ...range(count, size)];
      threads.run('conv2dBackwardWeight', Math.ceil(count / size), args);
    },
  };
}

/** The Gram matrix WᵀW and the solves: a block is a range of panels. */
function sharedNormalEquations(kernels: Kernels, threads: Threads): Partial<Kernels> {
  return {
    widenRows: (panels, w, rows, cols, first, count) => {
      if (rows * cols < PARALLEL_MIN_ELEMENTS.memoryBound)
        return kernels.widenRows(panels, w, rows, cols, first, count);
      const size = Math.ceil(count / MAX_BLOCKS);
      threads.run('widenRows', Math.ceil(count / size), [panels, w, rows, cols, ...range(count, size)]);
    },
    addGram: (a, panels, rows, cols, first, count) => {
      if (rows * cols * cols < PARALLEL_MIN_MULTIPLICATIONS)
        return kernels.addGram(a, panels, rows, cols, first, count);
      threads.run('addGram', count, [a, panels, rows, cols, ...range(count, 1)]);
    },
    choleskySolve: (v, explained, l, b, work, n, cols, first, count) => {
      if (n * n * cols < PARALLEL_MIN_MULTIPLICATIONS)
        return kernels.choleskySolve(v, explained, l, b, work, n, cols, first, count);
      const size = Math.ceil(count / MAX_BLOCKS);
      const own = { from: work, perThread: 32 * (n + 3) };
      threads.run('choleskySolve', Math.ceil(count / size), [v, explained, l, b, own, n, cols, ...range(count, size)]);
    },
  };
}

function sharedEach(kernels: Kernels, threads: Threads, name: keyof typeof EACH, letters: string): Kernel {
  const alone = kernels[name] as Kernel;
  const [counts, columns] = [letters.search(/n/i), letters.indexOf('c')];
  const min = letters.includes('N') ? PARALLEL_MIN_ELEMENTS.computeBound : PARALLEL_MIN_ELEMENTS.memoryBound;
  return (...args) => {
    const count = args[counts] as number;
    const width = columns < 0 ? 1 : (args[columns] as number);
    if (count * width < min) return alone(...args);
    const size = Math.max(1, Math.floor(BLOCK_ELEMENTS / width));
    threads.run(
      name,
      Math.ceil(count / size),
      args.map((value, i) => {
        const from = Number(value);
        if (i === counts) return { from, perBlock: -size, max: size };
        const bytes = { x: 4 * width, w: 4, d: 8 }[letters[i] as string] ?? 0;
        // Absent pointers stay absent.
        return from === 0 || bytes === 0 ? from : { from, perBlock: size * bytes };
      }),
    );
    return 0;
  };
}
