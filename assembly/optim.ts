// Optimizer updates over flat buffers: every parameter of a model in one call.
import { Simd } from './simd/simd';

// The definitions are PyTorch's. Factors such as 1 - beta are computed in float64 and then rounded. Disabled
// options compute with a neutral constant; only their buffers, 0 if absent, are worth a branch.

/**
 * d = g + weightDecay·p
 * with a momentum buffer b: b = momentum·b + (1 - dampening)·d, then d = nesterov ? d + momentum·b : b
 * p -= lr·d
 */
export function sgd(
  p: usize,
  g: usize,
  momentumBuffer: usize,
  n: u32,
  lr: f64,
  momentum: f64,
  dampening: f64,
  weightDecay: f64,
  nesterov: bool,
): void {
  const tail = n & 3;
  const bytes = (<usize>(n - tail)) << 2;
  const rate = f32x4.splat(<f32>-lr);
  const decay = f32x4.splat(<f32>weightDecay);
  const keep = f32x4.splat(<f32>momentum);
  const take = f32x4.splat(<f32>(1 - dampening));
  for (let i: usize = 0; i < bytes; i += 16) {
    Update.sgd(4, i, p, g, momentumBuffer, rate, decay, keep, take, nesterov);
  }
  if (tail) Update.sgd(tail, bytes, p, g, momentumBuffer, rate, decay, keep, take, nesterov);
}

/**
 * Adam (Kingma & Ba 2015); `decoupled`, AdamW (Loshchilov & Hutter 2019); with vmax, AMSGrad (Reddi et al. 2018):
 * p *= 1 - lr·weightDecay if decoupled, else g += weightDecay·p
 * m = beta1·m + (1 - beta1)·g, v = beta2·v + (1 - beta2)·g², vmax = max(vmax, v)
 * p -= lr / biasCorrection1 · m / (sqrt(v or vmax) / sqrt(biasCorrection2) + eps)
 * Numerator and denominator are both taken times sqrt(biasCorrection2), which leaves one division.
 */
export function adam(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  vmax: usize,
  n: u32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
  weightDecay: f64,
  decoupled: bool,
  biasCorrection1: f64,
  biasCorrection2: f64,
): void {
  const tail = n & 3;
  const bytes = (<usize>(n - tail)) << 2;
  const root = sqrt(biasCorrection2);
  const rate = f32x4.splat(<f32>((-lr / biasCorrection1) * root));
  const floor = f32x4.splat(<f32>(eps * root));
  const decay = f32x4.splat(decoupled ? 0 : <f32>weightDecay);
  const shrink = f32x4.splat(decoupled ? <f32>(-lr * weightDecay) : 0);
  const keep1 = f32x4.splat(<f32>beta1);
  const take1 = f32x4.splat(<f32>(1 - beta1));
  const keep2 = f32x4.splat(<f32>beta2);
  const take2 = f32x4.splat(<f32>(1 - beta2));
  for (let i: usize = 0; i < bytes; i += 16) {
    Update.adam(4, i, p, g, m, v, vmax, rate, floor, decay, shrink, keep1, take1, keep2, take2);
  }
  if (tail) Update.adam(tail, bytes, p, g, m, v, vmax, rate, floor, decay, shrink, keep1, take1, keep2, take2);
}

/**
 * g += weightDecay·p
 * s = alpha·s + (1 - alpha)·g²; with gradAverage a: a = alpha·a + (1 - alpha)·g, and s - a² below in place of s
 * d = g / (epsInsideRoot ? sqrt(s + eps) : sqrt(s) + eps); with a momentum buffer b: b = momentum·b + d, then d = b
 * p -= lr·d
 * eps is inside the root in Graves 2013 (eq. 40), outside in PyTorch. s - a² is clamped to 0.
 */
export function rmsprop(
  p: usize,
  g: usize,
  squareAverage: usize,
  gradAverage: usize,
  momentumBuffer: usize,
  n: u32,
  lr: f64,
  alpha: f64,
  eps: f64,
  weightDecay: f64,
  momentum: f64,
  epsInsideRoot: bool,
): void {
  const tail = n & 3;
  const bytes = (<usize>(n - tail)) << 2;
  const rate = f32x4.splat(<f32>-lr);
  const decay = f32x4.splat(<f32>weightDecay);
  const keep = f32x4.splat(<f32>alpha);
  const take = f32x4.splat(<f32>(1 - alpha));
  const inner = f32x4.splat(epsInsideRoot ? <f32>eps : 0);
  const outer = f32x4.splat(epsInsideRoot ? 0 : <f32>eps);
  const speed = f32x4.splat(<f32>momentum);
  const s = squareAverage;
  const a = gradAverage;
  const b = momentumBuffer;
  for (let i: usize = 0; i < bytes; i += 16) {
    Update.rmsprop(4, i, p, g, s, a, b, rate, decay, keep, take, inner, outer, speed);
  }
  if (tail) Update.rmsprop(tail, bytes, p, g, s, a, b, rate, decay, keep, take, inner, outer, speed);
}

/** The updates of `count` (1 to 4) elements, `i` bytes into the buffers. */
class Update {
  @inline static sgd(
    count: u32,
    i: usize,
    p: usize,
    g: usize,
    momentumBuffer: usize,
    rate: v128,
    decay: v128,
    keep: v128,
    take: v128,
    nesterov: bool,
  ): void {
    const x = Simd.load(p + i, count);
    let d = Simd.madd(decay, x, Simd.load(g + i, count));
    if (momentumBuffer) {
      const b = Simd.madd(keep, Simd.load(momentumBuffer + i, count), f32x4.mul(take, d));
      Simd.store(momentumBuffer + i, b, count);
      d = nesterov ? Simd.madd(keep, b, d) : b;
    }
    Simd.store(p + i, Simd.madd(rate, d, x), count);
  }

  @inline static adam(
    count: u32,
    i: usize,
    p: usize,
    g: usize,
    m: usize,
    v: usize,
    vmax: usize,
    rate: v128,
    floor: v128,
    decay: v128,
    shrink: v128,
    keep1: v128,
    take1: v128,
    keep2: v128,
    take2: v128,
  ): void {
    const x = Simd.load(p + i, count);
    const d = Simd.madd(decay, x, Simd.load(g + i, count));
    const first = Simd.madd(keep1, Simd.load(m + i, count), f32x4.mul(take1, d));
    let second = Simd.madd(keep2, Simd.load(v + i, count), f32x4.mul(take2, f32x4.mul(d, d)));
    Simd.store(m + i, first, count);
    Simd.store(v + i, second, count);
    if (vmax) {
      // A NaN stays in v, and passes as pmax's first argument.
      second = f32x4.pmax(second, Simd.load(vmax + i, count));
      Simd.store(vmax + i, second, count);
    }
    const step = f32x4.div(first, f32x4.add(f32x4.sqrt(second), floor));
    // Not x·(1 - lr·weightDecay), whose rounded factor would have the same error at every step.
    Simd.store(p + i, f32x4.add(x, Simd.madd(rate, step, f32x4.mul(shrink, x))), count);
  }

  @inline static rmsprop(
    count: u32,
    i: usize,
    p: usize,
    g: usize,
    s: usize,
    a: usize,
    b: usize,
    rate: v128,
    decay: v128,
    keep: v128,
    take: v128,
    inner: v128,
    outer: v128,
    speed: v128,
  ): void {
    const x = Simd.load(p + i, count);
    const d = Simd.madd(decay, x, Simd.load(g + i, count));
    let variance = Simd.madd(keep, Simd.load(s + i, count), f32x4.mul(take, f32x4.mul(d, d)));
    Simd.store(s + i, variance, count);
    if (a) {
      const mean = Simd.madd(keep, Simd.load(a + i, count), f32x4.mul(take, d));
      Simd.store(a + i, mean, count);
      variance = f32x4.pmax(f32x4.sub(variance, f32x4.mul(mean, mean)), f32x4.splat(0));
    }
    let step = f32x4.div(d, f32x4.add(f32x4.sqrt(f32x4.add(variance, inner)), outer));
    if (b) {
      step = Simd.madd(speed, Simd.load(b + i, count), step);
      Simd.store(b + i, step, count);
    }
    Simd.store(p + i, Simd.madd(rate, step, x), count);
  }
}
