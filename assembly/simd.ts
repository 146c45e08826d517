// Four-lane building blocks shared by every kernel: multiply-add, transcendental functions, horizontal reductions.

export class Simd {
  /** a·b + c in every lane: fused where the build has relaxed SIMD, two roundings otherwise. */
  @inline static madd(a: v128, b: v128, c: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** e^x; a first version, about 2 ulp on [-87, 88]. */
  @inline static exp(x: v128): v128 {
    const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87)), f32x4.splat(88));
    const n = f32x4.nearest(f32x4.mul(t, f32x4.splat(1.44269504)));
    let r = f32x4.sub(t, f32x4.mul(n, f32x4.splat(0.693359375)));
    r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
    let p = f32x4.splat(1.98756915e-4);
    p = Simd.madd(p, r, f32x4.splat(1.3981999507e-3));
    p = Simd.madd(p, r, f32x4.splat(8.3334519073e-3));
    p = Simd.madd(p, r, f32x4.splat(4.1665795894e-2));
    p = Simd.madd(p, r, f32x4.splat(1.6666665459e-1));
    p = Simd.madd(p, r, f32x4.splat(5.0000001201e-1));
    p = Simd.madd(p, f32x4.mul(r, r), f32x4.add(r, f32x4.splat(1)));
    return f32x4.mul(p, i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23));
  }

  /** Sum of the four lanes, in the fixed order (0 + 2) + (1 + 3). */
  @inline static sum(x: v128): f32 {
    const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
    return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
  }

  /** Largest of the four lanes; NaN if any lane is. */
  @inline static max(x: v128): f32 {
    const pairs = f32x4.max(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
    return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
  }

  /** Loads `count` (1 to 3) floats into the first lanes and zeros into the others, reading nothing beyond them. */
  @inline static loadTail(address: usize, count: u32): v128 {
    const low = count === 1 ? v128.load_zero<u32>(address) : v128.load_zero<u64>(address);
    return count === 3 ? v128.load_lane<f32>(address + 8, low, 2) : low;
  }

  /** Stores the first `count` (1 to 3) lanes of x, writing nothing beyond them. */
  @inline static storeTail(address: usize, x: v128, count: u32): void {
    if (count === 1) {
      v128.store_lane<f32>(address, x, 0);
    } else {
      v128.store_lane<u64>(address, x, 0);
      if (count === 3) v128.store_lane<f32>(address + 8, x, 2);
    }
  }
}
