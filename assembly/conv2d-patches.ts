// Implicit patch matrices of convolutions: one padded image, and panels packed directly from it.
//
// The image lies split by the stride into planes, [C, SH, SW, HQ, WQ]: the pixel (h, w) of the padded image lies in
// plane (h mod SH, w mod SW) at (h / SH, w / SW). So a tap (c, kh, kw) of the kernel sees the pixels of an output row
// next to each other, whatever the stride, at a constant distance from the first tap.
import { Transpose } from './matmul/pack';
import { Tile } from './matmul/tile';
import { Simd } from './simd/simd';

/** The sizes of a convolution: 13 integers in memory. */
export class Geometry {
  /** Images N of the batch. */
  @inline static images(g: usize): u32 {
    return load<u32>(g);
  }
  /** Channels C, height H and width W of an image. */
  @inline static channels(g: usize): u32 {
    return load<u32>(g, 4);
  }
  @inline static height(g: usize): u32 {
    return load<u32>(g, 8);
  }
  @inline static width(g: usize): u32 {
    return load<u32>(g, 12);
  }
  /** Channels O, height OH and width OW of the result. */
  @inline static outputs(g: usize): u32 {
    return load<u32>(g, 16);
  }
  @inline static outputHeight(g: usize): u32 {
    return load<u32>(g, 20);
  }
  @inline static outputWidth(g: usize): u32 {
    return load<u32>(g, 24);
  }
  @inline static kernelHeight(g: usize): u32 {
    return load<u32>(g, 28);
  }
  @inline static kernelWidth(g: usize): u32 {
    return load<u32>(g, 32);
  }
  @inline static strideHeight(g: usize): u32 {
    return load<u32>(g, 36);
  }
  @inline static strideWidth(g: usize): u32 {
    return load<u32>(g, 40);
  }
  @inline static paddingHeight(g: usize): u32 {
    return load<u32>(g, 44);
  }
  @inline static paddingWidth(g: usize): u32 {
    return load<u32>(g, 48);
  }

  /** Height HQ and width WQ of a plane. */
  @inline static planeHeight(g: usize): u32 {
    const stride = Geometry.strideHeight(g);
    return (Geometry.height(g) + 2 * Geometry.paddingHeight(g) + stride - 1) / stride;
  }
  @inline static planeWidth(g: usize): u32 {
    const stride = Geometry.strideWidth(g);
    return (Geometry.width(g) + 2 * Geometry.paddingWidth(g) + stride - 1) / stride;
  }
  /** Taps K = C·KH·KW of a kernel: columns of the patch matrix. */
  @inline static taps(g: usize): u32 {
    return Geometry.channels(g) * Geometry.kernelHeight(g) * Geometry.kernelWidth(g);
  }
  /** Output positions P = OH·OW: rows of the patch matrix of one image. */
  @inline static positions(g: usize): u32 {
    return Geometry.outputHeight(g) * Geometry.outputWidth(g);
  }
  /** Bytes of an image, and of the same image padded and split: in float64 they may be more than there is memory. */
  @inline static imageBytes(g: usize): usize {
    return (<usize>(Geometry.channels(g) * Geometry.height(g) * Geometry.width(g))) << 2;
  }
  @inline static splitBytes(g: usize): usize {
    return <usize>Geometry.splitSize(g);
  }
  static splitSize(g: usize): f64 {
    const height = <f64>Geometry.strideHeight(g) * Geometry.planeHeight(g);
    return 4 * <f64>Geometry.channels(g) * height * Geometry.strideWidth(g) * Geometry.planeWidth(g);
  }
}

/** taps[k] = distance in bytes from the split image's start to the first pixel that tap k sees. */
export function setTaps(taps: usize, g: usize): void {
  const strideH = Geometry.strideHeight(g);
  const strideW = Geometry.strideWidth(g);
  const planeH = Geometry.planeHeight(g);
  const planeW = Geometry.planeWidth(g);
  for (let c: u32 = 0; c < Geometry.channels(g); c++) {
    for (let h: u32 = 0; h < Geometry.kernelHeight(g); h++) {
      for (let w: u32 = 0; w < Geometry.kernelWidth(g); w++) {
        const plane = (c * strideH + (h % strideH)) * strideW + (w % strideW);
        store<u32>(taps, 4 * ((plane * planeH + h / strideH) * planeW + w / strideW));
        taps += 4;
      }
    }
  }
}

/** Copies the image x into its planes; leaves their padding as it is. */
export function splitImage(planes: usize, x: usize, g: usize): void {
  moveImage(planes, x, g, true);
}

/** x += the planes without their padding. */
export function addSplitImage(x: usize, planes: usize, g: usize): void {
  moveImage(planes, x, g, false);
}

function moveImage(planes: usize, x: usize, g: usize, split: bool): void {
  const strideH = Geometry.strideHeight(g);
  const strideW = Geometry.strideWidth(g);
  const planeBytes = (<usize>(Geometry.planeHeight(g) * Geometry.planeWidth(g))) << 2;
  const rowBytes = (<usize>Geometry.planeWidth(g)) << 2;
  const width = Geometry.width(g);
  for (let c: u32 = 0; c < Geometry.channels(g); c++) {
    for (let h: u32 = 0; h < Geometry.height(g); h++) {
      const y = h + Geometry.paddingHeight(g);
      const row = planes + <usize>((y % strideH) * strideW) * planeBytes + <usize>(y / strideH) * rowBytes;
      for (let first: u32 = 0; first < min(strideW, width); first++) {
        const at = first + Geometry.paddingWidth(g);
        const target = row + <usize>(at % strideW) * planeBytes + ((<usize>(at / strideW)) << 2);
        const count = (width - first + strideW - 1) / strideW;
        moveRow(target, x + ((<usize>first) << 2), count, strideW, split);
      }
      x += (<usize>width) << 2;
    }
    planes += <usize>(strideH * strideW) * planeBytes;
  }
}

/** row[i] = x[i·stride], or the other way round: x[i·stride] += row[i]. */
function moveRow(row: usize, x: usize, count: u32, stride: u32, split: bool): void {
  const step = (<usize>stride) << 2;
  const end = row + ((<usize>count) << 2);
  if (split && stride === 1) memory.copy(row, x, end - row);
  else if (split) {
    for (; row < end; row += 4) {
      store<f32>(row, load<f32>(x));
      x += step;
    }
  } else {
    for (; row < end; row += 4) {
      store<f32>(x, load<f32>(x) + load<f32>(row));
      x += step;
    }
  }
}

/**
 * Packs `cols` positions from `position` on, as seen by `depth` taps, into panels of 8 columns (4 where that is
 * enough).
 */
export function packPositions(
  panels: usize,
  planes: usize,
  taps: usize,
  g: usize,
  position: u32,
  cols: u32,
  depth: u32,
): void {
  const last = position + cols - 1;
  for (let left = cols; left; ) {
    const width = Tile.width(left);
    const step = (<usize>width) << 2;
    for (let i: u32 = 0; i < width; i += 4)
      packFour(panels + ((<usize>i) << 2), step, planes, taps, g, position + i, last, depth);
    panels += <usize>depth * step;
    position += width;
    left -= min(width, left);
  }
}

/** Four adjacent positions; those beyond `last` hold arbitrary values. */
function packFour(
  panel: usize,
  step: usize,
  planes: usize,
  taps: usize,
  g: usize,
  position: u32,
  last: u32,
  depth: u32,
): void {
  const width = Geometry.outputWidth(g);
  const x0 = planes + Position.offset(min(position, last), g);
  const end = panel + <usize>depth * step;
  if ((position % width) + 4 <= width) {
    for (; panel < end; panel += step) {
      v128.store(panel, v128.load(x0 + load<u32>(taps)));
      taps += 4;
    }
  } else {
    const x1 = planes + Position.offset(min(position + 1, last), g);
    const x2 = planes + Position.offset(min(position + 2, last), g);
    const x3 = planes + Position.offset(min(position + 3, last), g);
    for (; panel < end; panel += step) {
      const tap = <usize>load<u32>(taps);
      const low = v128.load_lane<f32>(x1 + tap, v128.load_zero<u32>(x0 + tap), 1);
      v128.store(panel, v128.load_lane<f32>(x3 + tap, v128.load_lane<f32>(x2 + tap, low, 2), 3));
      taps += 4;
    }
  }
}

/**
 * Packs `cols` taps as columns, seen at `count` positions from `position` on, into rows `from` on of panels that are
 * `depth` rows deep: the patch matrix, transposed.
 */
export function packTaps(
  panels: usize,
  planes: usize,
  taps: usize,
  g: usize,
  cols: u32,
  position: u32,
  count: u32,
  from: u32,
  depth: u32,
): void {
  for (let left = cols; left; ) {
    const width = Tile.width(left);
    const used = min(width, left);
    for (let i: u32 = 0; i < used; i += 4) {
      const four = taps + ((<usize>i) << 2);
      const row = panels + ((<usize>(from * width + i)) << 2);
      packFourTaps(row, width, planes, four, min(used - i, 4), g, position, count);
    }
    panels += (<usize>(width * depth)) << 2;
    taps += (<usize>used) << 2;
    left -= used;
  }
}

/** Up to four adjacent taps, an output row at a time. */
function packFourTaps(
  panel: usize,
  width: u32,
  planes: usize,
  taps: usize,
  used: u32,
  g: usize,
  position: u32,
  count: u32,
): void {
  const x0 = planes + load<u32>(taps);
  const x1 = planes + load<u32>(taps + ((<usize>min(used - 1, 1)) << 2));
  const x2 = planes + load<u32>(taps + ((<usize>min(used - 1, 2)) << 2));
  const x3 = planes + load<u32>(taps + ((<usize>(used - 1)) << 2));
  while (count) {
    const run = min(Geometry.outputWidth(g) - (position % Geometry.outputWidth(g)), count);
    const at = Position.offset(position, g);
    if (width === 8) Transpose.four(panel, x0 + at, x1 + at, x2 + at, x3 + at, run, 32, 4);
    else Transpose.four(panel, x0 + at, x1 + at, x2 + at, x3 + at, run, 16, 4);
    panel += (<usize>(run * width)) << 2;
    position += run;
    count -= run;
  }
}

/** Adds the gradients c [rows, cols] of `rows` taps at `cols` positions from `position` on to the pixels they cover. */
export function addPositions(
  planes: usize,
  c: usize,
  taps: usize,
  g: usize,
  position: u32,
  rows: u32,
  cols: u32,
): void {
  const width = Geometry.outputWidth(g);
  for (let k: u32 = 0; k < rows; k++) {
    const base = planes + load<u32>(taps);
    for (let p = position; p < position + cols; ) {
      const run = min(width - (p % width), position + cols - p);
      addRun(base + Position.offset(p, g), c, run);
      c += (<usize>run) << 2;
      p += run;
    }
    taps += 4;
  }
}

/** x[i] += c[i] for i < n. */
function addRun(x: usize, c: usize, n: u32): void {
  for (; n >= 4; n -= 4) {
    v128.store(x, f32x4.add(v128.load(x), v128.load(c)));
    x += 16;
    c += 16;
  }
  if (n) Simd.storeTail(x, f32x4.add(Simd.loadTail(x, n), Simd.loadTail(c, n)), n);
}

class Position {
  /** Bytes from a tap's pixel at the first position to its pixel at this one. */
  @inline static offset(position: u32, g: usize): usize {
    const width = Geometry.outputWidth(g);
    return (<usize>((position / width) * Geometry.planeWidth(g) + (position % width))) << 2;
  }
}
