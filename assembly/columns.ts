// Passes over the rows of a matrix M [rows, cols], with the sums of some of its columns in registers.
import { Simd } from './simd/simd';

/**
 * Every pass takes `columns` columns at once, a constant where it is called: 20 (five vectors, the papers' word size),
 * 4, or a tail of fewer. Rows are `stride` bytes apart; addresses are of the first of the columns.
 */
export class Columns {
  /** Adds the first `count` lanes of x, at most four, to the floats at `address`. */
  @inline static add(address: usize, x: v128, count: u32): void {
    Simd.store(address, f32x4.add(Simd.load(address, count), x), count);
  }

  /** r[c] += Σ_i w[i] · M[i, c], the weights `step` bytes apart. */
  @inline static addWeighted(r: usize, w: usize, step: usize, m: usize, rows: u32, stride: usize, columns: u32): void {
    const wide = columns === 20;
    let r0 = Simd.load(r, columns);
    let r1 = wide ? v128.load(r, 16) : r0;
    let r2 = wide ? v128.load(r, 32) : r0;
    let r3 = wide ? v128.load(r, 48) : r0;
    let r4 = wide ? v128.load(r, 64) : r0;
    for (const end = w + <usize>rows * step; w < end; w += step) {
      const weight = v128.load32_splat(w);
      r0 = Simd.madd(weight, Simd.load(m, columns), r0);
      if (wide) {
        r1 = Simd.madd(weight, v128.load(m, 16), r1);
        r2 = Simd.madd(weight, v128.load(m, 32), r2);
        r3 = Simd.madd(weight, v128.load(m, 48), r3);
        r4 = Simd.madd(weight, v128.load(m, 64), r4);
      }
      m += stride;
    }
    Simd.store(r, r0, columns);
    if (wide) {
      v128.store(r, r1, 16);
      v128.store(r, r2, 32);
      v128.store(r, r3, 48);
      v128.store(r, r4, 64);
    }
  }

  /** d[i] += Σ_c M[i, c] · x[c]. */
  @inline static addDots(d: usize, m: usize, x: usize, rows: u32, stride: usize, columns: u32): void {
    const wide = columns === 20;
    const x0 = Simd.load(x, columns);
    const x1 = wide ? v128.load(x, 16) : x0;
    const x2 = wide ? v128.load(x, 32) : x0;
    const x3 = wide ? v128.load(x, 48) : x0;
    const x4 = wide ? v128.load(x, 64) : x0;
    for (const end = d + ((<usize>rows) << 2); d < end; d += 4) {
      let dot = f32x4.mul(x0, Simd.load(m, columns));
      if (wide) {
        const low = Simd.madd(x1, v128.load(m, 16), dot);
        const high = Simd.madd(x3, v128.load(m, 48), f32x4.mul(x2, v128.load(m, 32)));
        dot = f32x4.add(low, Simd.madd(x4, v128.load(m, 64), high));
      }
      store<f32>(d, load<f32>(d) + Simd.sum(dot));
      m += stride;
    }
  }

  /** The pairs p[i] (+)= Σ_c M[i, c] · x[c], Σ_c M[i, c]²; overwritten unless `add`. */
  @inline static dotsAndSquares(p: usize, m: usize, x: usize, rows: u32, stride: usize, columns: u32, add: bool): void {
    const wide = columns === 20;
    const x0 = Simd.load(x, columns);
    const x1 = wide ? v128.load(x, 16) : x0;
    const x2 = wide ? v128.load(x, 32) : x0;
    const x3 = wide ? v128.load(x, 48) : x0;
    const x4 = wide ? v128.load(x, 64) : x0;
    for (const end = p + ((<usize>rows) << 3); p < end; p += 8) {
      const m0 = Simd.load(m, columns);
      let dot = f32x4.mul(x0, m0);
      let square = f32x4.mul(m0, m0);
      if (wide) {
        const m1 = v128.load(m, 16);
        const m2 = v128.load(m, 32);
        const m3 = v128.load(m, 48);
        const m4 = v128.load(m, 64);
        const high = Simd.madd(x4, m4, Simd.madd(x3, m3, f32x4.mul(x2, m2)));
        const highSquare = Simd.madd(m4, m4, Simd.madd(m3, m3, f32x4.mul(m2, m2)));
        dot = f32x4.add(Simd.madd(x1, m1, dot), high);
        square = f32x4.add(Simd.madd(m1, m1, square), highSquare);
      }
      const both = f32x4.add(v128.shuffle<f32>(dot, square, 0, 4, 1, 5), v128.shuffle<f32>(dot, square, 2, 6, 3, 7));
      const sums = f32x4.add(both, v128.shuffle<f32>(both, both, 2, 3, 0, 1));
      v128.store_lane<u64>(p, add ? f32x4.add(v128.load_zero<u64>(p), sums) : sums, 0);
      m += stride;
    }
  }

  /** M[i, c] += w[i] · x[c]. */
  @inline static addOuterProduct(m: usize, w: usize, x: usize, rows: u32, stride: usize, columns: u32): void {
    const wide = columns === 20;
    const x0 = Simd.load(x, columns);
    const x1 = wide ? v128.load(x, 16) : x0;
    const x2 = wide ? v128.load(x, 32) : x0;
    const x3 = wide ? v128.load(x, 48) : x0;
    const x4 = wide ? v128.load(x, 64) : x0;
    for (const end = w + ((<usize>rows) << 2); w < end; w += 4) {
      const weight = v128.load32_splat(w);
      Columns.add(m, f32x4.mul(weight, x0), columns);
      if (wide) {
        v128.store(m, Simd.madd(weight, x1, v128.load(m, 16)), 16);
        v128.store(m, Simd.madd(weight, x2, v128.load(m, 32)), 32);
        v128.store(m, Simd.madd(weight, x3, v128.load(m, 48)), 48);
        v128.store(m, Simd.madd(weight, x4, v128.load(m, 64)), 64);
      }
      m += stride;
    }
  }

  /** With the pairs p[i] = a, b: dM[i, c] += a · x[c] − b · M[i, c] and dx[c] += Σ_i a · M[i, c]. */
  @inline static addSimilarityGradients(
    dx: usize,
    dm: usize,
    p: usize,
    m: usize,
    x: usize,
    c: usize,
    rows: u32,
    stride: usize,
    columns: u32,
  ): void {
    const wide = columns === 20;
    const x0 = Simd.load(x + c, columns);
    const x1 = wide ? v128.load(x + c, 16) : x0;
    const x2 = wide ? v128.load(x + c, 32) : x0;
    const x3 = wide ? v128.load(x + c, 48) : x0;
    const x4 = wide ? v128.load(x + c, 64) : x0;
    let d0 = f32x4.splat(0);
    let d1 = d0;
    let d2 = d0;
    let d3 = d0;
    let d4 = d0;
    m += c;
    dm += c;
    for (const end = p + ((<usize>rows) << 3); p < end; p += 8) {
      const a = v128.load32_splat(p);
      const b = v128.load32_splat(p, 4);
      const m0 = Simd.load(m, columns);
      d0 = Simd.madd(a, m0, d0);
      Columns.add(dm, f32x4.sub(f32x4.mul(a, x0), f32x4.mul(b, m0)), columns);
      if (wide) {
        const m1 = v128.load(m, 16);
        d1 = Simd.madd(a, m1, d1);
        v128.store(dm, f32x4.add(v128.load(dm, 16), f32x4.sub(f32x4.mul(a, x1), f32x4.mul(b, m1))), 16);
        const m2 = v128.load(m, 32);
        d2 = Simd.madd(a, m2, d2);
        v128.store(dm, f32x4.add(v128.load(dm, 32), f32x4.sub(f32x4.mul(a, x2), f32x4.mul(b, m2))), 32);
        const m3 = v128.load(m, 48);
        d3 = Simd.madd(a, m3, d3);
        v128.store(dm, f32x4.add(v128.load(dm, 48), f32x4.sub(f32x4.mul(a, x3), f32x4.mul(b, m3))), 48);
        const m4 = v128.load(m, 64);
        d4 = Simd.madd(a, m4, d4);
        v128.store(dm, f32x4.add(v128.load(dm, 64), f32x4.sub(f32x4.mul(a, x4), f32x4.mul(b, m4))), 64);
      }
      m += stride;
      dm += stride;
    }
    if (dx) {
      Columns.add(dx + c, d0, columns);
      if (wide) {
        Columns.add(dx + c + 16, d1, 4);
        Columns.add(dx + c + 32, d2, 4);
        Columns.add(dx + c + 48, d3, 4);
        Columns.add(dx + c + 64, d4, 4);
      }
    }
  }
}

/** r[c] += Σ_i w[i] · M[i, c] over all columns, the weights `step` bytes apart. */
export function addWeighted(r: usize, w: usize, step: usize, memory: usize, rows: u32, cols: u32): void {
  const stride = (<usize>cols) << 2;
  let c: usize = 0;
  for (; c + 80 <= stride; c += 80) Columns.addWeighted(r + c, w, step, memory + c, rows, stride, 20);
  for (; c + 16 <= stride; c += 16) Columns.addWeighted(r + c, w, step, memory + c, rows, stride, 4);
  if (c < stride) Columns.addWeighted(r + c, w, step, memory + c, rows, stride, cols & 3);
}

/** x · y of two vectors of `count` floats, in four independent chains of additions. */
export function dot(x: usize, y: usize, count: u32): f32 {
  const tail = count & 3;
  const end = x + ((<usize>(count - tail)) << 2);
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  for (; x + 64 <= end; x += 64) {
    s0 = Simd.madd(v128.load(x), v128.load(y), s0);
    s1 = Simd.madd(v128.load(x, 16), v128.load(y, 16), s1);
    s2 = Simd.madd(v128.load(x, 32), v128.load(y, 32), s2);
    s3 = Simd.madd(v128.load(x, 48), v128.load(y, 48), s3);
    y += 64;
  }
  for (; x < end; x += 16) {
    s0 = Simd.madd(v128.load(x), v128.load(y), s0);
    y += 16;
  }
  if (tail) s1 = Simd.madd(Simd.loadTail(x, tail), Simd.loadTail(y, tail), s1);
  return Simd.sum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
}
