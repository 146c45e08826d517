// The register tile of float64 products: Gram matrices and Cholesky factors, for which float32 is not accurate enough.
//
// A panel holds four columns of a matrix next to each other: [depth, 4] doubles. A tile of c is four rows of a panel,
// so sums, factors and right-hand sides all lie in panels, and a tile reads the output of another without repacking.
import { Simd } from './simd/simd';

/** Bytes of a panel's row. */
export const ROW: usize = 32;

class Double {
  /** a·b + c in both lanes. */
  @inline static madd(a: v128, b: v128, c: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? f64x2.relaxed_madd(a, b, c) : f64x2.add(f64x2.mul(a, b), c);
  }

  /** The two doubles at c += (or -=) x. */
  @inline static put(c: usize, x: v128, subtract: bool): void {
    const old = v128.load(c);
    v128.store(c, subtract ? f64x2.sub(old, x) : f64x2.add(old, x));
  }
}

/**
 * c[i, j] += (or -=) Σ_p a[p, i]·b[p, j] for i, j < 4 over `depth` (at least 1) rows of the panels a and b.
 *
 * 8 sums, 2 vectors of b and 4 splats of a; the exits between the steps keep V8 from loading ahead, as in matmul's
 * tile.
 */
export function tile(c: usize, a: usize, b: usize, depth: u32, subtract: bool): void {
  const zero = f64x2.splat(0);
  let s00 = zero;
  let s01 = zero;
  let s10 = zero;
  let s11 = zero;
  let s20 = zero;
  let s21 = zero;
  let s30 = zero;
  let s31 = zero;
  let p = a + 0 * ROW;
  let q = b + 0 * ROW;
  while (true) {
    let b0 = v128.load(q);
    let b1 = v128.load(q, 16);
    let a0 = v128.load64_splat(p);
    let a1 = v128.load64_splat(p, 8);
    let a2 = v128.load64_splat(p, 16);
    let a3 = v128.load64_splat(p, 24);
    s00 = Double.madd(a0, b0, s00);
    s01 = Double.madd(a0, b1, s01);
    s10 = Double.madd(a1, b0, s10);
    s11 = Double.madd(a1, b1, s11);
    s20 = Double.madd(a2, b0, s20);
    s21 = Double.madd(a2, b1, s21);
    s30 = Double.madd(a3, b0, s30);
    s31 = Double.madd(a3, b1, s31);
    p += ROW;
    if (depth === 1) break;

    b0 = v128.load(q, 32);
    b1 = v128.load(q, 48);
    a0 = v128.load64_splat(p);
    a1 = v128.load64_splat(p, 8);
    a2 = v128.load64_splat(p, 16);
    a3 = v128.load64_splat(p, 24);
    s00 = Double.madd(a0, b0, s00);
    s01 = Double.madd(a0, b1, s01);
    s10 = Double.madd(a1, b0, s10);
    s11 = Double.madd(a1, b1, s11);
    s20 = Double.madd(a2, b0, s20);
    s21 = Double.madd(a2, b1, s21);
    s30 = Double.madd(a3, b0, s30);
    s31 = Double.madd(a3, b1, s31);
    p += ROW;
    q += 2 * ROW;
    depth -= 2;
    if (depth === 0) break;
  }
  Double.put(c, s00, subtract);
  Double.put(c + 16, s01, subtract);
  Double.put(c + 32, s10, subtract);
  Double.put(c + 48, s11, subtract);
  Double.put(c + 64, s20, subtract);
  Double.put(c + 80, s21, subtract);
  Double.put(c + 96, s30, subtract);
  Double.put(c + 112, s31, subtract);
}

/** panel[p, i] = x[p, i] for i < count (1 to 4), 0 beyond, widened from float32; rows of x are `stride` bytes apart. */
export function widenPanel(panel: usize, x: usize, count: u32, depth: u32, stride: usize): void {
  for (const end = panel + <usize>depth * ROW; panel < end; panel += ROW) {
    const row = Simd.load(x, count);
    v128.store(panel, f64x2.promote_low_f32x4(row));
    v128.store(panel, f64x2.promote_low_f32x4(Simd.high(row)), 16);
    x += stride;
  }
}

/** panel[p, i] += x[p, i] for i < count (1 to 4), widened from float32; rows of x are `stride` bytes apart. */
export function addToPanel(panel: usize, x: usize, count: u32, depth: u32, stride: usize): void {
  for (const end = panel + <usize>depth * ROW; panel < end; panel += ROW) {
    const row = Simd.load(x, count);
    Double.put(panel, f64x2.promote_low_f32x4(row), false);
    Double.put(panel + 16, f64x2.promote_low_f32x4(Simd.high(row)), false);
    x += stride;
  }
}

/** x[p, i] = panel[p, i] for i < count (1 to 4), rounded to float32; rows of x are `stride` bytes apart. */
export function narrowPanel(x: usize, panel: usize, count: u32, depth: u32, stride: usize): void {
  for (const end = panel + <usize>depth * ROW; panel < end; panel += ROW) {
    const low = f32x4.demote_f64x2_zero(v128.load(panel));
    const high = f32x4.demote_f64x2_zero(v128.load(panel, 16));
    Simd.store(x, v128.shuffle<f32>(low, high, 0, 1, 4, 5), count);
    x += stride;
  }
}
