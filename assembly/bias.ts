// A bias added to every row of a matrix, or filling every channel of images; their gradients are sums.
import { sumColumns, sumElements } from './reduce';

/** y[r, c] = x[r, c] + bias[c]; y may be x. Without x (0), every row of y becomes the bias. */
export function addBias(y: usize, x: usize, bias: usize, rows: u32, cols: u32): void {
  const bytes = (<usize>cols) << 2;
  const whole = bytes & ~15;
  for (let r: u32 = 0; r < rows; r++) {
    if (x) {
      for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, f32x4.add(v128.load(x + i), v128.load(bias + i)));
      for (let i = whole; i < bytes; i += 4) store<f32>(y + i, load<f32>(x + i) + load<f32>(bias + i));
      x += bytes;
    } else {
      for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, v128.load(bias + i));
      for (let i = whole; i < bytes; i += 4) store<f32>(y + i, load<f32>(bias + i));
    }
    y += bytes;
  }
}

/**
 * Rows of a group added up in float32: an error of at most 7·2^-24 of the sum of absolute values, faster than float64
 * alone.
 */
const CHAIN: u32 = 8;

/** dbias[c] += sum over r of dy[r, c]. */
export function biasBackward(dbias: usize, dy: usize, rows: u32, cols: u32): void {
  sumColumns(dbias, dy, rows, cols, 1, CHAIN, true);
}

/** y[n, c, p] = bias[c]. */
export function fillChannels(y: usize, bias: usize, images: u32, channels: u32, pixels: u32): void {
  const bytes = (<usize>pixels) << 2;
  const whole = bytes & ~15;
  for (let n: u32 = 0; n < images; n++) {
    for (let c: u32 = 0; c < channels; c++) {
      const value = v128.load32_splat(bias + ((<usize>c) << 2));
      for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, value);
      for (let i = whole; i < bytes; i += 4) v128.store_lane<f32>(y + i, value, 0);
      y += bytes;
    }
  }
}

/** dbias[c] += sum over n and p of dy[n, c, p], in float64. */
export function fillChannelsBackward(dbias: usize, dy: usize, images: u32, channels: u32, pixels: u32): void {
  const image = (<usize>(channels * pixels)) << 2;
  for (let c: u32 = 0; c < channels; c++) {
    let total: f64 = 0;
    for (let n: u32 = 0; n < images; n++) total += sumElements(dy + <usize>n * image, pixels);
    store<f32>(dbias, load<f32>(dbias) + <f32>total);
    dbias += 4;
    dy += (<usize>pixels) << 2;
  }
}
