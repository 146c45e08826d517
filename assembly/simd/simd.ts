// Four-lane building blocks shared by every kernel: multiply-add, transcendental functions, horizontal reductions.
// Each error bound is the largest over all 2^32 floats, against float64, in units of the last place (ulp).

export class Simd {
  /** a·b + c in every lane: fused where the build has relaxed SIMD, two roundings otherwise. */
  @inline static madd(a: v128, b: v128, c: v128): v128 {
    return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
  }

  /** e^x, within 1 ulp. */
  @inline static exp(x: v128): v128 {
    // Outside these bounds e^x rounds to 0 or Infinity; pmax and pmin keep a NaN in their first argument.
    const t = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-104)), f32x4.splat(89));
    // 1.5·2^23 has no fraction bits: adding it rounds to an integer n, left in the low bits as n + 254.
    const rounded = Simd.madd(t, f32x4.splat(<f32>Math.LOG2E), f32x4.splat(12583166));
    const p = Simd.expm1Reduced(t, f32x4.sub(rounded, f32x4.splat(12583166)));
    // 2^n in two factors, both normal numbers, so that only the last product rounds to a subnormal or to Infinity.
    const half = i32x4.shr_u(rounded, 1);
    const scale = i32x4.shl(i32x4.sub(rounded, half), 23);
    return f32x4.mul(f32x4.mul(f32x4.add(p, f32x4.splat(1)), i32x4.shl(half, 23)), scale);
  }

  /** e^x for x ≤ 0, within 1 ulp where it is a normal number, 0 below 2^-126.5; a fifth less work than exp. */
  @inline static expOfNegative(x: v128): v128 {
    const t = f32x4.pmax(x, f32x4.splat(-88.03));
    // As in exp, but the low bits hold n + 127: shifted into the exponent they make 2^n, or 0 for the lowest n, -127.
    const rounded = Simd.madd(t, f32x4.splat(<f32>Math.LOG2E), f32x4.splat(12583039));
    const p = Simd.expm1Reduced(t, f32x4.sub(rounded, f32x4.splat(12583039)));
    return f32x4.mul(f32x4.add(p, f32x4.splat(1)), i32x4.shl(rounded, 23));
  }

  /** tanh x = (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x, within 1.9 ulp. */
  @inline static tanh(x: v128): v128 {
    const t = f32x4.pmax(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)), f32x4.splat(-20));
    // As in exp, but the low bits hold n + 126: shifted into the exponent they make 2^n / 2.
    const rounded = Simd.madd(t, f32x4.splat(<f32>Math.LOG2E), f32x4.splat(12583038));
    const scale = i32x4.shl(rounded, 23);
    const p = Simd.expm1Reduced(t, f32x4.sub(rounded, f32x4.splat(12583038)));
    // With v = (1 - e^t) / 2, tanh = v / (1 - v) = v + v·tanh: the quotient's rounding errors shrink with v.
    const e = f32x4.mul(scale, p);
    const rest = f32x4.sub(f32x4.splat(0.5), scale);
    const v = f32x4.sub(rest, e);
    const q = f32x4.div(v, f32x4.add(f32x4.add(scale, f32x4.splat(0.5)), e));
    const y = f32x4.add(f32x4.sub(f32x4.mul(v, q), e), rest);
    return v128.or(y, v128.and(x, f32x4.splat(-0.0)));
  }

  /** 1 / (1 + e^-x), within 1.9 ulp. */
  @inline static sigmoid(x: v128): v128 {
    const one = f32x4.splat(1);
    const e = Simd.exp(v128.or(x, f32x4.splat(-0.0)));
    const q = f32x4.div(e, f32x4.add(e, one));
    // e / (1 + e) = e - e·q and 1 / (1 + e) = 1 - q: the quotient's rounding errors shrink with e.
    const base = v128.bitselect(one, e, f32x4.ge(x, f32x4.splat(0)));
    return f32x4.sub(base, f32x4.mul(base, q));
  }

  /** ln x, within 1 ulp: -Infinity at 0, NaN below. */
  @inline static log(x: v128): v128 {
    const subnormal = f32x4.lt(x, f32x4.splat(1.17549435e-38));
    const t = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, subnormal);
    // t = 2^n·m with m in [sqrt(1/2), sqrt(2)): 0x3f3504f3 is sqrt(1/2).
    const bits = i32x4.sub(t, i32x4.splat(0x3f3504f3));
    const m = i32x4.add(v128.and(bits, i32x4.splat(0x7fffff)), i32x4.splat(0x3f3504f3));
    const n = f32x4.sub(f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23)), v128.and(subnormal, f32x4.splat(23)));
    let y = Simd.log1pReduced(f32x4.sub(m, f32x4.splat(1)), n);
    // x - FLT_MAX replaces y only where it is NaN or Infinity, and so is x.
    y = f32x4.pmax(f32x4.sub(x, f32x4.splat(3.40282347e38)), y);
    y = f32x4.add(y, v128.and(f32x4.eq(x, f32x4.splat(0)), f32x4.splat(-Infinity)));
    return v128.or(y, f32x4.lt(x, f32x4.splat(0)));
  }

  /** ln(1 + x) for x in [0, 1], within 1.5 ulp. */
  @inline static log1p(x: v128): v128 {
    // Above sqrt(2) - 1, ln(1 + x) = ln 2 + ln(1 + (x - 1) / 2).
    const upper = f32x4.gt(x, f32x4.splat(0.414213562));
    const f = v128.bitselect(f32x4.mul(f32x4.sub(x, f32x4.splat(1)), f32x4.splat(0.5)), x, upper);
    return Simd.log1pReduced(f, v128.and(upper, f32x4.splat(1)));
  }

  /** ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), within 1.8 ulp. */
  @inline static softplus(x: v128): v128 {
    return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), Simd.log1p(Simd.exp(v128.or(x, f32x4.splat(-0.0)))));
  }

  /** e^r - 1 with r = x - n·ln 2 in [-ln(2)/2, ln(2)/2], as r + r²·Q(r). */
  @inline private static expm1Reduced(x: v128, n: v128): v128 {
    // ln 2 in two parts, the first short enough for n times it to be exact.
    let r = Simd.madd(n, f32x4.splat(-0.693359375), x);
    r = Simd.madd(n, f32x4.splat(2.1219444e-4), r);
    const square = f32x4.mul(r, r);
    let q = Simd.madd(r, f32x4.splat(8.36916547e-3), f32x4.splat(4.16681021e-2));
    q = Simd.madd(square, f32x4.splat(1.38383242e-3), q);
    q = Simd.madd(square, q, Simd.madd(r, f32x4.splat(0.166665167), f32x4.splat(0.49999994)));
    return Simd.madd(square, q, r);
  }

  /** n·ln 2 + ln(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)]: f - f²/2 + s·(f²/2 + R(s²)) with s = f / (2 + f). */
  @inline private static log1pReduced(f: v128, n: v128): v128 {
    const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)));
    const z = f32x4.mul(s, s);
    const half = f32x4.mul(f32x4.mul(f, f), f32x4.splat(0.5));
    let p = Simd.madd(z, f32x4.splat(0.298712373), f32x4.splat(0.399775743));
    p = Simd.madd(z, p, f32x4.splat(0.666667759));
    p = Simd.madd(z, p, half);
    const low = f32x4.sub(f32x4.mul(n, f32x4.splat(-2.1219444e-4)), half);
    return Simd.madd(n, f32x4.splat(0.693359375), f32x4.add(Simd.madd(s, p, low), f));
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

  /** Lanes 0 and 1 of x in float64, plus lanes 2 and 3. */
  @inline static widen(x: v128): v128 {
    return f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(Simd.high(x)));
  }

  /** factor·(low, high) of four float64 numbers, rounded to four floats. */
  @inline static narrow(low: v128, high: v128, factor: f64): v128 {
    const l = f32x4.demote_f64x2_zero(f64x2.mul(low, f64x2.splat(factor)));
    const h = f32x4.demote_f64x2_zero(f64x2.mul(high, f64x2.splat(factor)));
    return v128.shuffle<f64>(l, h, 0, 2);
  }

  /** Lanes 2 and 3 of x, twice. */
  @inline static high(x: v128): v128 {
    return v128.shuffle<f32>(x, x, 2, 3, 2, 3);
  }

  /** Loads `count` (1 or more) floats, at most four: zeros in the lanes beyond, for which nothing is read. */
  @inline static load(address: usize, count: u32): v128 {
    return count < 4 ? Simd.loadTail(address, count) : v128.load(address);
  }

  /** Stores the first `count` (1 or more) lanes of x, at most four, writing nothing beyond them. */
  @inline static store(address: usize, x: v128, count: u32): void {
    if (count < 4) Simd.storeTail(address, x, count);
    else v128.store(address, x);
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
