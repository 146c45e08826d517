// A bias added to every row of a matrix, or filling every channel of images; their gradients are sums.
import { sumElements } from './reduce';

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

/** dbias[c] += sum over r of dy[r, c], in the order of r. */
export function biasBackward(dbias: usize, dy: usize, rows: u32, cols: u32): void {
  const bytes = (<usize>cols) << 2;
  const size = bytes * rows;
  let c: usize = 0;
  for (; c + 64 <= bytes; c += 64) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let i = c; i < size; i += bytes) {
      s0 = f32x4.add(s0, v128.load(dy + i));
      s1 = f32x4.add(s1, v128.load(dy + i, 16));
      s2 = f32x4.add(s2, v128.load(dy + i, 32));
      s3 = f32x4.add(s3, v128.load(dy + i, 48));
    }
    v128.store(dbias + c, f32x4.add(v128.load(dbias + c), s0));
    v128.store(dbias + c, f32x4.add(v128.load(dbias + c, 16), s1), 16);
    v128.store(dbias + c, f32x4.add(v128.load(dbias + c, 32), s2), 32);
    v128.store(dbias + c, f32x4.add(v128.load(dbias + c, 48), s3), 48);
  }
  for (; c + 16 <= bytes; c += 16) {
    let s = f32x4.splat(0);
    for (let i = c; i < size; i += bytes) s = f32x4.add(s, v128.load(dy + i));
    v128.store(dbias + c, f32x4.add(v128.load(dbias + c), s));
  }
  for (; c < bytes; c += 4) {
    let s: f32 = 0;
    for (let i = c; i < size; i += bytes) s += load<f32>(dy + i);
    store<f32>(dbias + c, load<f32>(dbias + c) + s);
  }
}

/** y[n, c, p] = bias[c]. */
export function fillChannels(y: usize, bias: usize, images: u32, channels: u32, places: u32): void {
  const bytes = (<usize>places) << 2;
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
export function fillChannelsBackward(dbias: usize, dy: usize, images: u32, channels: u32, places: u32): void {
  const image = (<usize>(channels * places)) << 2;
  for (let c: u32 = 0; c < channels; c++) {
    let total: f64 = 0;
    for (let n: u32 = 0; n < images; n++) total += sumElements(dy + <usize>n * image, places);
    store<f32>(dbias, load<f32>(dbias) + <f32>total);
    dbias += 4;
    dy += (<usize>places) << 2;
  }
}
