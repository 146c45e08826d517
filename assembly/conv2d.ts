// Convolution of images, forward and both backwards, on the register tiles of the matrix product.
//
// With the patch matrix P of an image, [positions, taps], y = W·Pᵀ, dPᵀ = Wᵀ·dy and dW = dy·P. P is never stored:
// blocks of it are packed straight from one padded image, and blocks of dP are added to one (conv2d-patches.ts).
import { addPositions, addSplitImage, Geometry, packPositions, packTaps, setTaps, splitImage } from './conv2d-patches';
import { depthOf, KC, MC, NC } from './matmul/matmul';
import { packColumns, packPanel, packRows } from './matmul/pack';
import { ROWS } from './matmul/tile';
import { multiplyPanels } from './matmul/tiles';

/** Maximum number of images that share a block of the weights' gradient: a small image does not fill its depth. */
const GROUP: u32 = 16;

/** Minimum number of multiplications of a convolution, and of a block of images, for multithreading. */
const LARGE: u64 = 1 << 21;
const BLOCK: u64 = 1 << 19;
/** Blocks of images to aim for, enough for all threads. */
const ENOUGH_BLOCKS: u32 = 16;
/** Bytes after the last pixel, which vectors of four may read. */
const SLACK: u32 = 16;

// Working memory: `shared` is written first, by conv2dPrepare or conv2dGather, then read by all threads; `own` belongs
// to one thread. `shared` begins with the taps; then come the panels of the weights, or a group of split images and the
// panels of its gradients.

/** Size of `shared`, in bytes; in float64, since it may be more than there is memory. */
export function conv2dSharedBytes(g: usize): f64 {
  const taps = Geometry.taps(g);
  const outputs = Geometry.outputs(g);
  const weights = 4 * max(<f64>padded(outputs) * taps, <f64>padded(taps) * outputs);
  const group = <f64>conv2dGroup(g);
  const gradients = 4 * <f64>padded(outputs) * Geometry.positions(g) * group;
  // packRows takes 16 bytes more.
  return <f64>tapsBytes(g) + 16 + max(weights, Geometry.splitSize(g) * group + SLACK + gradients);
}

/** Size of `own`, in bytes. */
export function conv2dOwnBytes(g: usize): f64 {
  return Geometry.splitSize(g) + SLACK + 4 * MC * NC;
}

/** Images of a block for one thread; 0 if the convolution is too small for multithreading. */
export function conv2dBlock(g: usize): u32 {
  const multiplications = <u64>Geometry.outputs(g) * Geometry.positions(g) * Geometry.taps(g);
  if (multiplications * Geometry.images(g) < LARGE) return 0;
  return max(<u32>((BLOCK + multiplications - 1) / multiplications), Geometry.images(g) / ENOUGH_BLOCKS);
}

/** Fills `shared` for conv2d, or transposed for conv2dBackwardData; weight: [O, C, KH, KW]. */
export function conv2dPrepare(shared: usize, weight: usize, g: usize, transposed: bool): void {
  const taps = Geometry.taps(g);
  const outputs = Geometry.outputs(g);
  const panels = shared + tapsBytes(g);
  const rows = transposed ? taps : outputs;
  const depthAll = transposed ? outputs : taps;
  const step = (<usize>(transposed ? taps : <u32>1)) << 2;
  setTaps(shared, g);
  for (let k: u32 = 0; k < depthAll; k += KC) {
    const depth = min(depthAll - k, KC);
    packRows(panels + panelsBefore(k, rows), weight + <usize>k * step, rows, depth, (<usize>taps) << 2, transposed);
  }
}

/**
 * y = (add ? y : 0) + conv(x, weight) for `count` images from `first` on; x: [N, C, H, W], y: [N, O, OH, OW].
 */
export function conv2d(
  y: usize,
  x: usize,
  g: usize,
  shared: usize,
  own: usize,
  scratch: usize,
  add: bool,
  first: u32,
  count: u32,
): void {
  const outputs = Geometry.outputs(g);
  const positions = Geometry.positions(g);
  const depthAll = Geometry.taps(g);
  const panels = shared + tapsBytes(g);
  memory.fill(own, 0, Geometry.splitBytes(g));
  for (let n = first; n < first + count; n++) {
    const image = y + ((<usize>(n * outputs * positions)) << 2);
    splitImage(own, x + <usize>n * Geometry.imageBytes(g), g);
    for (let k: u32 = 0; k < depthAll; k += KC) {
      const depth = min(depthAll - k, KC);
      const weights = panels + panelsBefore(k, outputs);
      for (let p: u32 = 0; p < positions; p += NC) {
        const cols = min(positions - p, NC);
        packPositions(scratch, own, shared + ((<usize>k) << 2), g, p, cols, depth);
        const at = image + ((<usize>p) << 2);
        multiplyPanels(at, weights, scratch, outputs, cols, depth, (<usize>positions) << 2, add || k > 0);
      }
    }
  }
}

/** dx += the gradient of x by dy, the transposed convolution of dy, for `count` images from `first` on. */
export function conv2dBackwardData(
  dx: usize,
  dy: usize,
  g: usize,
  shared: usize,
  own: usize,
  scratch: usize,
  first: u32,
  count: u32,
): void {
  const outputs = Geometry.outputs(g);
  const positions = Geometry.positions(g);
  const tapCount = Geometry.taps(g);
  const panels = shared + tapsBytes(g);
  const block = own + Geometry.splitBytes(g) + SLACK;
  for (let n = first; n < first + count; n++) {
    const image = dy + ((<usize>(n * outputs * positions)) << 2);
    memory.fill(own, 0, Geometry.splitBytes(g));
    for (let o: u32 = 0; o < outputs; o += KC) {
      const depth = min(outputs - o, KC);
      for (let p: u32 = 0; p < positions; p += NC) {
        const cols = min(positions - p, NC);
        packColumns(scratch, image + ((<usize>(o * positions + p)) << 2), cols, depth, (<usize>positions) << 2, false);
        for (let k: u32 = 0; k < tapCount; k += MC) {
          const rows = min(tapCount - k, MC);
          const weights = panels + panelsBefore(o, tapCount) + ((<usize>(k * depth)) << 2);
          multiplyPanels(block, weights, scratch, rows, cols, depth, (<usize>cols) << 2, false);
          addPositions(own, block, shared + ((<usize>k) << 2), g, p, rows, cols);
        }
      }
    }
    addSplitImage(dx + <usize>n * Geometry.imageBytes(g), own, g);
  }
}

/** Images that share a block of the weights' gradient. */
export function conv2dGroup(g: usize): u32 {
  return min(max(gradientDepth(g) / max(Geometry.positions(g), 1), 1), min(GROUP, max(Geometry.images(g), 1)));
}

/**
 * Fills `shared` for conv2dBackwardWeight: of a group of `images` images that begins with image `start`, the `count`
 * from the `first` of the group on.
 */
export function conv2dGather(
  dy: usize,
  x: usize,
  g: usize,
  shared: usize,
  start: u32,
  images: u32,
  first: u32,
  count: u32,
): void {
  const positions = Geometry.positions(g);
  const outputs = Geometry.outputs(g);
  const planes = shared + tapsBytes(g);
  const panels = planes + groupBytes(g);
  const most = gradientDepth(g);
  if (first === 0) setTaps(shared, g);
  for (let i = first; i < first + count; i++) {
    const split = planes + <usize>i * Geometry.splitBytes(g);
    const own = dy + ((<usize>((start + i) * outputs * positions)) << 2);
    memory.fill(split, 0, Geometry.splitBytes(g));
    splitImage(split, x + <usize>(start + i) * Geometry.imageBytes(g), g);
    for (let p: u32 = 0; p < positions; p += most) {
      const from = panels + panelsBefore(p * images, outputs);
      packGradients(
        from,
        own + ((<usize>p) << 2),
        outputs,
        i,
        images,
        min(positions - p, most),
        (<usize>positions) << 2,
      );
    }
  }
}

/**
 * dweight += the gradient of the weights by a gathered group of `images` images, for `count` taps from `first` (a
 * multiple of 8) on.
 */
export function conv2dBackwardWeight(
  dweight: usize,
  g: usize,
  shared: usize,
  scratch: usize,
  images: u32,
  first: u32,
  count: u32,
): void {
  const positions = Geometry.positions(g);
  const outputs = Geometry.outputs(g);
  const stride = (<usize>Geometry.taps(g)) << 2;
  const splitBytes = Geometry.splitBytes(g);
  const planes = shared + tapsBytes(g);
  const panels = planes + groupBytes(g);
  const most = gradientDepth(g);
  for (let p: u32 = 0; p < positions; p += most) {
    const across = min(positions - p, most);
    const depth = images * across;
    const gradients = panels + panelsBefore(p * images, outputs);
    for (let k = first; k < first + count; k += NC) {
      const cols = min(first + count - k, NC);
      const at = (<usize>k) << 2;
      for (let i: u32 = 0; i < images; i++) {
        packTaps(scratch, planes + <usize>i * splitBytes, shared + at, g, cols, p, across, i * across, depth);
      }
      multiplyPanels(dweight + at, gradients, scratch, outputs, cols, depth, stride, true);
    }
  }
}

/**
 * Packs `count` positions of every channel of image `i` of `images` into panels of ROWS channels, image after image.
 */
function packGradients(panels: usize, dy: usize, outputs: u32, i: u32, images: u32, count: u32, stride: usize): void {
  for (let o: u32 = 0; o < outputs; o += ROWS) {
    const at = panels + ((<usize>(o * images * count + ROWS * i * count)) << 2);
    packPanel(at, dy + <usize>o * stride, min(outputs - o, ROWS), count, stride);
  }
}

/** Depth of a block of the weights' gradient, a sum over all positions of all images. */
function gradientDepth(g: usize): u32 {
  return depthOf(Geometry.positions(g) * Geometry.images(g));
}

function tapsBytes(g: usize): usize {
  return (<usize>((Geometry.taps(g) + 3) & ~3)) << 2;
}

function groupBytes(g: usize): usize {
  return Geometry.splitBytes(g) * conv2dGroup(g) + SLACK;
}

/** Bytes of the panels of `rows` rows that come before those of the block of k from k on. */
function panelsBefore(k: u32, rows: u32): usize {
  return (<usize>(padded(rows) * k)) << 2;
}

/** `count`, rounded up to whole panels. */
function padded(count: u32): u32 {
  return ((count + ROWS - 1) / ROWS) * ROWS;
}
