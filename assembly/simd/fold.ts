// The loop of every kernel that adds up terms: float64 sums in a fixed order.
import { Simd } from './simd';

/** Terms of `Fold.run`, of the elements a, b at one index and the constant s. */
export enum Term {
  /** a */
  value,
  /** a² */
  square,
  /** (a - b)² */
  squaredDifference,
  /** a·b */
  product,
  /** e^(a - s) for a not above s */
  exp,
  /**
   * ln(1 + e^a) - a·b = |a|·(a > 0 ? 1 - b : b) + ln(1 + e^-|a|), the binary cross-entropy of the logit a and the
   * target b
   */
  bce,
}

export class Fold {
  /** Sum of term(a[i], b[i], s) over i < n: inlined, and with `term` a constant, one straight loop. */
  @inline static run(term: Term, n: u32, a: usize, b: usize = 0, s: f32 = 0): f64 {
    const bytes = (<usize>n) << 2;
    const whole = bytes & ~63;
    let total = f64x2.splat(0);
    let i: usize = 0;
    if (whole) {
      do {
        const v0 = Fold.widen(term, Fold.lanes(term, 4, a + i, b + i, s));
        const v1 = Fold.widen(term, Fold.lanes(term, 4, a + i + 16, b + i + 16, s));
        const v2 = Fold.widen(term, Fold.lanes(term, 4, a + i + 32, b + i + 32, s));
        const v3 = Fold.widen(term, Fold.lanes(term, 4, a + i + 48, b + i + 48, s));
        total = f64x2.add(total, f64x2.add(f64x2.add(v0, v1), f64x2.add(v2, v3)));
        i += 64;
      } while (i < whole);
    }
    for (; i < bytes; i += 16) {
      const count = <u32>(bytes - i) >> 2;
      const mask = i32x4.gt_u(i32x4.splat(count), i32x4(0, 1, 2, 3));
      const v = v128.and(Fold.lanes(term, count, a + i, b + i, s), mask);
      total = f64x2.add(total, Fold.widen(term, v));
    }
    return f64x2.extract_lane(total, 0) + f64x2.extract_lane(total, 1);
  }

  @inline private static lanes(term: Term, count: u32, a: usize, b: usize, s: f32): v128 {
    const va = Simd.load(a, count);
    if (term === Term.value || term === Term.square) return va;
    if (term === Term.exp) return Simd.expOfNegative(f32x4.sub(va, f32x4.splat(s)));
    const vb = Simd.load(b, count);
    if (term === Term.squaredDifference) return f32x4.sub(va, vb);
    if (term === Term.product) return f32x4.mul(va, vb);
    // Not softplus(a) - a·b: where a·b is close to a, the difference must not be lost in the first sum. For an infinite
    // a and the matching target it is 0.
    const share = v128.bitselect(f32x4.sub(f32x4.splat(1), vb), vb, f32x4.gt(va, f32x4.splat(0)));
    const size = f32x4.abs(va);
    const linear = v128.and(f32x4.mul(size, share), f32x4.ne(share, f32x4.splat(0)));
    return f32x4.add(linear, Simd.log1p(Simd.exp(f32x4.neg(size))));
  }

  @inline private static widen(term: Term, x: v128): v128 {
    if (term !== Term.square && term !== Term.squaredDifference) return Simd.widen(x);
    const low = f64x2.promote_low_f32x4(x);
    const high = f64x2.promote_low_f32x4(Simd.high(x));
    return f64x2.add(f64x2.mul(low, low), f64x2.mul(high, high));
  }
}
