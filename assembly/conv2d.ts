// Convolution of images, forward and both backwards, on the register tiles of the matrix product.
//
// With the patch matrix P of an image, [places, taps], y = W·Pᵀ, dPᵀ = Wᵀ·dy and dW = dy·P. No such matrix is ever held:
// blocks of it are packed straight from one padded image, and blocks of dP are added to one (conv2d-patches.ts).
import { addPlaces, addSplitImage, Geometry, packPlaces, packTaps, setTaps, splitImage } from './conv2d-patches';
import { KC, MC, NC } from './matmul';
import { packColumns, packRows, Transpose } from './matmul-pack';
import { multiplyPanels } from './matmul-tiles';

/** Most images that share a block of the weights' gradient: small ones do not fill its depth alone. */
const GROUP: u32 = 16;

/** Size of the `work` memory of the kernels here, in bytes. */
export function conv2dWorkBytes(g: usize): u32 {
  const taps = Geometry.taps(g);
  const outputs = Geometry.outputs(g);
  const weights = 4 * max(padded(outputs) * taps, padded(taps) * outputs);
  const gradients = 4 * padded(outputs) * KC;
  return 4 * padded(taps) + <u32>Geometry.splitBytes(g) * groupOf(g) + 16 + max(weights, gradients) + 4 * MC * NC;
}

/** y = (add ? y : 0) + conv(x, weight); x: [N, C, H, W], weight: [O, C, KH, KW], y: [N, O, OH, OW]. */
export function conv2d(y: usize, x: usize, weight: usize, g: usize, work: usize, scratch: usize, add: bool): void {
  const outputs = Geometry.outputs(g);
  const places = Geometry.places(g);
  const depthAll = Geometry.taps(g);
  const taps = work;
  const planes = taps + ((<usize>padded(depthAll)) << 2);
  const panels = planes + slack(Geometry.splitBytes(g));
  setTaps(taps, g);
  memory.fill(planes, 0, Geometry.splitBytes(g));
  for (let k: u32 = 0; k < depthAll; k += KC) {
    const depth = min(depthAll - k, KC);
    packRows(
      panels + panelsBefore(k, outputs),
      weight + ((<usize>k) << 2),
      outputs,
      depth,
      (<usize>depthAll) << 2,
      false,
    );
  }
  for (let n: u32 = 0; n < Geometry.images(g); n++) {
    splitImage(planes, x, g);
    for (let k: u32 = 0; k < depthAll; k += KC) {
      const depth = min(depthAll - k, KC);
      const own = panels + panelsBefore(k, outputs);
      for (let p: u32 = 0; p < places; p += NC) {
        const cols = min(places - p, NC);
        packPlaces(scratch, planes, taps + ((<usize>k) << 2), g, p, cols, depth);
        const at = y + ((<usize>p) << 2);
        multiplyPanels(at, own, scratch, outputs, cols, depth, (<usize>places) << 2, add || k > 0);
      }
    }
    x += Geometry.imageBytes(g);
    y += (<usize>(outputs * places)) << 2;
  }
}

/** dx += the gradient of x by dy, the transposed convolution of dy. */
export function conv2dBackwardData(dx: usize, dy: usize, weight: usize, g: usize, work: usize, scratch: usize): void {
  const outputs = Geometry.outputs(g);
  const places = Geometry.places(g);
  const tapCount = Geometry.taps(g);
  const taps = work;
  const planes = taps + ((<usize>padded(tapCount)) << 2);
  const block = planes + slack(Geometry.splitBytes(g));
  const panels = block + 4 * MC * NC;
  setTaps(taps, g);
  for (let o: u32 = 0; o < outputs; o += KC) {
    const row = weight + ((<usize>(o * tapCount)) << 2);
    packRows(panels + panelsBefore(o, tapCount), row, tapCount, min(outputs - o, KC), (<usize>tapCount) << 2, true);
  }
  for (let n: u32 = 0; n < Geometry.images(g); n++) {
    memory.fill(planes, 0, Geometry.splitBytes(g));
    for (let o: u32 = 0; o < outputs; o += KC) {
      const depth = min(outputs - o, KC);
      for (let p: u32 = 0; p < places; p += NC) {
        const cols = min(places - p, NC);
        const from = dy + ((<usize>(o * places + p)) << 2);
        packColumns(scratch, from, cols, depth, (<usize>places) << 2, false);
        for (let k: u32 = 0; k < tapCount; k += MC) {
          const rows = min(tapCount - k, MC);
          const own = panels + panelsBefore(o, tapCount) + ((<usize>(k * depth)) << 2);
          multiplyPanels(block, own, scratch, rows, cols, depth, (<usize>cols) << 2, false);
          addPlaces(planes, block, taps + ((<usize>k) << 2), g, p, rows, cols);
        }
      }
    }
    addSplitImage(dx, planes, g);
    dx += Geometry.imageBytes(g);
    dy += (<usize>(outputs * places)) << 2;
  }
}

/** dweight += the gradient of the weights by dy. */
export function conv2dBackwardWeight(dweight: usize, dy: usize, x: usize, g: usize, work: usize, scratch: usize): void {
  const places = Geometry.places(g);
  const taps = work;
  const planes = taps + ((<usize>padded(Geometry.taps(g))) << 2);
  const splitBytes = Geometry.splitBytes(g);
  const group = groupOf(g);
  const panels = planes + slack(splitBytes * group);
  setTaps(taps, g);
  memory.fill(planes, 0, splitBytes * group);
  for (let n: u32 = 0; n < Geometry.images(g); n += group) {
    const images = min(Geometry.images(g) - n, group);
    for (let i: u32 = 0; i < images; i++) {
      splitImage(planes + <usize>i * splitBytes, x, g);
      x += Geometry.imageBytes(g);
    }
    for (let p: u32 = 0; p < places; p += KC) {
      const count = min(places - p, KC);
      addGroup(dweight, dy + ((<usize>p) << 2), planes, panels, taps, g, scratch, images, p, count);
    }
    dy += (<usize>(images * Geometry.outputs(g) * places)) << 2;
  }
}

/** dweight += dy·P over `count` places from `place` on of some images. */
function addGroup(
  dweight: usize,
  dy: usize,
  planes: usize,
  panels: usize,
  taps: usize,
  g: usize,
  scratch: usize,
  images: u32,
  place: u32,
  count: u32,
): void {
  const outputs = Geometry.outputs(g);
  const tapCount = Geometry.taps(g);
  const splitBytes = Geometry.splitBytes(g);
  const depth = images * count;
  packGradients(panels, dy, outputs, images, count, (<usize>Geometry.places(g)) << 2);
  for (let k: u32 = 0; k < tapCount; k += NC) {
    const cols = min(tapCount - k, NC);
    const own = taps + ((<usize>k) << 2);
    for (let i: u32 = 0; i < images; i++) {
      packTaps(scratch, planes + <usize>i * splitBytes, own, g, cols, place, count, i * count, depth);
    }
    multiplyPanels(dweight + ((<usize>k) << 2), panels, scratch, outputs, cols, depth, (<usize>tapCount) << 2, true);
  }
}

/** Packs `count` places of every channel of dy, image after image, into panels of 4 channels. */
function packGradients(panels: usize, dy: usize, outputs: u32, images: u32, count: u32, stride: usize): void {
  for (let o: u32 = 0; o < outputs; o += 4) {
    for (let i: u32 = 0; i < images; i++) {
      const image = dy + <usize>(i * outputs) * stride;
      const last = outputs - 1;
      const x0 = image + <usize>o * stride;
      const x1 = image + <usize>min(last, o + 1) * stride;
      const x2 = image + <usize>min(last, o + 2) * stride;
      const x3 = image + <usize>min(last, o + 3) * stride;
      Transpose.four(panels, x0, x1, x2, x3, count, 16);
      panels += (<usize>count) << 4;
    }
  }
}

/** Images that share a block of the weights' gradient. */
function groupOf(g: usize): u32 {
  return min(max(KC / max(Geometry.places(g), 1), 1), min(GROUP, max(Geometry.images(g), 1)));
}

/** Bytes of the panels of 4 of `rows` rows that come before those of the block of k from k on. */
function panelsBefore(k: u32, rows: u32): usize {
  return (<usize>(padded(rows) * k)) << 2;
}

function padded(count: u32): u32 {
  return (count + 3) & ~3;
}

/** Room for what is read beyond the last pixel, four at a time. */
function slack(bytes: usize): usize {
  return bytes + 16;
}
