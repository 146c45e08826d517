// Random numbers: the counter-based generator Philox 4×32-10, and distributions drawn from its words.
import { Simd } from './simd/simd';

// Philox 4×32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3") makes a block of four words of a
// 128-bit counter under a 64-bit key. Every kernel draws from the blocks of the counters c, c + 1, c + 2, … (lowest
// word first), and number i from block ⌊i / 4⌋. Multiplies and adds are not fused here, so that relaxed builds draw
// the same numbers.

const WORDS = 0;
const UNIFORM = 1;
const NORMAL = 2;
const BERNOULLI = 3;

/** The words themselves: out[i] is word i mod 4 of its block. */
export function philox(out: usize, n: u32, key0: u32, key1: u32, c0: u32, c1: u32, c2: u32, c3: u32): void {
  Draw.generate(WORDS, out, n, i32x4.splat(0), i32x4.splat(0), key0, key1, c0, c1, c2, c3);
}

/** low + u·(high - low), where u = (⌊word / 2^9⌋ + 1/2) / 2^23 in (0, 1); never outside [low, high]. */
export function uniform(
  out: usize,
  n: u32,
  low: f32,
  high: f32,
  key0: u32,
  key1: u32,
  c0: u32,
  c1: u32,
  c2: u32,
  c3: u32,
): void {
  Draw.generate(UNIFORM, out, n, f32x4.splat(low), f32x4.splat(high - low), key0, key1, c0, c1, c2, c3);
}

/**
 * mean + std·z, z standard normal by Box and Muller: words 0 and 1 of a block give sqrt(-2 ln u)·cos(2πv) and
 * ·sin(2πv), u = (⌊word 0 / 2⌋ + 1/2) / 2^31 rounded to float32, v = word 1 / 2^32; words 2 and 3 the same. |z| < 6.67,
 * within 5 ulp.
 */
export function normal(
  out: usize,
  n: u32,
  mean: f32,
  std: f32,
  key0: u32,
  key1: u32,
  c0: u32,
  c1: u32,
  c2: u32,
  c3: u32,
): void {
  Draw.generate(NORMAL, out, n, f32x4.splat(mean), f32x4.splat(std), key0, key1, c0, c1, c2, c3);
}

/** 1 where word < 2^32·p, rounded to an integer, else 0. */
export function bernoulli(out: usize, n: u32, p: f64, key0: u32, key1: u32, c0: u32, c1: u32, c2: u32, c3: u32): void {
  // 2^32 does not fit a word: compare with the last word that gives 1; if none does, return 0 for all.
  const ones = <u64>nearest(p * 4294967296);
  Draw.generate(BERNOULLI, out, n, i32x4.splat(<u32>(ones - 1)), f32x4.splat(ones ? 1 : 0), key0, key1, c0, c1, c2, c3);
}

/**
 * A uniformly random permutation of 0 … n - 1 (Fisher and Yates, inside out). Step i takes word i and, while that would
 * bias the choice (Lemire 2019), word 0 of a further block. Returns the number of blocks used.
 */
export function permutation(out: usize, n: u32, key0: u32, key1: u32, c0: u32, c1: u32, c2: u32, c3: u32): u32 {
  const low = <u64>c0 | ((<u64>c1) << 32);
  const high = <u64>c2 | ((<u64>c3) << 32);
  // Word i is stored at index i, which only step i overwrites.
  philox(out, n, key0, key1, c0, c1, c2, c3);
  let blocks = (n + 3) >>> 2;
  for (let i: u32 = 0; i < n; i++) {
    const slot = out + ((<usize>i) << 2);
    const choices = i + 1;
    let product = <u64>load<u32>(slot) * choices;
    if (<u32>product < choices) {
      const excess = (<u32>0 - choices) % choices;
      while (<u32>product < excess) {
        const next = low + blocks++;
        const nextHigh = next < low ? high + 1 : high;
        philox(slot, 1, key0, key1, <u32>next, <u32>(next >> 32), <u32>nextHigh, <u32>(nextHigh >> 32));
        product = <u64>load<u32>(slot) * choices;
      }
    }
    const other = out + ((<usize>(product >> 32)) << 2);
    store<u32>(slot, load<u32>(other));
    store<u32>(other, i);
  }
  return blocks;
}

class Draw {
  /**
   * Draws from `distribution`, a constant, with parameters a and b: four blocks at a time. One vector holds words 0 and
   * 2 of two blocks, another their words 1 and 3, so that a round takes two shuffles besides its products, and the two
   * words of which Box and Muller make a pair lie in the same lane.
   */
  @inline static generate(
    distribution: i32,
    out: usize,
    n: u32,
    a: v128,
    b: v128,
    key0: u32,
    key1: u32,
    c0: u32,
    c1: u32,
    c2: u32,
    c3: u32,
  ): void {
    const low = <u64>c0 | ((<u64>c1) << 32);
    const high = <u64>c2 | ((<u64>c3) << 32);
    const key = i64x2.splat(<u64>key0 | ((<u64>key1) << 32));
    if (n === 0) return;
    let i: u32 = 0;
    // Loops end with their test so that V8 makes constants before them and not in every round.
    do {
      const x0 = Draw.counter(low, high, i >> 2);
      const x1 = Draw.counter(low, high, (i >> 2) + 1);
      const x2 = Draw.counter(low, high, (i >> 2) + 2);
      const x3 = Draw.counter(low, high, (i >> 2) + 3);
      let even0 = v128.shuffle<u32>(x0, x1, 0, 2, 4, 6);
      let odd0 = v128.shuffle<u32>(x0, x1, 1, 3, 5, 7);
      let even1 = v128.shuffle<u32>(x2, x3, 0, 2, 4, 6);
      let odd1 = v128.shuffle<u32>(x2, x3, 1, 3, 5, 7);
      let k = key;
      let round = 0;
      do {
        const m = i32x4(0xd2511f53, 0xcd9e8d57, 0xd2511f53, 0xcd9e8d57);
        const p0 = i64x2.extmul_low_i32x4_u(even0, m);
        const q0 = i64x2.extmul_high_i32x4_u(even0, m);
        const p1 = i64x2.extmul_low_i32x4_u(even1, m);
        const q1 = i64x2.extmul_high_i32x4_u(even1, m);
        even0 = v128.xor(v128.shuffle<u32>(p0, q0, 3, 1, 7, 5), v128.xor(odd0, k));
        odd0 = v128.shuffle<u32>(p0, q0, 2, 0, 6, 4);
        even1 = v128.xor(v128.shuffle<u32>(p1, q1, 3, 1, 7, 5), v128.xor(odd1, k));
        odd1 = v128.shuffle<u32>(p1, q1, 2, 0, 6, 4);
        k = i32x4.add(k, i32x4(0x9e3779b9, 0xbb67ae85, 0x9e3779b9, 0xbb67ae85));
      } while (++round < 10);
      const first0 = Draw.number(distribution, 0, even0, odd0, a, b);
      const second0 = Draw.number(distribution, 1, even0, odd0, a, b);
      const first1 = Draw.number(distribution, 0, even1, odd1, a, b);
      const second1 = Draw.number(distribution, 1, even1, odd1, a, b);
      const block0 = v128.shuffle<u32>(first0, second0, 0, 4, 1, 5);
      const block1 = v128.shuffle<u32>(first0, second0, 2, 6, 3, 7);
      const block2 = v128.shuffle<u32>(first1, second1, 0, 4, 1, 5);
      const block3 = v128.shuffle<u32>(first1, second1, 2, 6, 3, 7);
      if (n - i >= 16) {
        v128.store(out, block0);
        v128.store(out, block1, 16);
        v128.store(out, block2, 32);
        v128.store(out, block3, 48);
      } else {
        storePart(out, block0, block1, block2, block3, n - i);
      }
      out += 64;
      i += 16;
    } while (i < n);
  }

  /** The 128-bit counter high, low plus `blocks`. */
  @inline static counter(low: u64, high: u64, blocks: u32): v128 {
    const sum = low + blocks;
    return i64x2.replace_lane(i64x2.splat(sum), 1, high + <u64>(sum < low));
  }

  /** The numbers drawn from words 0 and 2 of a pair of blocks (`which` 0), or from words 1 and 3. */
  @inline static number(distribution: i32, which: i32, even: v128, odd: v128, a: v128, b: v128): v128 {
    if (distribution === NORMAL)
      return f32x4.add(a, f32x4.mul(f32x4.mul(b, Draw.radius(even)), Draw.sine(odd, 1 - which)));
    const word = which ? odd : even;
    if (distribution === UNIFORM) return f32x4.add(a, f32x4.mul(b, Draw.unit(word)));
    return distribution === BERNOULLI ? v128.and(i32x4.le_u(word, a), b) : word;
  }

  /** (⌊word / 2^9⌋ + 1/2) / 2^23, exactly: a float in [1, 2) with these bits, less 1 - 2^-24. */
  @inline static unit(word: v128): v128 {
    return f32x4.sub(v128.or(i32x4.shr_u(word, 9), f32x4.splat(1)), f32x4.splat(0.99999994));
  }

  /** sqrt(-2 ln u), u = (⌊word / 2⌋ + 1/2) / 2^31 rounded to float32; within 1.1 ulp. */
  @inline static radius(word: v128): v128 {
    // x = u·2^31 = (1 + f)·2^e, 1 + f in [sqrt(1/2), sqrt(2)); the polynomial is minimax for (2f - 2 ln(1 + f)) / f².
    const x = f32x4.add(f32x4.convert_i32x4_s(i32x4.shr_u(word, 1)), f32x4.splat(0.5));
    const e = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f3504f3)), 23);
    const f = f32x4.sub(i32x4.sub(x, i32x4.shl(e, 23)), f32x4.splat(1));
    let p = f32x4.splat(-0.1746969);
    p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.28615046));
    p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.29835945));
    p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.33141017));
    p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.39924145));
    p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.5000351));
    p = f32x4.add(f32x4.mul(p, f), f32x4.splat(-0.666679));
    p = f32x4.add(f32x4.mul(p, f), f32x4.splat(0.9999998));
    p = f32x4.sub(f32x4.mul(p, f32x4.mul(f, f)), f32x4.add(f, f));
    const exponent = f32x4.convert_i32x4_s(i32x4.sub(i32x4.splat(31), e));
    return f32x4.sqrt(f32x4.add(p, f32x4.mul(exponent, f32x4.splat(1.3862944))));
  }

  /** sin(2π·(word / 2^32 + quarters / 4)) within 2.5 ulp, of the distance x to the nearest quarter turn. */
  @inline static sine(word: v128, quarters: i32): v128 {
    const x = f32x4.mul(f32x4.convert_i32x4_s(i32x4.shl(word, 2)), f32x4.splat(2.3283064e-10));
    const s = f32x4.mul(x, x);
    let odd = f32x4.splat(-0.0046016579);
    odd = f32x4.add(f32x4.mul(odd, s), f32x4.splat(0.079680033));
    odd = f32x4.add(f32x4.mul(odd, s), f32x4.splat(-0.64596349));
    odd = f32x4.mul(f32x4.add(f32x4.mul(odd, s), f32x4.splat(1.5707964)), x);
    let even = f32x4.splat(0.00090376654);
    even = f32x4.add(f32x4.mul(even, s), f32x4.splat(-0.020860165));
    even = f32x4.add(f32x4.mul(even, s), f32x4.splat(0.25366923));
    even = f32x4.add(f32x4.mul(even, s), f32x4.splat(-1.2337005));
    even = f32x4.add(f32x4.mul(even, s), f32x4.splat(1));
    // Bits 31 and 30 now count quarter turns: from 2 on the sine is negative, after an odd count it is the cosine of x.
    const turn = i32x4.add(word, i32x4.splat((1 << 29) + (quarters << 30)));
    const magnitude = v128.bitselect(even, odd, i32x4.shr_s(i32x4.shl(turn, 1), 31));
    return v128.xor(magnitude, v128.and(turn, i32x4.splat(1 << 31)));
  }
}

/** Stores the first `count` (1 to 15) words of four blocks. */
function storePart(out: usize, block0: v128, block1: v128, block2: v128, block3: v128, count: u32): void {
  Simd.store(out, block0, count);
  if (count > 4) Simd.store(out + 16, block1, count - 4);
  if (count > 8) Simd.store(out + 32, block2, count - 8);
  if (count > 12) Simd.store(out + 48, block3, count - 12);
}
