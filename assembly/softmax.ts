// Softmax over the rows of a matrix.
import { Simd } from './simd';

/** y[r, c] = exp(x[r, c] - max_c x[r, c]) / sum over the row. */
export function softmax(y: usize, x: usize, rows: u32, cols: u32): void {
  const tail = cols & 3;
  const bytes = (<usize>(cols - tail)) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    let largest = f32x4.splat(-Infinity);
    for (let i: usize = 0; i < bytes; i += 16) largest = f32x4.max(largest, v128.load(x + i));
    let top = Simd.max(largest);
    for (let i: u32 = 0; i < tail; i++) top = max(top, load<f32>(x + bytes + (i << 2)));
    const shift = f32x4.splat(top);
    let total = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) {
      const e = Simd.exp(f32x4.sub(v128.load(x + i), shift));
      v128.store(y + i, e);
      total = f32x4.add(total, e);
    }
    if (tail) {
      const e = Simd.exp(f32x4.sub(Simd.loadTail(x + bytes, tail), shift));
      Simd.storeTail(y + bytes, e, tail);
      total = f32x4.add(total, Simd.loadTail(y + bytes, tail));
    }
    const scale = f32x4.splat(<f32>1 / Simd.sum(total));
    for (let i: usize = 0; i < bytes; i += 16) v128.store(y + i, f32x4.mul(v128.load(y + i), scale));
    if (tail) Simd.storeTail(y + bytes, f32x4.mul(Simd.loadTail(y + bytes, tail), scale), tail);
    x += (<usize>cols) << 2;
    y += (<usize>cols) << 2;
  }
}

/** dx += y ⊙ (dy - sum over the row of dy ⊙ y). */
export function softmaxBackward(dx: usize, dy: usize, y: usize, rows: u32, cols: u32): void {
  const tail = cols & 3;
  const bytes = (<usize>(cols - tail)) << 2;
  for (let r: u32 = 0; r < rows; r++) {
    let total = f32x4.splat(0);
    for (let i: usize = 0; i < bytes; i += 16) total = Simd.madd(v128.load(dy + i), v128.load(y + i), total);
    if (tail) total = Simd.madd(Simd.loadTail(dy + bytes, tail), Simd.loadTail(y + bytes, tail), total);
    const mean = f32x4.splat(Simd.sum(total));
    for (let i: usize = 0; i < bytes; i += 16) {
      const g = f32x4.mul(v128.load(y + i), f32x4.sub(v128.load(dy + i), mean));
      v128.store(dx + i, f32x4.add(v128.load(dx + i), g));
    }
    if (tail) {
      const g = f32x4.mul(Simd.loadTail(y + bytes, tail), f32x4.sub(Simd.loadTail(dy + bytes, tail), mean));
      Simd.storeTail(dx + bytes, f32x4.add(Simd.loadTail(dx + bytes, tail), g), tail);
    }
    dx += (<usize>cols) << 2;
    dy += (<usize>cols) << 2;
    y += (<usize>cols) << 2;
  }
}
