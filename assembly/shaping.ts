// Copies and sums of rows: concat, split, expand, takeRows, transpose, and their gradients.
import { biasBackward } from './bias';

/** y[i] = 0. */
export function clear(y: usize, n: u32): void {
  memory.fill(y, 0, (<usize>n) << 2);
}

/** y[i] = x[i]; the two may overlap. */
export function copy(y: usize, x: usize, n: u32): void {
  memory.copy(y, x, (<usize>n) << 2);
}

/** Copies `rows` rows of `width` floats; strides are in floats. */
export function copyRows(y: usize, x: usize, rows: u32, width: u32, yStride: u32, xStride: u32): void {
  const bytes = (<usize>width) << 2;
  const whole = bytes & ~15;
  for (let r: u32 = 0; r < rows; r++) {
    for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, v128.load(x + i));
    for (let i = whole; i < bytes; i += 4) store<f32>(y + i, load<f32>(x + i));
    y += (<usize>yStride) << 2;
    x += (<usize>xStride) << 2;
  }
}

/**
 * y += x, over `rows` rows of `width` floats as in copyRows. With yStride = 0, y gets the sum of all rows, whose stride
 * is `width`.
 */
export function addRows(y: usize, x: usize, rows: u32, width: u32, yStride: u32, xStride: u32): void {
  if (yStride === 0 && rows > 1) {
    biasBackward(y, x, rows, width);
    return;
  }
  const bytes = (<usize>width) << 2;
  const whole = bytes & ~15;
  for (let r: u32 = 0; r < rows; r++) {
    for (let i: usize = 0; i < whole; i += 16) v128.store(y + i, f32x4.add(v128.load(y + i), v128.load(x + i)));
    for (let i = whole; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) + load<f32>(x + i));
    y += (<usize>yStride) << 2;
    x += (<usize>xStride) << 2;
  }
}

/** y[r] = x[indices[r]]: copies `rows` rows of `width` floats; NaN for an index of 2^32 − 1. */
export function takeRows(y: usize, x: usize, indices: usize, rows: u32, width: u32): void {
  const bytes = (<usize>width) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    const index = load<u32>(indices);
    if (index === u32.MAX_VALUE) for (let i: usize = 0; i < bytes; i += 4) store<f32>(y + i, NaN);
    else copyRows(y, x + <usize>index * bytes, 1, width, 0, 0);
    indices += 4;
    y += bytes;
  }
}

/** dx[indices[r]] += dy[r], in the order of r; skips an index of 2^32 − 1. */
export function takeRowsBackward(dx: usize, dy: usize, indices: usize, rows: u32, width: u32): void {
  const bytes = (<usize>width) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    const index = load<u32>(indices);
    if (index !== u32.MAX_VALUE) addRows(dx + <usize>index * bytes, dy, 1, width, 0, 0);
    indices += 4;
    dy += bytes;
  }
}

/** y[b, c, r] (+)= x[b, r, c]: transposes matrices of [rows, cols], overwriting unless `add`. */
export function transpose(y: usize, x: usize, batch: u32, rows: u32, cols: u32, add: bool): void {
  const stride = (<usize>cols) << 2;
  for (let b: u32 = 0; b < batch; b++) {
    for (let c: usize = 0; c < stride; c += 4) {
      let from = x + c;
      for (const end = y + ((<usize>rows) << 2); y < end; y += 4) {
        store<f32>(y, add ? load<f32>(y) + load<f32>(from) : load<f32>(from));
        from += stride;
      }
    }
    x += <usize>rows * stride;
  }
}
