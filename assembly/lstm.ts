// The LSTM cell after its matrix products: gates, cell state, hidden state.
import { mul, sigmoid, tanh } from './elementwise';
import { Simd } from './simd/simd';

/**
 * c = f ⊙ cPrev + i ⊙ g and h = o ⊙ tanh c, with i, f, o = sigmoid and g = tanh of the gates [B, 4H], in the order
 * i | f | g | o, which are activated in place for the backward pass.
 */
export function lstmCell(h: usize, c: usize, gates: usize, cPrev: usize, batch: u32, hidden: u32): void {
  const size = (<usize>hidden) << 2;
  for (let b: u32 = 0; b < batch; b++) {
    const g = gates + 2 * size;
    sigmoid(gates, gates, 2 * hidden);
    tanh(g, g, hidden);
    sigmoid(g + size, g + size, hidden);
    for (let j: usize = 0; j < size; j += 16) {
      const count = <u32>(size - j) >> 2;
      const kept = f32x4.mul(Simd.load(gates + size + j, count), Simd.load(cPrev + j, count));
      Simd.store(c + j, Simd.madd(Simd.load(gates + j, count), Simd.load(g + j, count), kept), count);
    }
    tanh(h, c, hidden);
    mul(h, h, g + size, hidden);
    h += size;
    c += size;
    gates += 4 * size;
    cPrev += size;
  }
}

/**
 * With t = tanh c = h / o and δ = dc + dh ⊙ o ⊙ (1 − t²): dcPrev += δ ⊙ f, and dgates, overwritten,
 * = δ ⊙ g ⊙ i (1 − i) | δ ⊙ cPrev ⊙ f (1 − f) | δ ⊙ i ⊙ (1 − g²) | dh ⊙ t ⊙ o (1 − o).
 * dcPrev, dh and dc may be 0; dgates may be the gates.
 * Derived in docs/derivations.md#lstmcell.
 */
export function lstmCellBackward(
  dgates: usize,
  dcPrev: usize,
  dh: usize,
  dc: usize,
  gates: usize,
  h: usize,
  cPrev: usize,
  batch: u32,
  hidden: u32,
): void {
  const size = (<usize>hidden) << 2;
  const whole = size & ~15;
  for (let b: u32 = 0; b < batch; b++) {
    for (let j: usize = 0; j < whole; j += 16) Cell.backward(dgates, dcPrev, dh, dc, gates, h, cPrev, j, size, 4);
    if (whole < size) Cell.backward(dgates, dcPrev, dh, dc, gates, h, cPrev, whole, size, hidden & 3);
    if (dcPrev) dcPrev += size;
    if (dh) dh += size;
    if (dc) dc += size;
    dgates += 4 * size;
    gates += 4 * size;
    h += size;
    cPrev += size;
  }
}

class Cell {
  /** `count` hidden units from byte j on, the gates `size` bytes apart. */
  @inline static backward(
    dgates: usize,
    dcPrev: usize,
    dh: usize,
    dc: usize,
    gates: usize,
    h: usize,
    cPrev: usize,
    j: usize,
    size: usize,
    count: u32,
  ): void {
    const one = f32x4.splat(1);
    const at = gates + j;
    const i = Simd.load(at, count);
    const f = Simd.load(at + size, count);
    const g = Simd.load(at + 2 * size, count);
    const o = Simd.load(at + 3 * size, count);
    // Where o is too small for the quotient, its product with o is negligible.
    const t = f32x4.div(Simd.load(h + j, count), f32x4.pmax(o, f32x4.splat(1e-30)));
    const dout = dh ? Simd.load(dh + j, count) : f32x4.splat(0);
    const through = f32x4.mul(f32x4.mul(dout, o), f32x4.sub(one, f32x4.mul(t, t)));
    const d = dc ? f32x4.add(Simd.load(dc + j, count), through) : through;
    const to = dgates + j;
    Simd.store(to, f32x4.mul(f32x4.mul(d, g), f32x4.mul(i, f32x4.sub(one, i))), count);
    const previous = Simd.load(cPrev + j, count);
    Simd.store(to + size, f32x4.mul(f32x4.mul(d, previous), f32x4.mul(f, f32x4.sub(one, f))), count);
    Simd.store(to + 2 * size, f32x4.mul(f32x4.mul(d, i), f32x4.sub(one, f32x4.mul(g, g))), count);
    Simd.store(to + 3 * size, f32x4.mul(f32x4.mul(dout, t), f32x4.mul(o, f32x4.sub(one, o))), count);
    if (dcPrev) {
      const total = Simd.madd(d, f, Simd.load(dcPrev + j, count));
      Simd.store(dcPrev + j, total, count);
    }
  }
}
