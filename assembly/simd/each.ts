// The loop of every elementwise kernel, and the table of its operations.
import { Simd } from './simd';

/** Operations of `Each.run` on the elements y, a, b, c at one index and the constants s, t. */
export enum Op {
  /** a + b */
  add,
  /** a - b */
  sub,
  /** a·b */
  mul,
  /** a / b */
  div,
  /** a·s */
  scale,
  /** a + s */
  offset,
  /** (a - s) - t */
  shift,
  /** a limited to [s, t] */
  clamp,
  /** e^a */
  exp,
  /** e^(a - s) for a not above s */
  shiftedExp,
  /** ln a */
  log,
  /** tanh a */
  tanh,
  /** 1 / (1 + e^-a) */
  sigmoid,
  /** max(a, 0) */
  relu,
  /** ln(1 + e^a) */
  softplus,
  /** a·(b - s) */
  shiftedProduct,
  /** y + a·s */
  addScaled,
  /** y + a·b */
  addProduct,
  /** y + a / b */
  addQuotient,
  /** y - (a / b)·c */
  subQuotientProduct,
  /** y + (a - b)·s */
  addScaledDifference,
  /** y + a·(b - s) */
  addShiftedProduct,
  /** y + (a - e^b·s) */
  addLogSoftmaxGradient,
  /** y + e^(a - s)·t for a not above s */
  addScaledExp,
  /** y + a·(1 - b²) */
  addTanhGradient,
  /** y + a·b·(1 - b) */
  addSigmoidGradient,
  /** y + a unless b ≤ 0 */
  addReluGradient,
  /** y + a·sigmoid(b) */
  addSoftplusGradient,
  /** y + (sigmoid(a) - b)·s */
  addBceGradient,
}

export class Each {
  /** y[i] = op(y[i], a[i], b[i], c[i], s, t) for i < n: inlined, and with `op` a constant, one straight loop. */
  @inline static run(op: Op, n: u32, y: usize, a: usize, b: usize = 0, c: usize = 0, s: f32 = 0, t: f32 = 0): void {
    const bytes = (<usize>n) << 2;
    const whole = bytes & ~63;
    let i: usize = 0;
    if (whole) {
      // The test stands at the end so that V8 makes the constants of `apply` once, before the loop: 1.8 times as fast.
      do {
        const v0 = Each.apply(op, 4, y + i, a + i, b + i, c + i, s, t);
        const v1 = Each.apply(op, 4, y + i + 16, a + i + 16, b + i + 16, c + i + 16, s, t);
        const v2 = Each.apply(op, 4, y + i + 32, a + i + 32, b + i + 32, c + i + 32, s, t);
        const v3 = Each.apply(op, 4, y + i + 48, a + i + 48, b + i + 48, c + i + 48, s, t);
        v128.store(y + i, v0);
        v128.store(y + i, v1, 16);
        v128.store(y + i, v2, 32);
        v128.store(y + i, v3, 48);
        i += 64;
      } while (i < whole);
    }
    for (; i < bytes; i += 16) {
      const count = <u32>(bytes - i) >> 2;
      Simd.store(y + i, Each.apply(op, count, y + i, a + i, b + i, c + i, s, t), count);
    }
  }

  @inline private static apply(op: Op, count: u32, y: usize, a: usize, b: usize, c: usize, s: f32, t: f32): v128 {
    const va = Simd.load(a, count);
    // biome-ignore format: a table
    switch (op) {
      case Op.add: return f32x4.add(va, Simd.load(b, count));
      case Op.sub: return f32x4.sub(va, Simd.load(b, count));
      case Op.mul: return f32x4.mul(va, Simd.load(b, count));
      case Op.div: return f32x4.div(va, Simd.load(b, count));
      case Op.scale: return f32x4.mul(va, f32x4.splat(s));
      case Op.offset: return f32x4.add(va, f32x4.splat(s));
      case Op.shift: return f32x4.sub(f32x4.sub(va, f32x4.splat(s)), f32x4.splat(t));
      case Op.clamp: return f32x4.pmin(f32x4.pmax(va, f32x4.splat(s)), f32x4.splat(t));
      case Op.exp: return Simd.exp(va);
      case Op.shiftedExp: return Simd.expOfNegative(f32x4.sub(va, f32x4.splat(s)));
      case Op.log: return Simd.log(va);
      case Op.tanh: return Simd.tanh(va);
      case Op.sigmoid: return Simd.sigmoid(va);
      case Op.relu: return f32x4.pmax(va, f32x4.splat(0));
      case Op.softplus: return Simd.softplus(va);
      case Op.shiftedProduct: return f32x4.mul(va, f32x4.sub(Simd.load(b, count), f32x4.splat(s)));
      default: return Each.accumulate(op, count, Simd.load(y, count), va, b, c, s, t);
    }
  }

  @inline private static accumulate(op: Op, count: u32, y: v128, a: v128, b: usize, c: usize, s: f32, t: f32): v128 {
    // biome-ignore format: a table
    switch (op) {
      case Op.addScaled: return Simd.madd(a, f32x4.splat(s), y);
      case Op.addScaledExp: return Simd.madd(Simd.expOfNegative(f32x4.sub(a, f32x4.splat(s))), f32x4.splat(t), y);
      default: return Each.accumulatePair(op, count, y, a, Simd.load(b, count), c, s);
    }
  }

  @inline private static accumulatePair(op: Op, count: u32, y: v128, a: v128, b: v128, c: usize, s: f32): v128 {
    // biome-ignore format: a table
    switch (op) {
      case Op.addProduct: return Simd.madd(a, b, y);
      case Op.addQuotient: return f32x4.add(y, f32x4.div(a, b));
      case Op.subQuotientProduct: return f32x4.sub(y, f32x4.mul(f32x4.div(a, b), Simd.load(c, count)));
      case Op.addScaledDifference: return Simd.madd(f32x4.sub(a, b), f32x4.splat(s), y);
      case Op.addShiftedProduct: return Simd.madd(a, f32x4.sub(b, f32x4.splat(s)), y);
      case Op.addLogSoftmaxGradient: return f32x4.add(y, f32x4.sub(a, f32x4.mul(Simd.exp(b), f32x4.splat(s))));
      case Op.addTanhGradient: return Simd.madd(a, f32x4.sub(f32x4.splat(1), f32x4.mul(b, b)), y);
      case Op.addSigmoidGradient: return Simd.madd(a, f32x4.mul(b, f32x4.sub(f32x4.splat(1), b)), y);
      case Op.addReluGradient: return f32x4.add(y, v128.andnot(a, f32x4.le(b, f32x4.splat(0))));
      case Op.addSoftplusGradient: return Simd.madd(a, Simd.sigmoid(b), y);
      case Op.addBceGradient: return Simd.madd(f32x4.sub(Simd.sigmoid(a), b), f32x4.splat(s), y);
      default: return unreachable();
    }
  }
}
